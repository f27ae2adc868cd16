package io.conversationstore.cli;

/**
 * Colours of a terminal.
 *
 * @param on false for plain text
 */
record Style(boolean on) {

  String bold(String text) {
    return wrapped("1", text);
  }

  String dim(String text) {
    return wrapped("2", text);
  }

  String red(String text) {
    return wrapped("31", text);
  }

  String green(String text) {
    return wrapped("32", text);
  }

  String yellow(String text) {
    return wrapped("33", text);
  }

  String blue(String text) {
    return wrapped("34", text);
  }

  String cyan(String text) {
    return wrapped("36", text);
  }

  private String wrapped(String code, String text) {
    return on && !text.isEmpty() ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }
}
