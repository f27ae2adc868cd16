package io.conversationstore.adk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.adk.events.Event;
import com.google.adk.sessions.Session;
import com.google.genai.types.Content;
import com.google.genai.types.Part;
import io.conversationstore.ContentPart;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import io.conversationstore.ToolQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Events come back as they were, and other readers of the store understand them. */
class EventsTest extends WithStores {

  private static final Owner ALICE = Owner.of("shop", "alice");

  @ParameterizedTest
  @EnumSource
  void everyKindOfEventComesBackEqual(Stores.Kind kind) {
    ConversationStore store = kind.open(stores);
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    Map<String, Event> all = Events.all();
    all.values().forEach(each -> calls.append(session, each));
    List<Event> found = calls.events(session.id());
    List<String> names = new ArrayList<>(all.keySet());
    for (int i = 0; i < names.size(); i++) {
      Events.assertEqual(names.get(i), found.get(i), all.get(names.get(i)));
    }
    assertThat(found).hasSameSizeAs(names);
  }

  @Test
  void valuesComeBackWithTheirTypes() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    calls.append(session, Events.changing(Events.values()));
    Map<String, Object> found = calls.events(session.id()).get(0).actions().stateDelta();
    Events.values()
        .forEach(
            (key, value) -> {
              assertThat(found.get(key)).as(key).isEqualTo(value);
              if (!(value instanceof java.util.Collection || value instanceof Map)) {
                assertThat(found.get(key)).as(key).hasSameClassAs(value);
              }
            });
    assertThat(found).hasSameSizeAs(Events.values());
  }

  @Test
  void objectsOfTheApplicationComeBackAsMaps() {
    record Order(String drink, long number) {}
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    calls.append(session, Events.changing(Map.of("order", new Order("latte", 3))));
    assertThat(calls.events(session.id()).get(0).actions().stateDelta())
        .containsEntry("order", Map.of("drink", "latte", "number", 3L));
  }

  @Test
  void aValueWithoutAJsonFormIsRefusedByItsClass() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    Event event = Events.changing(Map.of("key", new Object()));
    assertThatThrownBy(() -> calls.append(session, event))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("java.lang.Object");
    assertThat(calls.events(session.id())).isEmpty();
    assertThat(session.events()).isEmpty();
  }

  @Test
  void otherReadersSeeTextMediaReasoningCallsResultsUsageAndModel() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    Map<String, Event> all = Events.all();
    for (String name :
        List.of(
            "text of the user",
            "a thought with its signature",
            "every field",
            "several results",
            "media")) {
      calls.append(session, all.get(name));
    }
    List<StoredMessage> messages = store.last(ALICE, session.id(), 100);
    assertThat(messages)
        .extracting(StoredMessage::role)
        .containsExactly(
            Role.USER,
            Role.ASSISTANT,
            Role.ASSISTANT,
            Role.TOOL,
            Role.TOOL,
            Role.TOOL,
            Role.TOOL,
            Role.USER);
    assertThat(messages.get(0).text()).isEqualTo("One chai latte, please");
    assertThat(messages.get(1).message().content())
        .containsExactly(
            new ContentPart.Reasoning("the guest wants tea", null), new ContentPart.Text("Tea?"));
    Message calling = messages.get(2).message();
    assertThat(calling.toolCalls())
        .containsExactly(
            ToolCall.function("c1", "weather", "{\"place\":\"Rome\"}"),
            ToolCall.function("c2", "weather", "{\"place\":\"Oslo\"}"),
            ToolCall.function("c3", "weather", "{}"));
    assertThat(calling.name()).isEqualTo("weather");
    assertThat(calling.model()).isEqualTo("gemini-test");
    assertThat(calling.usage()).isEqualTo(new TokenUsage(10, 7, 17));
    assertThat(messages.get(3).message().toolCallId()).isEqualTo("1");
    assertThat(messages.get(3).message().name()).isEqualTo("f");
    assertThat(messages.get(3).text()).isEqualTo("{\"result\":\"rain\"}");
    assertThat(messages.get(4).message().toolCallId()).isEqualTo("2");
    assertThat(messages.get(7).message().content().get(0))
        .isEqualTo(ContentPart.Media.of("image/png", new byte[] {(byte) 0x89, 0, 1, 2, -3}));
    assertThat(messages.get(7).message().content().get(2))
        .isEqualTo(ContentPart.Media.at("video/mp4", "gs://bucket/film.mp4"));
  }

  @Test
  void theTextAndTheCallsOfEventsAreFound() {
    ConversationStore store = stores.postgres();
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    calls.append(session, Events.text("One chai latte, please"));
    calls.append(session, Events.calls());
    assertThat(store.search(ALICE, SearchQuery.of("chai latte")).items()).hasSize(1);
    assertThat(store.messagesByTool(ALICE, ToolQuery.of("weather")).items()).hasSize(1);
  }

  @Test
  void messagesOfOtherWritersAreEvents() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    store.append(
        ALICE,
        session.id(),
        Message.system("Be brief"),
        Message.user("weather?"),
        Message.calling(ToolCall.function("1", "weather", "{\"place\":\"Rome\"}")).withName("bot"),
        Message.toolResult("1", "weather", "rain"),
        Message.assistant("Rain."));
    List<Event> events = calls.events(session.id());
    assertThat(events)
        .extracting(Event::author)
        .containsExactly("system", "user", "bot", "tool", "model");
    assertThat(events.get(1).stringifyContent()).isEqualTo("weather?");
    assertThat(events.get(2).functionCalls().get(0).args())
        .contains(Map.<String, Object>of("place", "Rome"));
    assertThat(events.get(3).functionResponses().get(0).id()).contains("1");
    assertThat(events.get(3).functionResponses().get(0).response())
        .contains(Map.<String, Object>of("result", "rain"));
    assertThat(events.get(4).content().flatMap(Content::role)).contains("model");
  }

  @Test
  void anEditedMessageShowsItsNewText() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    for (String name : List.of("text that no store holds", "calls between texts")) {
      calls.append(session, Events.all().get(name));
    }
    for (StoredMessage each : store.last(ALICE, session.id(), 2)) {
      store.edit(ALICE, session.id(), each.id(), MessageEdit.text("edited"));
    }
    List<Event> events = calls.events(session.id());
    assertThat(events.get(0).content().flatMap(Content::parts).orElseThrow())
        .containsExactly(Part.fromText("edited"));
    assertThat(events.get(1).content().flatMap(Content::parts).orElseThrow().get(0))
        .isEqualTo(Part.fromText("edited"));
    assertThat(events.get(1).functionCalls()).hasSize(3);
  }

  @Test
  void anEventThatIsAppendedAgainIsStoredOnce() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    List<Event> once = List.copyOf(Events.all().values());
    once.forEach(each -> calls.append(session, each));
    once.forEach(each -> calls.append(session, each));
    List<Event> found = calls.events(session.id());
    for (int i = 0; i < once.size(); i++) {
      Events.assertEqual("event " + i, found.get(i), once.get(i));
    }
    assertThat(found).hasSameSizeAs(once);
  }

  @Test
  void twoEventsOfOneIdAreBothStored() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create(null);
    Event one = Events.changing(Map.of("user:a", 1));
    Event two = Events.changing(Map.of("user:b", 2)).toBuilder().id(one.id()).build();
    for (Event each : List.of(one, two, one, two)) {
      calls.append(session, each);
    }
    assertThat(calls.events(session.id())).containsExactly(one, two);
    assertThat(calls.get(session.id()).state())
        .containsExactlyInAnyOrderEntriesOf(Map.of("user:a", 1, "user:b", 2));
  }
}
