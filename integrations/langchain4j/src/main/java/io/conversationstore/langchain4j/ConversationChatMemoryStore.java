package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.store.memory.chat.ChatMemoryStore;
import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.langchain4j.ChatHistory.Selection;
import io.conversationstore.langchain4j.Difference.WhenUnclear;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the memories of LangChain4j in a conversation store. The framework hands over the whole
 * window at each update; this store appends what is new in it and changes nothing that is stored,
 * so a message that leaves the window stays in the history.
 *
 * <pre>{@code
 * ChatMemoryStore memories =
 *     ConversationChatMemoryStore.builder()
 *         .store(store)
 *         .keys(memoryId -> ConversationKey.of(alice, memoryId.toString()))
 *         .lastMessages(25) // a little more than the window
 *         .build();
 * ChatMemory memory =
 *     MessageWindowChatMemory.builder().id("chat").maxMessages(20).chatMemoryStore(memories).build();
 * }</pre>
 *
 * <p><b>Reads</b> return the last messages of the history, up to {@link Builder#lastMessages}, with
 * the last system message before them. Each call returns new objects, and {@link #updateMessages}
 * recognises them, which distinguishes equal messages.
 *
 * <p><b>Cost:</b> one round trip for a read, and one for an update with new messages; none for an
 * update without. An update without a read or update before it reads first. A system message that
 * is far before the window is read once more.
 *
 * <p><b>Errors:</b> those of {@link ConversationStore}; an {@link IllegalArgumentException} also
 * for messages and attributes of classes that cannot be stored. An update that failed may be
 * repeated with the same message objects: its messages are stored once.
 *
 * <p><b>Threads:</b> safe for use by many threads; calls for one conversation run one after the
 * other. LangChain4j's own memories are not: two threads that add to one of them at a time may each
 * lack the other's message in their window, but both messages are stored.
 */
public final class ConversationChatMemoryStore implements ChatMemoryStore {

  private final ConversationStore store;
  private final Function<Object, ConversationKey> keys;
  private final UnaryOperator<NewConversation> begin;
  private final int lastMessages;
  private final AsyncCalls async;

  /** By last use; guarded by itself. A history that was dropped is read again. */
  private final Map<ConversationKey, ChatHistory> histories;

  private ConversationChatMemoryStore(Builder builder) {
    store = Objects.requireNonNull(builder.store, "store");
    keys = Objects.requireNonNull(builder.keys, "keys");
    begin = builder.begin;
    lastMessages = builder.lastMessages;
    async = new AsyncCalls(builder.executor);
    int remembered = builder.rememberedConversations;
    histories =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<ConversationKey, ChatHistory> eldest) {
            return size() > remembered;
          }
        };
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * The last messages of the memory, oldest first, after the system message; empty if there is no
   * such conversation. While the database is away, a conversation that this node has never held is
   * empty, too; its history is complete again when the database is back.
   */
  @Override
  public List<ChatMessage> getMessages(Object memoryId) {
    return history(memoryId).window(lastMessages, ConversationChatMemoryStore::all);
  }

  /**
   * Appends the messages of the list that are not stored yet; creates the conversation if there is
   * none, also while the database is away.
   *
   * @param messages the window as it is now; earlier messages that it lacks stay in the history. If
   *     it is empty, or has several messages and none of the window before, reads do not show that
   *     window any more
   */
  @Override
  public void updateMessages(Object memoryId, List<ChatMessage> messages) {
    Objects.requireNonNull(messages, "messages");
    history(memoryId)
        .set(messages, WhenUnclear.APPEND, lastMessages, ConversationChatMemoryStore::all);
  }

  /** Deletes the conversation with its whole history. */
  @Override
  public void deleteMessages(Object memoryId) {
    history(memoryId).delete();
  }

  /** {@link #getMessages} on another thread. */
  @Override
  public CompletableFuture<List<ChatMessage>> getMessagesAsync(Object memoryId) {
    return async.supply(() -> getMessages(memoryId));
  }

  /** {@link #updateMessages} on another thread, with the list as it is now. */
  @Override
  public CompletableFuture<Void> updateMessagesAsync(Object memoryId, List<ChatMessage> messages) {
    List<ChatMessage> copy = List.copyOf(messages);
    return async.run(() -> updateMessages(memoryId, copy));
  }

  /** {@link #deleteMessages} on another thread. */
  @Override
  public CompletableFuture<Void> deleteMessagesAsync(Object memoryId) {
    return async.run(() -> deleteMessages(memoryId));
  }

  private static Selection all(View view) {
    return new Selection(view.entries(), false);
  }

  private ChatHistory history(Object memoryId) {
    ConversationKey key = keys.apply(Objects.requireNonNull(memoryId, "memoryId"));
    if (key == null) {
      throw new IllegalArgumentException("keys returned null for a memory id");
    }
    synchronized (histories) {
      return histories.computeIfAbsent(key, each -> new ChatHistory(store, each, begin));
    }
  }

  /** Makes a {@link ConversationChatMemoryStore}. Not thread-safe. */
  public static final class Builder {

    private @Nullable ConversationStore store;
    private @Nullable Function<Object, ConversationKey> keys;
    private UnaryOperator<NewConversation> begin = UnaryOperator.identity();
    private int lastMessages = 100;
    private int rememberedConversations = 500;
    private @Nullable Executor executor;

    private Builder() {}

    /** Where the conversations are; required. It stays open when the memories end. */
    public Builder store(ConversationStore value) {
      store = value;
      return this;
    }

    /** The conversation of a memory id; required. Must return the same one each time. */
    public Builder keys(Function<Object, ConversationKey> value) {
      keys = value;
      return this;
    }

    /**
     * Sets title, tags and other fields of a conversation that is created, for instance {@code
     * conversation -> conversation.withTitle("Support")}. The id stays.
     */
    public Builder newConversation(UnaryOperator<NewConversation> value) {
      begin = value;
      return this;
    }

    /**
     * How many messages a read returns, 1 to 1,000; default 100. Must be at least the window of the
     * memory above, else the memory sees a smaller window.
     */
    public Builder lastMessages(int value) {
      lastMessages = Checks.requireRange("lastMessages", value, 1, Page.MAX_LIMIT);
      return this;
    }

    /**
     * Of how many conversations the last windows are kept in memory, at least 1; default 500.
     * Beyond it, an update may have to read first.
     */
    public Builder rememberedConversations(int value) {
      rememberedConversations =
          Checks.requireRange("rememberedConversations", value, 1, Integer.MAX_VALUE);
      return this;
    }

    /** Runs the asynchronous calls, which block; default are threads of this module's own. */
    public Builder executor(Executor value) {
      executor = value;
      return this;
    }

    /**
     * Makes the store of memories.
     *
     * @throws NullPointerException if the store or the keys are missing
     */
    public ConversationChatMemoryStore build() {
      return new ConversationChatMemoryStore(this);
    }
  }
}
