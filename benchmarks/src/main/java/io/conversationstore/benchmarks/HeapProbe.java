package io.conversationstore.benchmarks;

import io.conversationstore.benchmarks.Subject.Setup;
import java.nio.file.Path;

/** Prints how many bytes of heap a store in a directory keeps once it is open. */
final class HeapProbe {

  private HeapProbe() {}

  /** Takes the directory. */
  public static void main(String[] arguments) throws Exception {
    long before = used();
    Subject subject = JsonFileSubject.KIND.open(Path.of(arguments[0]), Setup.USUAL);
    System.out.println(used() - before);
    subject.close();
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
