package io.conversationstore.benchmarks;

import java.io.PrintStream;
import java.util.Locale;

/** Prints what was measured, each on a line as soon as it is known. For one thread. */
final class Report {

  /** What a ratio should be. */
  record Target(double bound, boolean atLeast) {
    static Target atLeast(double bound) {
      return new Target(bound, true);
    }

    static Target atMost(double bound) {
      return new Target(bound, false);
    }

    boolean isMetBy(double value) {
      return atLeast ? value >= bound : value <= bound;
    }

    @Override
    public String toString() {
      return (atLeast ? ">=" : "<=") + number(bound);
    }
  }

  private final PrintStream out;
  private int passed;
  private int missed;

  Report(PrintStream out) {
    this.out = out;
  }

  void ratio(String name, double value, Target target) {
    boolean met = target.isMetBy(value);
    if (met) {
      passed++;
    } else {
      missed++;
    }
    print("RATIO " + name + " " + number(value) + " " + target + " " + (met ? "PASS" : "MISS"));
  }

  /** A ratio, and where it is missed what lies behind that by design. */
  void ratio(String name, double value, Target target, String whyNot) {
    ratio(name, value, target);
    if (!whyNot.isEmpty() && !target.isMetBy(value)) {
      note(name + ": " + whyNot);
    }
  }

  void figure(String name, double value, String unit) {
    print("FIGURE " + name + " " + number(value) + " " + unit);
  }

  void note(String text) {
    print("NOTE " + text);
  }

  void print(String line) {
    out.println(line);
    out.flush();
  }

  void end() {
    print("END " + passed + " passed, " + missed + " missed");
  }

  static String number(double value) {
    double size = Math.abs(value);
    return String.format(Locale.ROOT, size >= 1_000 ? "%.0f" : size >= 20 ? "%.1f" : "%.3f", value);
  }
}
