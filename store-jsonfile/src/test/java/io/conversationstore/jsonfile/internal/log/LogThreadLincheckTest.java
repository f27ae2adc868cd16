package io.conversationstore.jsonfile.internal.log;

import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.MemoryFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import java.time.Duration;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * The writer's queue under random concurrent calls, a quarter of them interrupted and one possibly
 * closing it. The answers match some order of the calls, work runs once, no caller hangs, and the
 * space of waiting bytes is released.
 */
public class LogThreadLincheckTest {
  private static final long QUEUE_BYTES = 64 << 10;

  private final LogThread thread;
  private int sum;
  private volatile boolean interruptsKept = true;

  public LogThreadLincheckTest() {
    MemoryFiles files = new MemoryFiles();
    LogTail tail = new LogTail(files, new Segments("memory"), 1 << 20, segment -> {});
    thread =
        new LogThread(
            tail,
            Durability.EACH_WRITE,
            Duration.ofSeconds(1),
            QUEUE_BYTES,
            work -> files.newThread(work, "log"));
    thread.start();
  }

  /** The sequential specification of the queue. */
  public static class Sequential {
    private boolean closed;
    private int sum;

    public int write(int number) {
      return add(number);
    }

    public int writeMuch(int number) {
      return add(number);
    }

    public int writeInterrupted(int number) {
      return add(number);
    }

    public void close() {
      closed = true;
    }

    private int add(int number) {
      if (closed) {
        throw new IllegalStateException("closed");
      }
      sum += number;
      return sum;
    }
  }

  private int add(int number, long bytes) {
    return thread.call(
        LogThread.Wait.SETTING,
        bytes,
        () -> {
          sum += number;
          return sum;
        });
  }

  @Operation
  public int write(int number) {
    return add(number, 0);
  }

  /** So many bytes that two such calls do not fit at once. */
  @Operation
  public int writeMuch(int number) {
    return add(number, QUEUE_BYTES - 1);
  }

  @Operation
  public int writeInterrupted(int number) {
    Thread.currentThread().interrupt();
    try {
      return add(number, QUEUE_BYTES / 2);
    } finally {
      interruptsKept &= Thread.interrupted();
    }
  }

  @Operation(runOnce = true)
  public void close() {
    thread.close();
  }

  /** Runs after each scenario. */
  @Validate
  public void end() {
    thread.close();
    if (!interruptsKept) {
      throw new AssertionError("an interrupt was forgotten");
    }
    if (thread.queuedBytes() != 0) {
      throw new AssertionError(thread.queuedBytes() + " bytes were not given back");
    }
  }

  @Test
  void answersAreThoseOfSomeOrder() {
    new StressOptions()
        .sequentialSpecification(Sequential.class)
        .threads(3)
        .actorsPerThread(3)
        .actorsBefore(0)
        .actorsAfter(1)
        .iterations(15)
        .invocationsPerIteration(200)
        .check(LogThreadLincheckTest.class);
  }
}
