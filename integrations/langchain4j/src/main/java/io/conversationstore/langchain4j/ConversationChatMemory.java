package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.memory.ChatMemory;
import dev.langchain4j.model.TokenCountEstimator;
import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.langchain4j.Difference.WhenUnclear;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A memory that is a window over the full history of a conversation. Adding a message appends it in
 * one round trip, without reading, however long the conversation is; the window is cut when it is
 * read.
 *
 * <pre>{@code
 * Assistant assistant =
 *     AiServices.builder(Assistant.class)
 *         .chatModel(model)
 *         .chatMemoryProvider(
 *             memoryId ->
 *                 ConversationChatMemory.builder()
 *                     .id(memoryId)
 *                     .store(store)
 *                     .conversation(ConversationKey.of(alice, memoryId.toString()))
 *                     .maxMessages(20)
 *                     .build())
 *         .build();
 * }</pre>
 *
 * <p><b>The window</b> holds the last system message first, and the newest messages that fit beside
 * it. A tool call and its results count as one: the window has both or neither. A call without all
 * of its results is left out until they are added. The newest message, or call with results, is
 * always there, also if it exceeds the limit alone.
 *
 * <p><b>Cost:</b> one round trip to add messages. Adding a system message reads the window before,
 * and stores nothing if it is the present one. Reading the window is one round trip. Further ones
 * are needed where many messages do not count, where a window by tokens needs more than a page, and
 * once for a system message that is far before the window.
 *
 * <p><b>Errors:</b> as {@link ConversationChatMemoryStore}. An {@link #add} that failed may be
 * repeated with the same message objects: they are stored once.
 *
 * <p><b>Threads:</b> safe for use by many threads; calls run one after the other. Several memories,
 * also on several nodes, may use one conversation at a time.
 */
public final class ConversationChatMemory implements ChatMemory {

  private static final int PAGE = 100;

  private final Object id;
  private final ChatHistory history;
  private final WindowLimit limit;
  private final AsyncCalls async;

  private ConversationChatMemory(Builder builder) {
    ConversationKey key = Objects.requireNonNull(builder.key, "conversation");
    if (builder.limit == null) {
      throw new IllegalArgumentException("set maxMessages or maxTokens");
    }
    id = builder.id == null ? key.conversationId() : builder.id;
    limit = builder.limit;
    history = new ChatHistory(Objects.requireNonNull(builder.store, "store"), key, builder.begin);
    async = new AsyncCalls(builder.executor);
  }

  public static Builder builder() {
    return new Builder();
  }

  @Override
  public Object id() {
    return id;
  }

  /** Appends a message; creates the conversation if there is none. */
  @Override
  public void add(ChatMessage message) {
    history.add(List.of(message), limit.pageSize(), limit::select);
  }

  /** Appends messages, all or none. */
  @Override
  public void add(Iterable<ChatMessage> messages) {
    history.add(listOf(messages), limit.pageSize(), limit::select);
  }

  /**
   * Makes the window this list: appends what is new in it, and hides from later windows what it
   * lacks. If it lacks any, no window on the conversation shows older messages from then on. The
   * history keeps everything. If the list has no new message, other memories learn only with the
   * next message what it lacks.
   *
   * @throws IllegalArgumentException if the list is empty
   */
  @Override
  public void set(Iterable<ChatMessage> messages) {
    List<ChatMessage> list = listOf(messages);
    if (list.isEmpty()) {
      throw new IllegalArgumentException("messages must not be empty; use clear()");
    }
    history.set(list, WhenUnclear.REPLACE, limit.pageSize(), limit::select);
  }

  /**
   * The window; a new list each time. While the database is away, a conversation that this node has
   * never held is empty.
   */
  @Override
  public List<ChatMessage> messages() {
    return history.window(limit.pageSize(), limit::select);
  }

  /** {@link #add(Iterable)} on another thread. */
  @Override
  public CompletableFuture<Void> addAsync(List<ChatMessage> messages) {
    List<ChatMessage> copy = List.copyOf(messages);
    return async.run(() -> add(copy));
  }

  /** {@link #set(Iterable)} on another thread. */
  @Override
  public CompletableFuture<Void> setAsync(List<ChatMessage> messages) {
    List<ChatMessage> copy = List.copyOf(messages);
    return async.run(() -> set(copy));
  }

  /** {@link #messages} on another thread. */
  @Override
  public CompletableFuture<List<ChatMessage>> messagesAsync() {
    return async.supply(this::messages);
  }

  /** Deletes the conversation with its whole history. */
  @Override
  public void clear() {
    history.delete();
  }

  private static List<ChatMessage> listOf(Iterable<ChatMessage> messages) {
    List<ChatMessage> list = new ArrayList<>();
    Objects.requireNonNull(messages, "messages").forEach(list::add);
    return list;
  }

  /** Makes a {@link ConversationChatMemory}. Not thread-safe. */
  public static final class Builder {

    private @Nullable Object id;
    private @Nullable ConversationStore store;
    private @Nullable ConversationKey key;
    private @Nullable WindowLimit limit;
    private UnaryOperator<NewConversation> begin = UnaryOperator.identity();
    private @Nullable Executor executor;

    private Builder() {}

    /** The memory id of LangChain4j; default the id of the conversation. */
    public Builder id(Object value) {
      id = value;
      return this;
    }

    /** Where the conversation is; required. It stays open when the memory ends. */
    public Builder store(ConversationStore value) {
      store = value;
      return this;
    }

    /** The conversation; required. */
    public Builder conversation(ConversationKey value) {
      key = value;
      return this;
    }

    /** The most messages of a window, the system message included, at least 1. */
    public Builder maxMessages(int value) {
      limit =
          WindowLimit.messages(
              Checks.requireRange("maxMessages", value, 1, Integer.MAX_VALUE - PAGE));
      return this;
    }

    /** The most tokens of a window by an estimate, the system message included, at least 1. */
    public Builder maxTokens(int value, TokenCountEstimator estimator) {
      limit =
          WindowLimit.tokens(
              Checks.requireRange("maxTokens", value, 1, Integer.MAX_VALUE),
              Objects.requireNonNull(estimator, "estimator"),
              PAGE);
      return this;
    }

    /**
     * Sets title, tags and other fields of the conversation if it is created, for instance {@code
     * conversation -> conversation.withTitle("Support")}. The id stays.
     */
    public Builder newConversation(UnaryOperator<NewConversation> value) {
      begin = value;
      return this;
    }

    /** Runs the asynchronous calls, which block; default are threads of this module's own. */
    public Builder executor(Executor value) {
      executor = value;
      return this;
    }

    /**
     * Makes the memory.
     *
     * @throws NullPointerException if the store or the conversation is missing
     * @throws IllegalArgumentException if neither messages nor tokens are limited
     */
    public ConversationChatMemory build() {
      return new ConversationChatMemory(this);
    }
  }
}
