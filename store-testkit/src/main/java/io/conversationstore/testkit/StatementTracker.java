package io.conversationstore.testkit;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Maps prepared statements and portals of one connection to their SQL text. Not thread-safe.
 *
 * <p>Messages of the protocol, version 3 (PostgreSQL documentation, "Message Formats"): Parse is
 * {@code name\0 sql\0 ...}, Bind {@code portal\0 statement\0 values...}, Execute {@code portal\0
 * ...}, Close {@code 'S'|'P' name\0}, Query {@code sql\0}.
 */
final class StatementTracker {

  private static final byte[] NOTHING = new byte[0];

  private final Map<String, String> statements = new HashMap<>();
  private final Map<String, ClientStatement> portals = new HashMap<>();

  /** Processes a client's message; returns the statement if the message runs one. */
  @Nullable ClientStatement observe(int type, byte[] body) {
    switch (type) {
      case 'P' -> {
        String name = text(body, 0);
        statements.put(name, text(body, after(body, 0)));
      }
      case 'B' -> {
        String sql = statements.getOrDefault(text(body, after(body, 0)), "");
        portals.put(text(body, 0), new ClientStatement(sql, body));
      }
      case 'C' -> {
        Map<String, ?> closed = body.length > 0 && body[0] == 'S' ? statements : portals;
        closed.remove(text(body, 1));
      }
      case 'E' -> {
        return portals.getOrDefault(text(body, 0), new ClientStatement("", NOTHING));
      }
      case 'Q' -> {
        return new ClientStatement(text(body, 0), body);
      }
      default -> {
        // Other messages run or name no statement.
      }
    }
    return null;
  }

  private static String text(byte[] body, int from) {
    int end = end(body, from);
    return end <= from ? "" : new String(body, from, end - from, StandardCharsets.UTF_8);
  }

  private static int after(byte[] body, int from) {
    return end(body, from) + 1;
  }

  private static int end(byte[] body, int from) {
    int end = from;
    while (end < body.length && body[end] != 0) {
      end++;
    }
    return end;
  }
}
