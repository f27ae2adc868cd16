package io.conversationstore.examples.quickstart;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** When what happens to the server and the application, by the share of the input that is in. */
record Schedule(List<Step> steps) {

  /** What happens. */
  enum Kind {
    START_SERVER,
    KILL_SERVER,
    KILL_APPLICATION
  }

  /**
   * One thing to happen.
   *
   * @param at the share of the messages, from 0 to 1, after which it happens
   */
  record Step(double at, Kind kind) {}

  Schedule {
    steps = steps.stream().sorted(Comparator.comparingDouble(Step::at)).toList();
  }

  /** Outages at even distances, each for as long as a part of the input is written. */
  static Schedule of(Arguments arguments) {
    List<Step> steps = new ArrayList<>();
    double from = 0;
    if (arguments.startDown()) {
      steps.add(new Step(0.5, Kind.START_SERVER));
      from = 0.5;
    }
    double span = (1 - from) / (arguments.kills() + 1);
    for (int i = 1; i <= arguments.kills(); i++) {
      double kill = from + span * i - span * 0.25;
      steps.add(new Step(kill, Kind.KILL_SERVER));
      steps.add(new Step(kill + span * 0.4, Kind.START_SERVER));
    }
    if (arguments.crash()) {
      double at = arguments.startDown() ? 0.25 : from + span * 0.95;
      steps.add(new Step(at, Kind.KILL_APPLICATION));
    }
    return new Schedule(steps);
  }
}
