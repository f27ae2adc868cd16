package io.conversationstore.langchain4j;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.ContentMetadata;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.query.Query;
import io.conversationstore.ConversationStore;
import io.conversationstore.Page;
import io.conversationstore.Role;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.SearchTokens;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Retrieves messages of an owner's past conversations by the words of a question.
 *
 * <pre>{@code
 * ContentRetriever past =
 *     ConversationContentRetriever.builder()
 *         .store(store)
 *         .keys(memoryId -> ConversationKey.of(alice, memoryId.toString()))
 *         .build();
 * }</pre>
 *
 * <p>The store's search finds messages that hold every word, which few questions are made for. So
 * this retriever looks for all words at once and then for the longest ones one by one. A message
 * scores by the words that it holds, and rare words count more; the score, from 0 to 1, is the part
 * of all words that were found anywhere. The best come first, and the newer of equals. User and
 * assistant messages are searched, those of the asking conversation left out, since its memory has
 * them.
 *
 * <p>A content's text segment has the metadata {@code conversation_id}, {@code message_id}, {@code
 * role} and {@code created_at} (ISO 8601).
 *
 * <p><b>Cost:</b> up to one search and one more for each word, see {@link Builder#maxWords}.
 *
 * <p><b>Errors:</b> those of {@link ConversationStore}. While the database is away, a store with a
 * local copy searches this copy.
 *
 * <p><b>Threads:</b> safe for use by many threads.
 */
public final class ConversationContentRetriever implements ContentRetriever {

  /** Hits per search; a word with more hits counts little. */
  private static final int HITS = 50;

  private final ConversationStore store;
  private final Function<Object, ConversationKey> keys;
  private final int maxResults;
  private final int maxWords;
  private final int maxCharacters;
  private final double minScore;
  private final AsyncCalls async;

  private ConversationContentRetriever(Builder builder) {
    store = Objects.requireNonNull(builder.store, "store");
    keys = Objects.requireNonNull(builder.keys, "keys");
    maxResults = builder.maxResults;
    maxWords = builder.maxWords;
    maxCharacters = builder.maxCharacters;
    minScore = builder.minScore;
    async = new AsyncCalls(builder.executor);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** A message that was found, with its score. */
  private record Scored(SearchHit hit, double score) {
    StoredMessage message() {
      return hit.message();
    }
  }

  /**
   * The best messages for the question, at most {@link Builder#maxResults}; none if the question
   * has no word.
   *
   * @throws IllegalArgumentException if the query does not name a memory
   */
  @Override
  public List<Content> retrieve(Query query) {
    ConversationKey asking = asking(query);
    Set<String> words = SearchTokens.ofQuery(query.text());
    if (words.isEmpty()) {
      return List.of();
    }
    Map<String, SearchHit> found = new LinkedHashMap<>();
    Map<String, Double> weights = new LinkedHashMap<>();
    if (query.text().length() <= SearchQuery.MAX_TEXT_LENGTH) {
      collect(asking, query.text(), found);
    }
    if (words.size() > 1 || found.isEmpty()) {
      for (String word : longest(words)) {
        int hits = collect(asking, word, found);
        if (hits > 0) {
          weights.put(word, Math.log((HITS + 2.0) / (hits + 1.0)));
        }
      }
    }
    return best(found, weights).stream().map(this::content).toList();
  }

  /** {@link #retrieve} on another thread. */
  @Override
  public CompletableFuture<List<Content>> retrieveAsync(Query query) {
    return async.supply(() -> retrieve(query));
  }

  private ConversationKey asking(Query query) {
    Object memoryId = query.metadata() == null ? null : query.metadata().chatMemoryId();
    if (memoryId == null) {
      throw new IllegalArgumentException(
          "the query names no memory, so its owner is unknown; set the metadata of the query");
    }
    return Objects.requireNonNull(keys.apply(memoryId), "keys returned null for a memory id");
  }

  /** The words that say most, since the store does not know how often a word is used. */
  private List<String> longest(Set<String> words) {
    return words.stream()
        .sorted(Comparator.comparingInt(String::length).reversed())
        .limit(maxWords)
        .toList();
  }

  /** Adds what a search finds in other conversations; returns how much. */
  private int collect(ConversationKey asking, String text, Map<String, SearchHit> found) {
    int count = 0;
    for (SearchHit hit :
        store.search(asking.owner(), SearchQuery.of(text).withLimit(HITS)).items()) {
      StoredMessage message = hit.message();
      Role role = message.role();
      if ((role == Role.USER || role == Role.ASSISTANT)
          && !message.conversationId().equals(asking.conversationId())) {
        found.putIfAbsent(message.id() + " " + message.conversationId(), hit);
        count++;
      }
    }
    return count;
  }

  private List<Scored> best(Map<String, SearchHit> found, Map<String, Double> weights) {
    double all = weights.values().stream().mapToDouble(Double::doubleValue).sum();
    List<Scored> scored = new ArrayList<>();
    for (SearchHit hit : found.values()) {
      Set<String> held = SearchTokens.of(hit.message().message());
      double score =
          weights.isEmpty()
              ? 1
              : weights.entrySet().stream()
                      .filter(word -> held.contains(word.getKey()))
                      .mapToDouble(Map.Entry::getValue)
                      .sum()
                  / all;
      if (score >= minScore) {
        scored.add(new Scored(hit, score));
      }
    }
    scored.sort(
        Comparator.comparingDouble(Scored::score)
            .thenComparing(each -> each.message().createdAt())
            .reversed());
    return withoutRepetitions(scored);
  }

  /** The same text in several conversations, such as a copied one, is shown once. */
  private List<Scored> withoutRepetitions(List<Scored> scored) {
    Set<String> texts = new HashSet<>();
    return scored.stream()
        .filter(each -> texts.add(each.message().text()))
        .limit(maxResults)
        .toList();
  }

  private Content content(Scored scored) {
    StoredMessage message = scored.message();
    String text = message.text();
    UUID id = message.id();
    Metadata metadata =
        new Metadata()
            .put("conversation_id", message.conversationId())
            .put("message_id", id.toString())
            .put("role", message.role().wireName())
            .put("created_at", message.createdAt().toString());
    return Content.from(
        TextSegment.from(text.length() <= maxCharacters ? text : scored.hit().snippet(), metadata),
        Map.of(ContentMetadata.SCORE, scored.score()));
  }

  /** Makes a {@link ConversationContentRetriever}. Not thread-safe. */
  public static final class Builder {

    private @Nullable ConversationStore store;
    private @Nullable Function<Object, ConversationKey> keys;
    private int maxResults = 5;
    private int maxWords = 6;
    private int maxCharacters = 2_000;
    private double minScore = 0.3;
    private @Nullable Executor executor;

    private Builder() {}

    /** Where the conversations are; required. It stays open when the retriever ends. */
    public Builder store(ConversationStore value) {
      store = value;
      return this;
    }

    /** The conversation of a memory id; required. The conversations of its owner are searched. */
    public Builder keys(Function<Object, ConversationKey> value) {
      keys = value;
      return this;
    }

    /** The most messages to return, 1 to 1,000; default 5. */
    public Builder maxResults(int value) {
      maxResults = Checks.requireRange("maxResults", value, 1, Page.MAX_LIMIT);
      return this;
    }

    /** How many words are looked for one by one, 1 to 50; default 6. Each costs a search. */
    public Builder maxWords(int value) {
      maxWords = Checks.requireRange("maxWords", value, 1, 50);
      return this;
    }

    /**
     * The longest text of a content, in UTF-16 code units, at least 1; default 2,000. Of longer
     * messages the content is the passage around the first match, of up to 240.
     */
    public Builder maxCharacters(int value) {
      maxCharacters = Checks.requireRange("maxCharacters", value, 1, Integer.MAX_VALUE);
      return this;
    }

    /** The lowest score of a message that is returned, 0 to 1; default 0.3. */
    public Builder minScore(double value) {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException("minScore must be 0 to 1, but was " + value);
      }
      minScore = value;
      return this;
    }

    /** Runs the asynchronous calls, which block; default are threads of this module's own. */
    public Builder executor(Executor value) {
      executor = value;
      return this;
    }

    /**
     * Makes the retriever.
     *
     * @throws NullPointerException if the store or the keys are missing
     */
    public ConversationContentRetriever build() {
      return new ConversationContentRetriever(this);
    }
  }
}
