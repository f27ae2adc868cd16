package io.conversationstore.testkit;

import io.conversationstore.AppendCondition;
import io.conversationstore.Appended;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Cursor;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.Role;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreStatistics;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolQuery;
import io.conversationstore.json.ModelJson;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;

/**
 * Generates the steps of {@link CommandSequences}. All random choices are made here, not in a run.
 */
final class RandomSteps {

  /** A call with its arguments. */
  record Step(String name, Function<StepSide, Answer> call) {
    Answer run(StepSide side) {
      try {
        return call.apply(side);
      } catch (RuntimeException e) {
        return Answer.thrown(e);
      }
    }
  }

  private static final int OWNERS = 3;
  private static final List<String> CONVERSATIONS =
      List.of("default", "O'Brien/..", "\uD83D\uDE00", "\uFF5E|");
  private static final int MESSAGE_IDS = 16;

  /** Parts of generated titles, in other case. */
  private static final List<String> TITLES =
      List.of("upp", "E", "T", "\uFF33ession-1", "E\u0301", " ", "\u05E9", "", "nowhere");

  private final Generators generators;

  RandomSteps(Generators generators) {
    this.generators = generators;
  }

  List<Step> steps(int count) {
    List<Step> steps = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      steps.add(step());
    }
    return steps;
  }

  private Step step() {
    int o = generators.oneIn(2) ? 0 : number(OWNERS);
    String id = generators.oneOf(CONVERSATIONS);
    int kind = number(100);
    if (kind < 12) {
      return create(o, id, kind < 4);
    } else if (kind < 38) {
      return append(o, id);
    } else if (kind < 43) {
      return edit(o, id);
    } else if (kind < 49) {
      return deleteMessage(o, id);
    } else if (kind < 52) {
      return delete(o, id);
    } else if (kind < 57) {
      return update(o, id);
    } else if (kind < 62) {
      return save(o, id);
    } else if (kind < 66) {
      return updatePreferences(o, id);
    } else if (kind < 67) {
      return erase(o);
    } else if (kind < 69) {
      return reopen();
    }
    return read(o, id, kind);
  }

  private Step read(int o, String id, int kind) {
    if (generators.oneIn(4)) {
      return generators.oneIn(3) ? byTool(o, id) : search(o, id);
    } else if (kind < 72) {
      return generators.oneIn(2)
          ? step("find", o, id, s -> find(s, s.owner(o), id))
          : findMessage(o, id);
    } else if (kind < 77) {
      return list(o);
    } else if (kind < 83) {
      return generators.oneIn(2) ? walk(o, id) : walkFrom(o, id);
    } else if (kind < 89) {
      return page(o, id);
    } else if (kind < 92) {
      int count = 1 + number(20);
      return step(
          "last " + count, o, id, s -> Answer.messages(s.store().last(s.owner(o), id, count)));
    } else if (kind < 95) {
      return generators.oneIn(2) ? history(o) : readAndSave(o, id);
    } else if (kind < 97) {
      return step("count", o, "", s -> Answer.of(s.store().count(s.owner(o))));
    } else if (kind < 98) {
      return step("preferences", o, "", s -> Answer.of(s.store().preferences(s.owner(o))));
    } else if (kind < 99) {
      return step("statistics", o, "", s -> statistics(s, s.owner(o)));
    }
    return step("active users", o, "", s -> activeUsers(s, s.owner(o)));
  }

  private Step create(int o, String id, boolean strict) {
    NewConversation conversation = generators.conversation(id);
    return step(
        strict ? "create" : "create if absent",
        o,
        id,
        s ->
            Answer.of(
                Answer.fact(
                    strict
                        ? s.store().create(s.owner(o), conversation)
                        : s.store().createIfAbsent(s.owner(o), conversation))));
  }

  private Step append(int o, String id) {
    Map<UUID, Message> turn = new LinkedHashMap<>();
    for (int i = number(4); i >= 0; i--) {
      Message message = message();
      turn.put(Objects.requireNonNull(message.id()), message);
    }
    List<Message> messages = List.copyOf(turn.values());
    AppendCondition condition =
        switch (number(8)) {
          case 0 -> AppendCondition.ifEmpty();
          case 1 -> AppendCondition.ifLastIs(messageId(number(MESSAGE_IDS)));
          default -> AppendCondition.always();
        };
    if (generators.oneIn(4)) {
      NewConversation ifAbsent = generators.conversation(id);
      return step(
          "append or create " + turn.keySet() + (condition.checksLast() ? " on condition" : ""),
          o,
          id,
          s -> appendOrCreate(s.store().append(s.owner(o), ifAbsent, messages, condition)));
    }
    return step(
        "append " + turn.keySet() + (condition.checksLast() ? " on condition" : ""),
        o,
        id,
        s -> Answer.messages(s.store().append(s.owner(o), id, messages, condition)));
  }

  private static Answer appendOrCreate(Appended appended) {
    return Answer.messages(appended.messages())
        .and(Answer.fact(appended.conversation()))
        .and("created=" + appended.created())
        .and("changed=" + appended.changed());
  }

  private Step edit(int o, String id) {
    UUID messageId = messageId(number(MESSAGE_IDS));
    MessageEdit edit =
        generators.oneIn(2)
            ? MessageEdit.text(generators.query())
            : MessageEdit.of(generators.content());
    return step(
        "edit " + messageId,
        o,
        id,
        s -> {
          StoredMessage edited = s.store().edit(s.owner(o), id, messageId, edit);
          return Answer.of(Answer.fact(edited), "edited=" + (edited.editedAt() != null));
        });
  }

  private Step deleteMessage(int o, String id) {
    UUID messageId = messageId(number(MESSAGE_IDS));
    return step(
        "delete message " + messageId,
        o,
        id,
        s -> Answer.of(s.store().deleteMessage(s.owner(o), id, messageId)));
  }

  private Step delete(int o, String id) {
    return step("delete", o, id, s -> Answer.of(s.store().delete(s.owner(o), id)));
  }

  private Step update(int o, String id) {
    ConversationUpdate update = generators.update();
    return step(
        "update", o, id, s -> Answer.of(Answer.fact(s.store().update(s.owner(o), id, update))));
  }

  private Step save(int o, String id) {
    List<ConversationDocument> documents = new ArrayList<>();
    documents.add(document(id));
    String other = generators.oneOf(CONVERSATIONS);
    if (generators.oneIn(2) && !other.equals(id)) {
      documents.add(document(other));
    }
    return step(
        "save " + documents,
        o,
        id,
        s -> {
          s.store().save(s.owner(o), documents);
          return Answer.of("saved");
        });
  }

  private ConversationDocument document(String id) {
    Map<UUID, ConversationDocument.Entry> named = new LinkedHashMap<>();
    List<ConversationDocument.Entry> entries = new ArrayList<>();
    for (int i = number(4); i > 0; i--) {
      Message message = message();
      Instant time =
          generators.oneIn(3)
              ? Instant.parse("2020-01-01T00:00:00.000001Z").plusSeconds(number(1_000))
              : null;
      named.put(
          Objects.requireNonNull(message.id()),
          ConversationDocument.Entry.of(message).withCreatedAt(time));
    }
    entries.addAll(named.values());
    for (int i = number(3); i > 0; i--) {
      entries.add(ConversationDocument.Entry.of(generators.message()));
    }
    // Few headers, so documents are often saved again unchanged.
    NewConversation header = Generators.seeded(number(3)).conversation(id);
    return ConversationDocument.ofEntries(header, entries);
  }

  private Step updatePreferences(int o, String id) {
    PreferencesUpdate update = PreferencesUpdate.none();
    if (generators.oneIn(2)) {
      update = update.withSelectedModel(generators.oneIn(3) ? null : generators.name());
    }
    if (generators.oneIn(2)) {
      update = update.withActiveConversation(generators.oneIn(4) ? null : id);
    }
    PreferencesUpdate made = update;
    return step(
        "update preferences", o, id, s -> Answer.of(s.store().updatePreferences(s.owner(o), made)));
  }

  private Step erase(int o) {
    return step(
        "erase",
        o,
        "",
        s -> {
          ErasureReceipt receipt = s.store().erase(s.owner(o));
          long conversations = 0;
          long messages = 0;
          for (ErasureReceipt.Removal removal : receipt.removed()) {
            conversations = Math.max(conversations, removal.conversations());
            messages = Math.max(messages, removal.messages());
          }
          return Answer.of(receipt.owner(), receipt.pending(), conversations, messages);
        });
  }

  private static Step reopen() {
    return new Step(
        "reopen",
        s -> {
          s.reopen();
          return Answer.of("open");
        });
  }

  private static Answer find(StepSide s, Owner owner, String id) {
    return Answer.of(s.store().find(owner, id).map(Answer::fact).orElse("none"));
  }

  private Step list(int o) {
    ConversationQuery query = ConversationQuery.all().withLimit(1 + number(4));
    if (generators.oneIn(3)) {
      query = query.withStatus(generators.oneOf(List.of(ConversationStatus.values())));
    }
    if (generators.oneIn(3)) {
      query = query.withTag("tag");
    }
    if (generators.oneIn(3)) {
      query = query.withPinned(generators.oneIn(2));
    }
    if (generators.oneIn(3)) {
      query = query.withTitleContaining(generators.oneOf(TITLES));
    }
    if (generators.oneIn(3)) {
      query = query.withMetadata("key" + number(10), generators.scalar());
    }
    ConversationQuery made = query;
    return step(
        made.toString(),
        o,
        "",
        s -> Answer.conversations(Walks.conversations(s.store(), s.owner(o), made)));
  }

  private Step walk(int o, String id) {
    Direction direction = generators.oneOf(List.of(Direction.values()));
    int limit = 1 + number(7);
    return step(
        "read all " + direction + " by " + limit,
        o,
        id,
        s -> Answer.messages(Walks.messages(s.store(), s.owner(o), id, direction, limit)));
  }

  private static Step readAndSave(int o, String id) {
    return step(
        "read and save",
        o,
        id,
        s -> {
          ConversationDocument document = s.store().read(s.owner(o), id);
          s.store().save(s.owner(o), document);
          return Answer.of(
              document.conversation(),
              document.conversation().metadata().hashCode(),
              document.messages().stream()
                  .map(entry -> entry.message().id() + "/" + ModelJson.digest(entry.message()))
                  .toList());
        });
  }

  private Step findMessage(int o, String id) {
    UUID messageId = messageId(number(MESSAGE_IDS));
    return step(
        "find message " + messageId,
        o,
        id,
        s ->
            Answer.of(
                s.store().findMessage(s.owner(o), id, messageId).map(Answer::fact).orElse("none")));
  }

  private Step walkFrom(int o, String id) {
    Direction direction = generators.oneOf(List.of(Direction.values()));
    UUID messageId = messageId(number(MESSAGE_IDS));
    MessageQuery all = MessageQuery.of(direction, 1 + number(7));
    MessageQuery query =
        generators.oneIn(2) ? all.withStartAt(messageId) : all.withStartBeyond(messageId);
    return step(
        "read from " + query.start() + " " + direction + " by " + query.limit(),
        o,
        id,
        s -> Answer.messages(Walks.messages(s.store(), s.owner(o), id, query)));
  }

  /** Continues where the last such step ended, whatever happened in between. */
  private Step page(int o, String id) {
    Direction direction = generators.oneIn(3) ? Direction.BACKWARD : Direction.FORWARD;
    int limit = 1 + number(5);
    String place = o + " " + direction + " " + id;
    return step(
        "next page " + direction + " of " + limit,
        o,
        id,
        s -> {
          Cursor cursor = s.cursor(place);
          try {
            Page<StoredMessage> page =
                s.store()
                    .messages(s.owner(o), id, MessageQuery.of(direction, limit).withCursor(cursor));
            s.keep(place, page.cursor());
            return Answer.messages(page.items()).and("more=" + page.hasMore());
          } catch (CursorExpiredException expired) {
            s.keep(place, null);
            throw expired;
          }
        });
  }

  private Step history(int o) {
    Direction direction = generators.oneOf(List.of(Direction.values()));
    int limit = 1 + number(9);
    return step(
        "history " + direction + " by " + limit,
        o,
        "",
        s -> Answer.history(Walks.history(s.store(), s.owner(o), direction, limit)));
  }

  private Step search(int o, String id) {
    SearchQuery query =
        SearchQuery.of(generators.query())
            .withConversationId(generators.oneIn(3) ? id : null)
            .withRole(generators.oneIn(4) ? generators.oneOf(List.of(Role.values())) : null)
            .withLimit(1 + number(6));
    return step(
        query.toString(),
        o,
        id,
        s -> {
          List<SearchHit> hits = Walks.search(s.store(), s.owner(o), query);
          String snippets = hits.stream().map(RandomSteps::digest).sorted().toList().toString();
          return Answer.newestFirst(hits.stream().map(SearchHit::message).toList()).and(snippets);
        });
  }

  private static String digest(SearchHit hit) {
    return hit.message().id() + " " + hit.snippet().hashCode() + " " + hit.matches();
  }

  private Step byTool(int o, String id) {
    ToolQuery query =
        ToolQuery.of(generators.name())
            .withConversationId(generators.oneIn(3) ? id : null)
            .withLimit(1 + number(6));
    return step(
        "messages by tool",
        o,
        id,
        s -> Answer.newestFirst(Walks.byTool(s.store(), s.owner(o), query)));
  }

  private static Answer statistics(StepSide s, Owner owner) {
    StoreStatistics figures = s.store().operator().statistics(owner.tenantId());
    return Answer.of(
        figures.tenants(), figures.users(), figures.conversations(), figures.messages());
  }

  private static Answer activeUsers(StepSide s, Owner owner) {
    return Answer.of(
        s.store().operator().activeUsers(owner.tenantId(), Duration.ofDays(20_000), 10).stream()
            .map(user -> user.owner().userId() + "=" + user.messages())
            .sorted(Comparator.naturalOrder())
            .toList());
  }

  /** A message with one of few ids, mostly with the same content for each id. */
  private Message message() {
    int index = number(MESSAGE_IDS);
    int content = generators.oneIn(12) ? index + MESSAGE_IDS : index;
    return Generators.seeded(content).message().withId(messageId(index));
  }

  private static UUID messageId(int index) {
    return new UUID(0x0190_0000_0000_7000L, 0x8000_0000_0000_0000L + index);
  }

  private int number(int bound) {
    return generators.random().nextInt(bound);
  }

  private static Step step(String name, int owner, String id, Function<StepSide, Answer> call) {
    return new Step(name + " in " + owner + "/" + id, call);
  }
}
