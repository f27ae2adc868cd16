package io.conversationstore.examples.chat;

import java.time.Duration;
import java.util.Map;

/**
 * The settings of the server. The store reads its own variables.
 *
 * @param host address to listen on; the default is reachable from this machine only, because the
 *     owner comes from a header
 * @param port 0 for any free one
 * @param userHeader header with the user, set by the proxy that has authenticated the request
 * @param tenantHeader header with the tenant
 * @param tenant tenant of requests without that header
 * @param maxBodyBytes the largest body of a request
 * @param saveInterval the shortest time between two saves of a growing answer
 * @param pollInterval time between two reads of other servers' writes
 * @param wordsPerSecond pace of the demo model; 0 for no pauses
 */
public record ChatOptions(
    String host,
    int port,
    String userHeader,
    String tenantHeader,
    String tenant,
    int maxBodyBytes,
    Duration saveInterval,
    Duration pollInterval,
    int wordsPerSecond) {

  private static final int MEBIBYTE = 1 << 20;

  /**
   * Reads the variables.
   *
   * @throws IllegalArgumentException if one is malformed; the text names it
   */
  public static ChatOptions from(Map<String, String> variables) {
    return new ChatOptions(
        text(variables, "CHAT_HOST", "127.0.0.1"),
        number(variables, "CHAT_PORT", 8080, 0, 65_535),
        text(variables, "CHAT_USER_HEADER", "X-User"),
        text(variables, "CHAT_TENANT_HEADER", "X-Tenant"),
        text(variables, "CHAT_TENANT", "default"),
        number(variables, "CHAT_MAX_BODY_BYTES", MEBIBYTE, 1_024, 16 * MEBIBYTE),
        Duration.ofMillis(number(variables, "CHAT_SAVE_MS", 500, 1, 60_000)),
        Duration.ofMillis(number(variables, "CHAT_POLL_MS", 1_000, 10, 60_000)),
        number(variables, "CHAT_DEMO_WORDS_PER_S", 30, 0, 10_000));
  }

  private static String text(Map<String, String> variables, String name, String byDefault) {
    String value = variables.getOrDefault(name, "");
    return value.isEmpty() ? byDefault : value;
  }

  private static int number(
      Map<String, String> variables, String name, int byDefault, int least, int most) {
    String value = variables.getOrDefault(name, "");
    if (value.isEmpty()) {
      return byDefault;
    }
    try {
      int number = Integer.parseInt(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      throw new IllegalArgumentException(name + " must be a whole number", notANumber);
    }
    throw new IllegalArgumentException(name + " must be from " + least + " to " + most);
  }
}
