package io.conversationstore.examples.chat.story;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.TestPostgres;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** What the server acknowledged, in order, to compare with the database. Thread-safe. */
final class Acknowledged {

  private record Place(String user, String conversation) {}

  private final Map<Place, Map<UUID, String>> texts = new ConcurrentHashMap<>();

  /** Takes a message of an answer of the server; a later text replaces an earlier one. */
  void add(String user, JsonNode message) {
    texts
        .computeIfAbsent(
            new Place(user, message.get("conversation_id").asText()),
            place -> java.util.Collections.synchronizedMap(new LinkedHashMap<>()))
        .put(UUID.fromString(message.get("id").asText()), message.path("content").asText(""));
  }

  int messages() {
    return texts.values().stream().mapToInt(Map::size).sum();
  }

  int conversations() {
    return texts.size();
  }

  /**
   * Compares with the database, without the server.
   *
   * @return what is wrong; empty if everything is there, once, in its order, with its text
   */
  List<String> compare(TestPostgres server, String database, String tenant) {
    List<String> wrong = new ArrayList<>();
    try (ConversationStore direct =
        PostgresStore.open(
            PostgresOptions.url(server.jdbcUrl(database))
                .withLogin(server.user(), server.password()))) {
      texts.forEach((place, acknowledged) -> compare(direct, tenant, place, acknowledged, wrong));
    }
    return wrong;
  }

  private static void compare(
      ConversationStore direct,
      String tenant,
      Place place,
      Map<UUID, String> acknowledged,
      List<String> wrong) {
    Map<UUID, String> stored = new LinkedHashMap<>();
    MessageQuery query = MessageQuery.first(Page.MAX_LIMIT);
    Page<StoredMessage> page;
    do {
      page = direct.messages(Owner.of(tenant, place.user), place.conversation, query);
      for (StoredMessage message : page) {
        if (stored.put(message.id(), message.text()) != null) {
          wrong.add("doubled " + place + " " + message.id());
        }
      }
      query = query.withCursor(page.cursor());
    } while (page.hasMore());
    List<UUID> order = new ArrayList<>(stored.keySet());
    order.retainAll(acknowledged.keySet());
    acknowledged.forEach(
        (id, text) -> {
          if (!stored.containsKey(id)) {
            wrong.add("lost " + place + " " + id);
          } else if (!text.equals(stored.get(id))) {
            wrong.add("other text " + place + " " + id);
          }
        });
    if (order.size() == acknowledged.size()
        && !order.equals(new ArrayList<>(acknowledged.keySet()))) {
      wrong.add("other order " + place);
    }
  }
}
