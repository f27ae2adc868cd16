package io.conversationstore.langchain4j;

/** Checks of options. */
final class Checks {

  private Checks() {}

  /**
   * @throws IllegalArgumentException that names the option
   */
  static int requireRange(String option, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          option + " must be " + min + " to " + max + ", but was " + value);
    }
    return value;
  }
}
