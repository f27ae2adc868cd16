package io.conversationstore.internal;

import io.conversationstore.Cursor;
import io.conversationstore.spi.Position;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The text form of positions: fields separated by a bar, in URL-safe Base64. */
final class Cursors {

  /** The kinds of cursors that hold a place in an owner's messages. */
  static final String HISTORY = "h";

  /** Times that every store can hold. */
  private static final long FIRST = micros(Instant.parse("0001-01-01T00:00:00Z"));

  private static final long LAST = micros(Instant.parse("9999-12-31T23:59:59.999999Z"));

  static final String SEARCH = "s";
  static final String TOOL = "t";

  private Cursors() {}

  static Cursor encode(Position.InConversation p) {
    return encode("m", p.history(), p.epoch(), p.generation(), p.seq(), orDash(p.pending()));
  }

  static Cursor encode(Position.InHistory p) {
    return encode(HISTORY, p);
  }

  /**
   * @param kind the listing it belongs to
   */
  static Cursor encode(String kind, Position.InHistory p) {
    return encode(
        kind, p.history(), micros(p.createdAt()), p.seq(), orDash(p.overlay()), p.conversationId());
  }

  static Cursor encode(Position.InConversations p) {
    return encode("c", p.history(), micros(p.updatedAt()), p.id());
  }

  static Position.@Nullable InConversation inConversation(@Nullable Cursor cursor) {
    if (cursor == null) {
      return null;
    }
    String[] f = decode(cursor, "m", 6);
    try {
      return new Position.InConversation(
          UUID.fromString(f[1]),
          Long.parseLong(f[2]),
          Long.parseLong(f[3]),
          Long.parseLong(f[4]),
          uuidOrNull(f[5]));
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw notACursor(e);
    }
  }

  static Position.@Nullable InHistory inHistory(@Nullable Cursor cursor) {
    return inHistory(HISTORY, cursor);
  }

  static Position.@Nullable InHistory inHistory(String kind, @Nullable Cursor cursor) {
    if (cursor == null) {
      return null;
    }
    String[] f = decode(cursor, kind, 6);
    try {
      return new Position.InHistory(
          UUID.fromString(f[1]),
          instant(f[2]),
          // With pending changes laid over, a place at the start of a time has no conversation.
          f[5].isEmpty() && kind.equals(HISTORY) && overlay(kind, f[4]) != null
              ? ""
              : InputChecks.conversationId(f[5]),
          Long.parseLong(f[3]),
          overlay(kind, f[4]));
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw notACursor(e);
    }
  }

  static Position.@Nullable InConversations inConversations(@Nullable Cursor cursor) {
    if (cursor == null) {
      return null;
    }
    String[] f = decode(cursor, "c", 4);
    try {
      return new Position.InConversations(
          UUID.fromString(f[1]), instant(f[2]), InputChecks.conversationId(f[3]));
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw notACursor(e);
    }
  }

  private static Cursor encode(Object... fields) {
    StringBuilder text = new StringBuilder();
    for (Object field : fields) {
      text.append(text.isEmpty() ? "" : "|").append(field);
    }
    return new Cursor(
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(text.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static String[] decode(Cursor cursor, String kind, int fields) {
    String text;
    try {
      text = new String(Base64.getUrlDecoder().decode(cursor.token()), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw notACursor(e);
    }
    String[] parts = text.split("\\|", fields);
    if (parts.length != fields || !parts[0].equals(kind)) {
      throw notACursor(null);
    }
    return parts;
  }

  private static IllegalArgumentException notACursor(@Nullable Throwable cause) {
    return new IllegalArgumentException(
        "the cursor does not belong to this list; pass only cursors that this list returned",
        cause);
  }

  private static String orDash(@Nullable Object field) {
    return field == null ? "-" : field.toString();
  }

  /**
   * The note of the overlay of pending changes, or null. All stores must reject the same cursors,
   * so its form is checked here.
   */
  private static @Nullable String overlay(String kind, String text) {
    if (text.equals("-")) {
      return null;
    }
    String[] fields = text.split("\\.", -1);
    if (!kind.equals(HISTORY)) {
      return UUID.fromString(text).toString();
    } else if (fields.length != 3) {
      throw notACursor(null);
    }
    for (int i = 0; i < 2; i++) {
      if (!fields[i].equals("none") && !UUID.fromString(fields[i]).toString().equals(fields[i])) {
        throw notACursor(null);
      }
    }
    instant(fields[2]);
    return text;
  }

  private static @Nullable UUID uuidOrNull(String text) {
    return text.equals("-") ? null : UUID.fromString(text);
  }

  /** Avoids nanoseconds: a long holds only 292 years of them. */
  private static long micros(Instant instant) {
    return Math.addExact(
        Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
  }

  private static Instant instant(String micros) {
    long time = Long.parseLong(micros);
    if (time < FIRST || time > LAST) {
      throw new IllegalArgumentException("the time is out of range");
    }
    return Instant.EPOCH.plus(time, ChronoUnit.MICROS);
  }
}
