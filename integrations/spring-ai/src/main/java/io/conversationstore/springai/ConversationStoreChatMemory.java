package io.conversationstore.springai;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.util.Assert;

/**
 * A chat memory that shows the model a window and keeps the whole history.
 *
 * <p>{@link #add} appends, in one round trip however long the conversation is. {@link #get} reads
 * the last messages: usually one round trip, and one more for each further page that tool messages
 * with many results need, and for the first message of a conversation that is longer than the
 * window, if system messages are kept.
 *
 * <p><b>The window</b> holds at most {@link Builder#maxMessages} messages. If older messages are
 * left out, it begins with a user message, unless the latest turn alone is longer. It never holds a
 * tool call without all of its results, or a result without its call. The newest system message
 * comes first and counts; it is the newest among the messages that were read, else the first
 * message of the conversation. A tool message with several results counts once.
 *
 * <p><b>Outages:</b> with a hybrid store, both methods work while the database is away. A
 * conversation that this node does not know then has an empty window, and {@link #add} begins it;
 * if the database has it, the messages follow the earlier ones there. Of a conversation of which
 * this node holds the latest messages only, the window shows these.
 *
 * <p><b>Errors:</b> those of {@link ConversationStore}. <b>Threads:</b> safe for use by many
 * threads; the messages of an {@link #add} stay together.
 */
public final class ConversationStoreChatMemory implements ChatMemory {

  /** The size of a window without {@link Builder#maxMessages}, in messages. */
  public static final int DEFAULT_MAX_MESSAGES = 20;

  private final MessageLog log;
  private final int maxMessages;
  private final boolean systemMessages;
  private final boolean openToolCalls;

  private ConversationStoreChatMemory(Builder builder, ConversationPlaces places) {
    this.log = new MessageLog(builder.store, places, builder.failWhileUnknown);
    this.maxMessages = builder.maxMessages;
    this.systemMessages = builder.systemMessages;
    this.openToolCalls = builder.openToolCalls;
  }

  /** A memory over a store, which the memory does not close. */
  public static Builder builder(ConversationStore store) {
    return new Builder(Objects.requireNonNull(store, "store"));
  }

  @Override
  public void add(String conversationId, List<Message> messages) {
    ConversationPlace place = log.placeOf(conversationId);
    Assert.notNull(messages, "messages cannot be null");
    Assert.noNullElements(messages, "messages cannot contain null elements");
    log.append(
        place, messages.stream().flatMap(each -> MessageCodec.encode(each).stream()).toList());
  }

  @Override
  public List<Message> get(String conversationId) {
    ConversationPlace place = log.placeOf(conversationId);
    MessageLog.Tail tail = log.tail(place, Math.min(maxMessages, Page.MAX_LIMIT));
    List<StoredMessage> stored = new ArrayList<>(tail.messages());
    List<Entry> entries = entries(stored, tail.hasMore());
    while (tail.hasMore() && entries.size() < maxMessages) {
      MessageLog.Tail earlier =
          log.before(place, stored.get(0).id(), Math.min(maxMessages, Page.MAX_LIMIT));
      if (earlier.messages().isEmpty()) {
        break; // deleted meanwhile, or known to a database alone that is away
      }
      tail = earlier;
      stored.addAll(0, tail.messages());
      entries = entries(stored, tail.hasMore());
    }
    return window(entries, tail.hasMore(), place);
  }

  /** Without the rest of a message whose earlier results were not read. */
  private static List<Entry> entries(List<StoredMessage> stored, boolean hasMore) {
    List<Entry> entries = MessageCodec.decode(stored);
    boolean torn =
        hasMore && !entries.isEmpty() && MessageCodec.beginsWithin(entries.get(0).stored());
    return torn ? entries.subList(1, entries.size()) : entries;
  }

  private List<Message> window(List<Entry> entries, boolean hasMore, ConversationPlace place) {
    SystemMessage system = null;
    List<Message> others = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.message() instanceof SystemMessage newer) {
        system = newer;
      } else {
        others.add(entry.message());
      }
    }
    if (system == null && hasMore && systemMessages) {
      system = firstIfSystem(place);
    }
    if (!systemMessages) {
      system = null;
    }
    int room = Math.max(1, system == null ? maxMessages : maxMessages - 1);
    List<Message> window = others;
    if (hasMore || others.size() > room) {
      int from = Math.max(0, others.size() - room);
      window = Turns.fromUserMessage(others.subList(from, others.size()));
    }
    List<Message> shown = new ArrayList<>(Turns.answered(window, openToolCalls));
    if (system != null) {
      shown.add(0, system);
    }
    return shown;
  }

  private @Nullable SystemMessage firstIfSystem(ConversationPlace place) {
    return log.first(place).map(List::of).map(MessageCodec::decode).stream()
        .flatMap(List::stream)
        .map(Entry::message)
        .filter(SystemMessage.class::isInstance)
        .map(SystemMessage.class::cast)
        .findFirst()
        .orElse(null);
  }

  /** Deletes the conversation with its whole history. */
  @Override
  public void clear(String conversationId) {
    log.delete(log.placeOf(conversationId));
  }

  /** The settings of a memory. Not thread-safe. */
  public static final class Builder {

    private final ConversationStore store;
    private @Nullable ConversationPlaces places;
    private int maxMessages = DEFAULT_MAX_MESSAGES;
    private boolean systemMessages = true;
    private boolean openToolCalls;
    private boolean failWhileUnknown;

    private Builder(ConversationStore store) {
      this.store = store;
    }

    /** All conversations belong to this owner. */
    public Builder owner(Owner owner) {
      return places(ConversationPlaces.ofOwner(owner));
    }

    /** Where conversations belong. */
    public Builder places(ConversationPlaces value) {
      this.places = Objects.requireNonNull(value, "places");
      return this;
    }

    /**
     * Sets the size of the window.
     *
     * @param value messages, 1 to 1,000; default {@value #DEFAULT_MAX_MESSAGES}
     * @throws IllegalArgumentException if it is out of this range
     */
    public Builder maxMessages(int value) {
      if (value < 1 || value > Page.MAX_LIMIT) {
        throw new IllegalArgumentException(
            "maxMessages must be 1 to " + Page.MAX_LIMIT + ", but is " + value);
      }
      this.maxMessages = value;
      return this;
    }

    /**
     * Sets whether the window holds a system message; the default is true. Without, stored system
     * messages stay in the history only. Switch it off if the prompt brings its own, as a {@code
     * ChatClient} with a default system text does: it saves a round trip in long conversations.
     */
    public Builder systemMessages(boolean value) {
      this.systemMessages = value;
      return this;
    }

    /**
     * Sets whether tool calls at the end of the history are shown before their results are stored;
     * the default is false. Only for a memory advisor inside a {@code ToolCallingAdvisor} without
     * its internal conversation history. After a crash between call and result, such a window ends
     * with the call.
     */
    public Builder openToolCalls(boolean value) {
      this.openToolCalls = value;
      return this;
    }

    /**
     * Sets what {@link #get} does if the database is away and this node does not know the
     * conversation: true throws {@link io.conversationstore.UnknownWhileOfflineException}, false,
     * the default, shows an empty window, so that a new chat can begin.
     */
    public Builder failWhileUnknown(boolean value) {
      this.failWhileUnknown = value;
      return this;
    }

    /**
     * Makes the memory.
     *
     * @throws IllegalStateException if neither owner nor places are set
     */
    public ConversationStoreChatMemory build() {
      if (places == null) {
        throw new IllegalStateException("set owner or places of the chat memory");
      }
      return new ConversationStoreChatMemory(this, places);
    }
  }
}
