package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.State;
import io.conversationstore.spi.StateJson;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Generated messages, changes and states written as JSON read back equal. */
class JsonRoundTripTest {

  private static final Instant TIME = Instant.parse("2026-02-03T04:05:06.000007Z");

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void row_5_2_messages(long seed) {
    Generators generators = new Generators(new Random(seed));
    for (int i = 0; i < 300; i++) {
      Message message = generators.message();
      Message read =
          ModelJson.readMessage(Json.parse(Json.text(out -> ModelJson.write(out, message))));
      assertThat(read).as("seed %d, message %d", seed, i).isEqualTo(message);
      assertThat(ModelJson.digest(read)).isEqualTo(ModelJson.digest(message));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void changes(long seed) {
    Generators generators = new Generators(new Random(seed));
    for (int i = 0; i < 50; i++) {
      for (Change change : SampleChanges.of(generators, new Random(seed + i))) {
        Change read = ChangeJson.read(Json.parse(Json.text(out -> ChangeJson.write(out, change))));
        assertThat(read).as("seed %d, round %d", seed, i).isEqualTo(change);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void states(long seed) {
    ManualClock clock = new ManualClock(TIME);
    Generators generators = new Generators(new Random(seed));
    var engine = ReferenceStore.engine(clock);
    List<State> states = new ArrayList<>();
    for (Change change : SampleChanges.of(generators, new Random(seed))) {
      boolean applicable =
          change instanceof Change.MessagesAppended append
              ? !append.condition().checksLast()
              : change instanceof Change.ConversationCreated
                  || change instanceof Change.PreferencesPut;
      if (applicable) {
        Change about =
            change instanceof Change.PreferencesPut put
                ? new Change.PreferencesPut(put.stamp(), put.update(), ConversationRef.LIVE)
                : change instanceof Change.ToConversation to
                    ? to.withGeneration(ConversationRef.LIVE)
                    : change;
        states.addAll(engine.apply(about, ApplyMode.LIVE).states());
      }
    }
    states.add(new State.OwnerState(Owner.of("a", "b"), 7));
    assertThat(states).hasSizeGreaterThan(4);
    for (State state : states) {
      State read = StateJson.read(Json.parse(Json.text(out -> StateJson.write(out, state))));
      assertThat(read).isEqualTo(state);
    }
  }
}
