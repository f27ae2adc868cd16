package io.conversationstore.transfer;

import io.conversationstore.ConversationDocument.Entry;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Facts needed before the first conversation of a file is saved: times, which may follow the
 * messages, and the last occurrence of each id. Keeps about 200 bytes per conversation, and the
 * headers of those saved in several parts. For one thread.
 */
final class TakeoverPlan implements FileReader.Receiver {

  /** All occurrences of one id. */
  static final class Planned {
    private final Instant now;
    private int places;
    private @Nullable Instant createdAt;
    private @Nullable Instant updatedAt;
    private @Nullable Instant firstMessage;
    private @Nullable Instant lastMessage;

    /** The header if the conversation is saved in several parts; else null. */
    private LenientHeaders.@Nullable Header header;

    private int part;

    private Planned(Instant now) {
      this.now = now;
    }

    LenientHeaders.@Nullable Header header() {
      return header;
    }

    /** The number of the next part. */
    int nextPart() {
      return part++;
    }

    /** Ends an occurrence; returns whether it was the last one of this id. */
    boolean isLastPlace() {
      places--;
      return places == 0;
    }

    /**
     * The time of creation: from the file, else of the first message, else of the last use.
     *
     * @param otherwise the time if the file has none
     */
    Instant createdAt(Instant otherwise) {
      Instant time = createdAt != null ? createdAt : firstMessage;
      return notLater(time != null ? time : updatedAt != null ? updatedAt : otherwise);
    }

    /** The time of last use: from the file, else of the last message; never before its creation. */
    Instant updatedAt(Instant otherwise) {
      Instant made = createdAt(otherwise);
      Instant time = updatedAt != null ? updatedAt : lastMessage;
      return time == null || time.isBefore(made) ? made : notLater(time);
    }

    private Instant notLater(Instant time) {
      return (time.isAfter(now) ? now : time).truncatedTo(ChronoUnit.MICROS);
    }
  }

  private final int batchBytes;
  private final Counts counts;
  private final Instant now;
  private final Map<String, Planned> conversations = new HashMap<>();
  private long bytes;

  TakeoverPlan(TransferOptions options, Counts counts, Instant now) {
    this.batchBytes = options.batchBytes();
    this.counts = counts;
    this.now = now;
  }

  Planned of(String id) {
    return conversations.computeIfAbsent(id, absent -> new Planned(now));
  }

  @Override
  public void message(
      OpenConversation conversation,
      Supplier<LenientHeaders.Header> header,
      Entry message,
      long size) {
    counts.messages(1);
    bytes += size;
    Instant time = message.createdAt();
    if (time != null) {
      Planned planned = of(conversation.id());
      planned.firstMessage = earlier(planned.firstMessage, time);
      planned.lastMessage = later(planned.lastMessage, time);
    }
  }

  @Override
  public void end(OpenConversation conversation, LenientHeaders.Header header) {
    counts.conversations(1);
    Planned planned = of(conversation.id());
    planned.places++;
    if (header.createdAt() != null) {
      planned.createdAt = earlier(planned.createdAt, header.createdAt());
    }
    if (header.updatedAt() != null) {
      planned.updatedAt = later(planned.updatedAt, header.updatedAt());
    }
    if (bytes > batchBytes) {
      planned.header = header;
    }
    bytes = 0;
  }

  private static Instant earlier(@Nullable Instant one, Instant other) {
    return one == null || other.isBefore(one) ? other : one;
  }

  private static Instant later(@Nullable Instant one, Instant other) {
    return one == null || other.isAfter(one) ? other : one;
  }
}
