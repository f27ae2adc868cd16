package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.CopyLimits;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.postgres.PostgresOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * A node in its own process: executes the lines of its input one by one, answers each with a line,
 * and exits at the end of the input. Arguments: URL, user, password, directory, seconds that its
 * clock is ahead.
 */
final class NodeMain {

  private static final Duration CATCH_UP = Duration.ofMinutes(2);

  private NodeMain() {}

  public static void main(String[] arguments) throws IOException {
    PostgresOptions database =
        PostgresOptions.url(arguments[0])
            .withLogin(arguments[1], arguments[2])
            .withPoolSize(0, 4)
            .withPoolTimeouts(Duration.ofSeconds(30), Duration.ofMillis(500))
            .withNetworkTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(1));
    JsonFileOptions files =
        JsonFileOptions.in(Path.of(arguments[3])).withLockWait(Duration.ofSeconds(20));
    Clock clock = Clock.offset(Clock.systemUTC(), Duration.ofSeconds(Long.parseLong(arguments[4])));
    HybridOptions options =
        HybridOptions.defaults()
            .withClock(clock)
            .withCopyLimits(CopyLimits.NONE)
            .withMirrorInterval(Duration.ofMillis(100))
            .withProbes(Duration.ofMillis(20), Duration.ofMillis(300));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try (ConversationStore store = HybridStore.open(database, files, options);
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.println(answer(store, line.split(" ")));
      }
    }
  }

  /** The number of the command and whether it was done; if not, followed by the reason. */
  private static String answer(ConversationStore store, String[] words) {
    try {
      boolean done = isDone(store, words);
      String why = done || !words[1].equals("await") ? "" : " " + store.state() + health(store);
      return words[0] + (done ? " yes" : " no" + why.replace('\n', ' '));
    } catch (ConversationStoreException refused) {
      return words[0] + " no";
    }
  }

  private static String health(ConversationStore store) {
    return store.operator().health().checks().stream()
        .filter(check -> !check.passed())
        .toList()
        .toString();
  }

  private static boolean isDone(ConversationStore store, String[] words) {
    if (words[1].equals("await")) {
      return catchesUp(store);
    }
    Owner owner = Owner.of("nodes", words[2]);
    switch (words[1]) {
      case "append" -> {
        Message message = Message.user("text of " + words[4]).withId(UUID.fromString(words[4]));
        store.append(owner, words[3], message);
        return true;
      }
      case "delete" -> {
        return store.deleteMessage(owner, words[3], UUID.fromString(words[4]));
      }
      case "secret" -> {
        store.createIfAbsent(owner, NewConversation.ofId("secret"));
        store.append(owner, "secret", Message.user("TEXT-" + words[2] + "-"));
        return true;
      }
      case "erase" -> {
        store.erase(owner);
        return true;
      }
      default -> throw new IllegalArgumentException("not a question: " + words[1]);
    }
  }

  /**
   * Whether the node has sent everything, and copied everything present at the time of the command.
   */
  private static boolean catchesUp(ConversationStore store) {
    Instant asked = Instant.now();
    Instant end = asked.plus(CATCH_UP);
    while (!isCaughtUp(store.state(), asked)) {
      if (Instant.now().isAfter(end)) {
        return false;
      }
      LockSupport.parkNanos(20_000_000);
    }
    return true;
  }

  private static boolean isCaughtUp(StoreState state, Instant asked) {
    StoreState.Mirror mirror = state.mirror();
    return state.mode() == StoreState.Mode.ONLINE
        && state.pending().changes() == 0
        && mirror != null
        && !mirror.dirty()
        && mirror.asOf() != null
        && mirror.asOf().isAfter(asked);
  }
}
