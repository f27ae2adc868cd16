package io.conversationstore.jsonfile.internal.disk;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * The registry of held directories under random concurrent calls: a caller whose hold succeeds is
 * the only holder, and releasing an entry that another holder has by now does not affect that
 * holder.
 */
@Param(name = "holder", gen = IntGen.class, conf = "1:3")
public class HeldDirectoriesLincheckTest {
  private static final String DIRECTORY = "lincheck";

  /** Each scenario has its own directory, because all share one registry. */
  private final String directory = DIRECTORY + UUID.randomUUID();

  /** The sequential specification of the registry. */
  public static class Sequential {
    private final Map<String, Integer> held = new HashMap<>();

    public int hold(int holder) {
      return Objects.requireNonNullElse(held.putIfAbsent(DIRECTORY, holder), 0);
    }

    public void release(int holder) {
      held.remove(DIRECTORY, holder);
    }
  }

  /** Returns the holder before the call, or 0. */
  @Operation
  public int hold(@Param(name = "holder") int holder) {
    String before = HeldDirectories.hold(directory, "" + holder);
    return before == null ? 0 : Integer.parseInt(before);
  }

  @Operation
  public void release(@Param(name = "holder") int holder) {
    HeldDirectories.release(directory, "" + holder);
  }

  /** Runs after each scenario and clears the registry. */
  @Validate
  public void end() {
    for (int holder = 1; holder <= 3; holder++) {
      HeldDirectories.release(directory, "" + holder);
    }
    if (HeldDirectories.hold(directory, "nobody") != null) {
      throw new AssertionError("somebody holds what was given back");
    }
    HeldDirectories.release(directory, "nobody");
  }

  @Test
  void answersAreThoseOfSomeOrder() {
    new StressOptions()
        .sequentialSpecification(Sequential.class)
        .threads(3)
        .actorsPerThread(3)
        .actorsBefore(0)
        .actorsAfter(1)
        .iterations(5)
        .invocationsPerIteration(60)
        .check(HeldDirectoriesLincheckTest.class);
  }
}
