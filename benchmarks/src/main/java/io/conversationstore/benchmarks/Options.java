package io.conversationstore.benchmarks;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the command line asks for.
 *
 * @param suite which store
 * @param only names of lines to run; empty for all
 * @param quick sizes and times that only show that everything works
 * @param profile whether to record with JFR and print the hottest frames
 * @param data texts to use, or null for generated ones
 * @param directory on the file system to measure; emptied of what the run made
 */
record Options(
    String suite,
    List<String> only,
    boolean quick,
    boolean profile,
    @Nullable Path data,
    Path directory) {

  static final String USAGE =
      """
      benchmarks/run SUITE [options]

      SUITE        jsonfile, postgres or hybrid
      --only NAMES run these lines alone, separated by commas; --list names them
      --list       print the names of the lines and end
      --quick      small sizes and short times: shows that everything works, measures nothing
      --data FILE  take the texts of a JSON Lines file of conversations instead of generated ones
      --dir DIR    where to write; what counts is its file system. Default: benchmarks/target/work
      --jfr        record each line with Java Flight Recorder beside DIR and print hot frames

      Lines of output: RATIO name value target PASS|MISS, FIGURE name value unit, NOTE text.
      It ends with 0 also where a target is missed, with 2 on bad usage, with 1 on an error.""";

  static Options parse(String[] arguments) {
    String suite = null;
    List<String> only = List.of();
    boolean quick = false;
    boolean profile = false;
    Path data = null;
    Path directory = Path.of("benchmarks", "target", "work");
    for (int i = 0; i < arguments.length; i++) {
      String argument = arguments[i];
      switch (argument) {
        case "--quick" -> quick = true;
        case "--jfr" -> profile = true;
        case "--only" -> only = List.of(value(arguments, ++i).split(",", -1));
        case "--data" -> data = Path.of(value(arguments, ++i));
        case "--dir" -> directory = Path.of(value(arguments, ++i));
        default -> {
          if (argument.startsWith("-") || suite != null) {
            throw new UsageException("not understood: " + argument);
          }
          suite = argument;
        }
      }
    }
    if (suite == null) {
      throw new UsageException("name a suite");
    }
    return new Options(suite, only, quick, profile, data, directory);
  }

  private static String value(String[] arguments, int index) {
    if (index >= arguments.length) {
      throw new UsageException(arguments[index - 1] + " needs a value");
    }
    return arguments[index];
  }

  /** The command line cannot be understood. */
  static final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
      super(message);
    }
  }
}
