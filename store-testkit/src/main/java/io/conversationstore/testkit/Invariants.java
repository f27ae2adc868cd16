package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.spi.SearchTokens;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Conditions that every store meets whenever nobody writes. Reads all data of the given owners in
 * every possible way and checks that the answers agree.
 */
final class Invariants {

  private static final Comparator<String> BY_CODE_POINT =
      (a, b) ->
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  private static final Comparator<Conversation> BY_USE =
      Comparator.comparing(Conversation::updatedAt)
          .reversed()
          .thenComparing(Conversation::id, BY_CODE_POINT);

  private static final Comparator<StoredMessage> BY_TIME =
      Comparator.comparing(StoredMessage::createdAt)
          .thenComparing(StoredMessage::conversationId, BY_CODE_POINT)
          .thenComparing(StoredMessage::seq);

  private final ConversationStore store;
  private final boolean imports;

  /**
   * @param imports whether messages with given times were stored, so that creation times may
   *     decrease
   */
  Invariants(ConversationStore store, boolean imports) {
    this.store = store;
    this.imports = imports;
  }

  void check(Collection<Owner> owners) {
    owners.forEach(this::check);
  }

  private void check(Owner owner) {
    List<Conversation> listed =
        Walks.conversations(store, owner, ConversationQuery.all().withLimit(7));
    assertThat(listed.equals(listed.stream().sorted(BY_USE).toList()))
        .as("conversations of %s are listed by last use, then id", owner)
        .isTrue();
    assertThat(listed.stream().map(Conversation::id))
        .as("ids of %s", owner)
        .doesNotHaveDuplicates();
    List<StoredMessage> all = new ArrayList<>();
    for (Conversation conversation : listed) {
      all.addAll(check(owner, conversation));
    }
    int many = all.size();
    List<StoredMessage> history = Walks.history(store, owner, Direction.FORWARD, page(11, many));
    assertThat(same(history, all.stream().sorted(BY_TIME).toList()))
        .as("the history of %s is all messages by time", owner)
        .isTrue();
    assertThat(same(history, Walks.history(store, owner, Direction.BACKWARD, page(13, many))))
        .as("the history of %s read backward", owner)
        .isTrue();
    checkSearch(owner, history);
    assertThat(store.count(owner))
        .as("counts of %s", owner)
        .isEqualTo(new OwnerCounts(listed.size(), all.size()));
    String active = store.preferences(owner).activeConversation();
    assertThat(active == null || listed.stream().anyMatch(c -> c.id().equals(active)))
        .as("the active conversation of %s is there", owner)
        .isTrue();
  }

  /** The last message and the last edited one are found, with all others that contain the word. */
  private void checkSearch(Owner owner, List<StoredMessage> history) {
    List<StoredMessage> newestFirst = new ArrayList<>(history);
    Collections.reverse(newestFirst);
    Set<String> words = new LinkedHashSet<>();
    firstWord(newestFirst.stream()).ifPresent(words::add);
    firstWord(newestFirst.stream().filter(m -> m.editedAt() != null)).ifPresent(words::add);
    for (String word : words) {
      List<StoredMessage> expected =
          newestFirst.stream().filter(m -> SearchTokens.of(m.message()).contains(word)).toList();
      List<StoredMessage> found =
          Walks.search(store, owner, SearchQuery.of(word).withLimit(page(8, expected.size())))
              .stream()
              .map(SearchHit::message)
              .toList();
      assertThat(same(found, expected)).as("a search of %s", owner).isTrue();
    }
  }

  private static Optional<String> firstWord(Stream<StoredMessage> messages) {
    return messages
        .map(m -> SearchTokens.of(m.message()).stream().findFirst())
        .flatMap(Optional::stream)
        .findFirst();
  }

  private List<StoredMessage> check(Owner owner, Conversation conversation) {
    String name = conversation.toString();
    assertThat(conversation.owner()).as("owner of %s", name).isEqualTo(owner);
    assertThat(conversation.generation()).as("generation of %s", name).isPositive();
    assertThat(store.find(owner, conversation.id()).map(conversation::equals))
        .as("%s is found as it is listed", name)
        .contains(true);
    assertThat(conversation.updatedAt())
        .as("last use of %s", name)
        .isAfterOrEqualTo(conversation.createdAt());
    String id = conversation.id();
    long many = conversation.messageCount();
    List<StoredMessage> forward =
        Walks.messages(store, owner, id, Direction.FORWARD, page(9, many));
    assertThat(same(forward, Walks.messages(store, owner, id, Direction.BACKWARD, page(6, many))))
        .as("messages of %s read backward", name)
        .isTrue();
    assertThat(conversation.messageCount()).as("count of %s", name).isEqualTo(forward.size());
    TokenUsage usage = TokenUsage.NONE;
    Set<Object> ids = new HashSet<>();
    StoredMessage before = null;
    for (StoredMessage message : forward) {
      assertThat(ids.add(message.id())).as("%s in %s is there once", message.id(), name).isTrue();
      assertThat(message.conversationId())
          .as("place of %s", message.id())
          .isEqualTo(conversation.id());
      assertThat(message.message().id()).as("id in %s", message.id()).isEqualTo(message.id());
      assertThat(message.seq()).as("seq of %s", message.id()).isPositive();
      if (before != null) {
        assertThat(message.seq()).as("seq in %s", name).isGreaterThan(before.seq());
        if (!imports) {
          assertThat(message.createdAt())
              .as("creation time in %s", name)
              .isAfterOrEqualTo(before.createdAt());
        }
      }
      TokenUsage used = message.message().usage();
      usage = used == null ? usage : usage.plus(used);
      before = message;
    }
    assertThat(conversation.usage()).as("usage of %s", name).isEqualTo(usage);
    return forward;
  }

  /** A small page, so that there are several; larger if these would be more than some forty. */
  private static int page(int small, long many) {
    return (int) Math.min(200, Math.max(small, many / 40));
  }

  /** Compared here, because a failing assertion on the lists would print content. */
  private static boolean same(List<StoredMessage> a, List<StoredMessage> b) {
    return a.equals(b);
  }
}
