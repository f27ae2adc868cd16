package io.conversationstore.adk;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.adk.agents.LlmAgent;
import com.google.adk.agents.RunConfig;
import com.google.adk.events.Event;
import com.google.adk.runner.Runner;
import com.google.adk.tools.BaseTool;
import com.google.adk.tools.ToolContext;
import com.google.genai.types.Content;
import com.google.genai.types.FunctionDeclaration;
import com.google.genai.types.Part;
import com.google.genai.types.Schema;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.reactivex.rxjava3.core.Single;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A Runner with tools, compared event by event with what is stored. */
class RunnerTest extends WithStores {

  private static final Owner ALICE = Owner.of("shop", "alice");

  /** Counts its calls in the state of the session, the user and the app. */
  private static final class Weather extends BaseTool {
    Weather() {
      super("weather", "the weather of a place");
    }

    @Override
    public Optional<FunctionDeclaration> declaration() {
      return Optional.of(
          FunctionDeclaration.builder()
              .name(name())
              .description(description())
              .parameters(
                  Schema.builder()
                      .type("OBJECT")
                      .properties(Map.of("place", Schema.builder().type("STRING").build()))
                      .build())
              .build());
    }

    @Override
    public Single<Map<String, Object>> runAsync(Map<String, Object> args, ToolContext context) {
      String place = String.valueOf(args.get("place"));
      for (String prefix : List.of("", "user:", "app:", "temp:")) {
        context.state().put(prefix + place, "seen");
      }
      return Single.just(Map.of("weather", "rain in " + place));
    }
  }

  /** A program with a runner, and the events that its sessions must have. */
  private static final class Program {
    private final Runner runner;
    private final Calls calls;

    Program(ConversationStore store) {
      calls = Calls.of(store);
      runner =
          Runner.builder()
              .agent(
                  LlmAgent.builder()
                      .name("forecaster")
                      .model(new ScriptedModel())
                      .tools(new Weather())
                      .build())
              .appName("shop")
              .sessionService(calls.service())
              .build();
    }

    void ask(String session, List<Event> history, String question) {
      List<Event> answers =
          runner
              .runAsync(
                  "alice",
                  session,
                  Content.fromParts(Part.fromText(question)),
                  RunConfig.builder().autoCreateSession(true).build())
              .toList()
              .blockingGet();
      // The runner does not emit the event of the question.
      List<Event> stored = calls.events(session);
      Event asked = stored.get(history.size());
      assertThat(asked.author()).isEqualTo("user");
      assertThat(asked.stringifyContent()).isEqualTo(question);
      assertThat(asked.invocationId()).isEqualTo(answers.get(0).invocationId());
      history.add(asked);
      history.addAll(answers);
      if (question.startsWith("weather:")) {
        String[] places = question.substring("weather:".length()).split(",");
        assertThat(answers).hasSize(3);
        assertThat(answers.get(0).functionCalls()).hasSize(places.length);
        assertThat(answers.get(1).functionResponses()).hasSize(places.length);
        assertThat(answers.get(2).stringifyContent())
            .isEqualTo("rain in " + String.join(", rain in ", places));
      } else {
        long questions = history.stream().filter(each -> each.author().equals("user")).count();
        assertThat(answers).hasSize(1);
        // The model was shown all questions before.
        assertThat(answers.get(0).stringifyContent()).endsWith("question " + questions);
      }
    }

    void someTurns(String session, List<Event> history) {
      ask(session, history, "hello");
      ask(session, history, "weather:Rome");
      ask(session, history, "weather:Oslo,Bern,Kyiv");
      ask(session, history, "thanks");
    }
  }

  private static void assertStored(ConversationStore store, String session, List<Event> expected) {
    List<Event> actual = Calls.of(store).events(session);
    for (int i = 0; i < Math.min(actual.size(), expected.size()); i++) {
      Event withoutTemp = expected.get(i);
      Map<String, Object> delta = new HashMap<>(withoutTemp.actions().stateDelta());
      delta.keySet().removeIf(key -> key.startsWith("temp:"));
      withoutTemp =
          withoutTemp.toBuilder()
              .actions(withoutTemp.actions().toBuilder().stateDelta(delta).build())
              .build();
      assertThat(actual.get(i)).as("%s, event %s", session, i).isEqualTo(withoutTemp);
    }
    assertThat(actual).as(session).hasSameSizeAs(expected);
    Map<String, Object> state = new HashMap<>();
    for (String place : List.of("Rome", "Oslo", "Bern", "Kyiv")) {
      for (String prefix : List.of("", "user:", "app:")) {
        state.put(prefix + place, "seen");
      }
    }
    assertThat(Calls.of(store).get(session).state()).containsExactlyInAnyOrderEntriesOf(state);
  }

  @ParameterizedTest
  @EnumSource
  void aRunnerWithTools(Stores.Kind kind) {
    ConversationStore store = kind.open(stores);
    List<Event> one = new ArrayList<>();
    List<Event> two = new ArrayList<>();
    Program program = new Program(store);
    program.someTurns("one", one);
    program.someTurns("two", two);
    // As after a restart.
    new Program(store).someTurns("one", one);
    assertStored(store, "one", one);
    assertStored(store, "two", two);
    assertThat(one).hasSize(24);
  }

  @Test
  void sessionsGoOnAndBeginThroughAnOutage() {
    ConversationStore node = stores.node("a");
    Program program = new Program(node);
    List<Event> before = new ArrayList<>();
    List<Event> during = new ArrayList<>();
    program.someTurns("before", before);

    stores.goDown(node);
    program.someTurns("before", before);
    program.someTurns("during", during);
    // Another program on the node.
    new Program(node).someTurns("during", during);
    assertStored(node, "before", before);
    assertStored(node, "during", during);

    stores.comeBack(node);
    program.someTurns("before", before);
    program.someTurns("during", during);
    for (ConversationStore store : List.of(node, stores.direct())) {
      assertStored(store, "before", before);
      assertStored(store, "during", during);
    }
  }

  @Test
  void anAnswerThatIsLostDoublesNothing() {
    ConversationStore node = stores.node("a");
    Program program = new Program(node);
    List<Event> history = new ArrayList<>();
    program.someTurns("chat", history);
    for (CutPoint point : CutPoint.values()) {
      FaultProxy.Cut cut =
          stores.proxy().cutOn(statement -> statement.sql().contains("append"), point);
      program.someTurns("chat", history);
      assertThat(cut.happened()).isTrue();
      stores.comeBack(node);
      assertStored(stores.direct(), "chat", history);
    }
  }

  @Test
  void twoNodesOnOneSession() {
    ConversationStore first = stores.node("a");
    ConversationStore second = stores.node("b");
    List<Event> history = new ArrayList<>();
    new Program(first).someTurns("chat", history);
    new Program(second).someTurns("chat", history);
    new Program(first).someTurns("chat", history);
    for (ConversationStore store : List.of(first, second, stores.direct())) {
      assertStored(store, "chat", history);
    }
    assertThat(first.find(ALICE, "chat").orElseThrow().usage().totalTokens()).isEqualTo(270);
  }
}
