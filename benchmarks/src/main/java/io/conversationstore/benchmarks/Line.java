package io.conversationstore.benchmarks;

/** Something that is measured, under a name that {@code --only} takes. */
interface Line {
  String name();

  void run(Bench bench) throws Exception;
}
