package io.conversationstore.examples.quickstart;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The command line.
 *
 * @param file the conversations to store, null for the sample that comes along
 * @param writers threads that write, 1 to 64
 * @param kills how often the server is killed, 0 to 10
 * @param startDown whether the server is started only when half of the input is in
 * @param crash whether the application itself is killed while changes are pending
 * @param copies how often each conversation of the input is stored, each under an id of its own
 * @param terminal whether standard output is a terminal; only the shell can tell
 */
record Arguments(
    @Nullable Path file,
    int writers,
    int kills,
    boolean startDown,
    boolean crash,
    int copies,
    boolean terminal) {

  static final String HELP =
      """
      Stores conversations turn by turn through the hybrid store, kills the database meanwhile, and
      then compares every conversation in the input, in PostgreSQL and in the local files.

      Usage: examples/quickstart/run [options] [FILE]

      FILE is JSON Lines, one conversation a line, in the chat-message shape:
        {"conversation_id": "...", "title": "...", "messages": [{"role": "user", "content": "..."}]}
      Without FILE a small sample that comes along is stored. FILE has no users and no times: its
      conversations go to eight users of the tenant "quickstart", and the store gives the times.

      Options:
        --writers N     threads that write (default 4)
        --kills N       how often the server is killed with kill -9 while writes are in flight, and
                        started again after more was written (default 2)
        --start-down    start the server only when half of the input is in
        --crash         also kill the application itself with kill -9 while changes are pending, and
                        start it again before the server is back
        --copies N      store each conversation N times, each under an id of its own (default 1, for
                        the sample 60)
        --help          this text

      Exit status: 0 only if nothing acknowledged is lost, doubled, out of order or different;
      1 otherwise; 2 if the command line or the input is wrong.
      """;

  /** What is wrong with the command line or the input, in one line. */
  static final class Wrong extends Exception {
    private static final long serialVersionUID = 1;

    Wrong(String message) {
      super(message);
    }
  }

  /** Reads the command line; null where help is asked for. */
  static @Nullable Arguments of(String... args) throws Wrong {
    Path file = null;
    int writers = 4;
    int kills = 2;
    int copies = 0;
    boolean startDown = false;
    boolean crash = false;
    boolean terminal = false;
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--help", "-h" -> {
          return null;
        }
        case "--start-down" -> startDown = true;
        case "--crash" -> crash = true;
        case "--terminal" -> terminal = true;
        case "--writers" -> writers = number(args, ++i, 1, 64);
        case "--kills" -> kills = number(args, ++i, 0, 10);
        case "--copies" -> copies = number(args, ++i, 1, 10_000);
        default -> {
          if (args[i].startsWith("-")) {
            throw new Wrong("unknown option " + args[i] + "; --help lists them");
          }
          if (file != null) {
            throw new Wrong("one FILE at most, but there is also " + args[i]);
          }
          file = Path.of(args[i]);
        }
      }
    }
    if (crash && kills == 0 && !startDown) {
      throw new Wrong("--crash needs an outage: --kills 1 or more, or --start-down");
    }
    int times = copies > 0 ? copies : file == null ? 60 : 1;
    return new Arguments(file, writers, kills, startDown, crash, times, terminal);
  }

  private static int number(String[] args, int i, int min, int max) throws Wrong {
    String option = args[i - 1];
    int value = -1;
    if (i < args.length) {
      try {
        value = Integer.parseInt(args[i]);
      } catch (NumberFormatException notANumber) {
        value = -1;
      }
    }
    if (value < min || value > max) {
      throw new Wrong(option + " takes a number from " + min + " to " + max);
    }
    return value;
  }
}
