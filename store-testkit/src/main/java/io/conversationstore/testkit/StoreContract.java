package io.conversationstore.testkit;

import io.conversationstore.testkit.StoreFixture.Capability;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestFactory;

/**
 * The rules of all stores, to be extended by a store's module:
 *
 * <pre>{@code
 * class MyStoreContractTest extends StoreContract {
 *   @Override
 *   protected StoreFixture newFixture() {
 *     return new MyStoreFixture();
 *   }
 * }
 * }</pre>
 *
 * <p>Test names start with the row of the requirement that they verify, as in {@code
 * row_5_3_appendIsIdempotentByMessageId}. After each test the invariants are checked over all data
 * of its owners.
 */
public abstract class StoreContract {

  /** Makes a fixture for one test, which closes it. */
  protected abstract StoreFixture newFixture();

  /** Conversations without their messages. */
  @Nested
  public class Conversations extends ConversationContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Appending messages. */
  @Nested
  public class Appends extends AppendContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Pages, cursors, history. */
  @Nested
  public class Reads extends ReadContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Searching by text, listing by tool. */
  @Nested
  public class Searches extends SearchContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Edits, deletes, generations. */
  @Nested
  public class EditsAndDeletes extends EditAndDeleteContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Saving whole conversations. */
  @Nested
  public class Saves extends SaveContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Isolation, preferences, counts, erasure. */
  @Nested
  public class Owners extends OwnerContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Operator calls over all owners. */
  @Nested
  public class Operators extends OperatorContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Limits, hostile input, error texts. */
  @Nested
  public class Input extends InputContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Values at a limit and beyond it. */
  @Nested
  public class Limits extends LimitContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Many threads. */
  @Nested
  public class Concurrency extends ConcurrencyContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** Closing and opening again. */
  @Nested
  public class Reopens extends ReopenContract {
    @Override
    StoreFixture newFixture() {
      return StoreContract.this.newFixture();
    }
  }

  /** See {@link CommandSequences}. */
  @TestFactory
  @DisplayName("random sequences answer as the reference model does")
  Stream<DynamicTest> randomSequencesAnswerAsTheModelDoes() {
    return CommandSequences.seeds().stream()
        .map(seed -> DynamicTest.dynamicTest("seed " + seed, () -> runSequence(seed)));
  }

  private void runSequence(long seed) {
    try (StoreFixture fixture = newFixture()) {
      if (fixture.capabilities().contains(Capability.PERSISTS)) {
        CommandSequences.compare(seed, 200, fixture.open(), fixture::reopen);
      } else {
        CommandSequences.compare(seed, 200, fixture.open());
      }
    }
  }
}
