package io.conversationstore.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.util.Map;

/**
 * What every command gets: the screen, the variables, the global options, and the user's wish to
 * end. For one run.
 */
final class Context {

  private final Screen screen;
  private final Map<String, String> environment;
  private final Interruption interruption;
  private final GlobalOptions options = new GlobalOptions();

  Context(Screen screen, Map<String, String> environment, Interruption interruption) {
    this.screen = screen;
    this.environment = Map.copyOf(environment);
    this.interruption = interruption;
  }

  Screen screen() {
    return screen;
  }

  Output out() {
    return screen.out();
  }

  Map<String, String> environment() {
    return environment;
  }

  Interruption interruption() {
    return interruption;
  }

  GlobalOptions options() {
    return options;
  }

  /** Whether the output is for programs. */
  boolean json() {
    return options.json;
  }

  /** The colours of standard output. */
  Style style() {
    String noColor = environment.getOrDefault("NO_COLOR", "");
    return new Style(
        screen.terminals().out()
            && !options.noColor
            && noColor.isEmpty()
            && !environment.getOrDefault("TERM", "").equals("dumb"));
  }

  /** Writes the fields of an object. */
  interface Fields {
    void write(JsonGenerator out) throws IOException;
  }

  /** Writes one JSON object as a line. */
  void jsonLine(Fields fields) {
    out()
        .line(
            Json.text(
                json -> {
                  json.writeStartObject();
                  fields.write(json);
                  json.writeEndObject();
                }));
  }

  /**
   * Asks before something is destroyed.
   *
   * @param what the action, as the end of "This …"
   * @throws CommandException if the user says no, or cannot be asked
   */
  void confirm(boolean yes, String what) {
    if (yes) {
      return;
    }
    if (!screen.terminals().in()) {
      throw new CommandException(
          ExitCode.NOT_CONFIRMED,
          "this " + what + "; nothing was done. Add --yes to do it without a question");
    }
    String answer = screen.ask("This " + what + ". Continue? [y/N] ");
    if (!answer.equalsIgnoreCase("y") && !answer.equalsIgnoreCase("yes")) {
      throw new CommandException(ExitCode.NOT_CONFIRMED, "nothing was done");
    }
  }
}
