package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.benchmarks.Subject.Setup;

/** Appending to long conversations against appending to short ones, forced and not. */
final class DepthLine implements Line {

  private static final int SHORT = 10;
  private static final int SHORT_CONVERSATIONS = 5_000;
  private static final int LONG_CONVERSATIONS = 20;

  @Override
  public String name() {
    return "append-depth";
  }

  @Override
  public void run(Bench bench) throws Exception {
    measure(bench, Setup.USUAL, "");
    measure(bench, Setup.NOT_FORCED, "-not-forced");
  }

  private void measure(Bench bench, Setup setup, String suffix) throws Exception {
    Sizes sizes = bench.sizes();
    try (Subject subject = bench.store().open(bench.directory("depth"), setup);
        Load load = new Load(1)) {
      subject.load(0, SHORT_CONVERSATIONS, SHORT, bench.texts());
      subject.load(SHORT_CONVERSATIONS, LONG_CONVERSATIONS, sizes.depth(), bench.texts());
      Interleaved sides = new Interleaved();
      sides.side("at-" + SHORT, () -> micros(bench, load, subject, 0, SHORT_CONVERSATIONS));
      sides.side(
          "at-" + sizes.depth(),
          () -> micros(bench, load, subject, SHORT_CONVERSATIONS, LONG_CONVERSATIONS));
      sides.run(sizes.warmUps(), sizes.rounds());
      sides.figures(bench.report(), name() + suffix, "µs");
      bench
          .report()
          .ratio(
              name() + suffix,
              sides.ratio("at-" + sizes.depth(), "at-" + SHORT),
              Target.atMost(1.1));
    }
  }

  /** The median, since a pause of the collector belongs to no depth. */
  private static double micros(
      Bench bench, Load load, Subject subject, int first, int conversations) throws Exception {
    return 1_000
        * load.run(
                bench.sizes().slice(),
                (thread, number) ->
                    subject.append(
                        first + (int) (number % conversations), bench.texts().text(number)))
            .percentileMillis(0.5);
  }
}
