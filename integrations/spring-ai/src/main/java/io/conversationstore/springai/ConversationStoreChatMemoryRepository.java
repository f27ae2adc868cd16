package io.conversationstore.springai;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.UuidV7;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.memory.ChatMemoryRepository;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.util.Assert;

/**
 * A repository for memories that save a whole window, such as {@code MessageWindowChatMemory}. It
 * appends what is new and keeps the rest: a message that is missing in a saved window has left the
 * window and stays in the history. {@link ConversationStoreChatMemory} does the same work with one
 * round trip instead of two for each message.
 *
 * <p>{@link #findByConversationId} returns the window that was saved last, followed by messages
 * that others appended since. A save without a new message stores nothing, so the window that it
 * leaves out is shown until the next message.
 *
 * <p><b>What is new</b> is decided by object if the thread that saves has read or saved the
 * conversation before and the memory passes on the objects that it read, as {@code
 * MessageWindowChatMemory} does: that is exact also where messages are equal. Otherwise, and at the
 * second save of a conversation if it keeps no message of the first, it is decided by content
 * against the stored window, which takes another round trip; a window of equal messages then counts
 * as slid by as few messages as possible, never as unchanged. Use one memory for a conversation.
 *
 * <p><b>Cost:</b> a read is one round trip for a little more than the longest window that was saved
 * here, before the first save for {@link Builder#pageSize} messages. It is two if the window is
 * longer, and one for each message that was kept in front, such as a system message. A save is one,
 * however long the history is; the first save of a conversation reads it once more.
 *
 * <p><b>Outages:</b> with a hybrid store all methods work while the database is away. A
 * conversation that this node does not know is then read as empty and begun by the next save; a
 * save that was not preceded by a read on its thread throws {@link
 * io.conversationstore.UnknownWhileOfflineException}, because it cannot know what is new.
 *
 * <p><b>Errors:</b> those of {@link ConversationStore}. <b>Threads:</b> safe for use by many
 * threads. If two threads save one conversation, the messages of both stay.
 */
public final class ConversationStoreChatMemoryRepository implements ChatMemoryRepository {

  /** The size of a page without {@link Builder#pageSize}, in stored messages. */
  public static final int DEFAULT_PAGE_SIZE = 100;

  /** Messages read beyond the longest window: others may have appended some. */
  private static final int BEYOND_WINDOW = 4;

  private final MessageLog log;
  private final int pageSize;

  /** The stored messages of the longest window that was saved here; 0 before the first. */
  private final AtomicInteger longestWindow = new AtomicInteger();

  private final Supplier<UUID> ids = new UuidV7(Clock.systemUTC(), new SecureRandom());

  /** What each thread read or saved last. */
  private final Map<Thread, Seen> seen = Collections.synchronizedMap(new WeakHashMap<>());

  private record Seen(Owner owner, String conversationId, Window window) {

    boolean isOf(ConversationPlace place) {
      return owner.equals(place.owner()) && conversationId.equals(place.conversationId());
    }
  }

  /** A window as it is stored. */
  private record Shown(List<Entry> entries, Window window) {}

  private ConversationStoreChatMemoryRepository(Builder builder, ConversationPlaces places) {
    this.log = new MessageLog(builder.store, places, builder.failWhileUnknown);
    this.pageSize = builder.pageSize;
  }

  /** A repository over a store, which the repository does not close. */
  public static Builder builder(ConversationStore store) {
    return new Builder(Objects.requireNonNull(store, "store"));
  }

  /**
   * The ids of all conversations; see {@link ConversationPlaces#conversationIds}.
   *
   * @throws UnsupportedOperationException if the places cannot be listed
   */
  @Override
  public List<String> findConversationIds() {
    return log.conversationIds();
  }

  @Override
  public List<Message> findByConversationId(String conversationId) {
    ConversationPlace place = log.placeOf(conversationId);
    Shown shown = shown(place, limit -> log.tail(place, limit));
    remember(place, shown.window());
    List<Message> messages = new ArrayList<>();
    shown.entries().forEach(entry -> messages.add(entry.message()));
    return messages;
  }

  @Override
  public void saveAll(String conversationId, List<Message> messages) {
    ConversationPlace place = log.placeOf(conversationId);
    Assert.notNull(messages, "messages cannot be null");
    Assert.noNullElements(messages, "messages cannot contain null elements");
    List<Message> window = List.copyOf(messages);
    if (window.isEmpty()) {
      return;
    }
    Window seen = seen(place);
    List<@Nullable List<UUID>> known = seen == null ? List.of() : Alignment.byObject(seen, window);
    boolean passesObjects = known.stream().anyMatch(Objects::nonNull);
    if (seen != null && (passesObjects || seen.passesObjects())) {
      append(place, seen, window, known, true);
      return;
    }
    boolean certain = seen == null;
    Shown shown =
        shown(place, limit -> certain ? log.certainTail(place, limit) : log.tail(place, limit));
    known = Alignment.byContent(shown.entries(), window, seen != null);
    append(place, shown.window(), window, known, false);
  }

  /**
   * Appends what is new.
   *
   * @param known see {@link Alignment}
   * @param passesObjects see {@link SavedWindow}
   */
  private void append(
      ConversationPlace place,
      Window before,
      List<Message> window,
      List<@Nullable List<UUID>> known,
      boolean passesObjects) {
    List<io.conversationstore.Message> added = new ArrayList<>();
    List<List<UUID>> all = new ArrayList<>();
    for (int i = 0; i < window.size(); i++) {
      List<UUID> stored = known.get(i);
      if (stored == null) {
        List<io.conversationstore.Message> encoded =
            MessageCodec.encode(window.get(i)).stream()
                .map(message -> message.withId(ids.get()))
                .toList();
        added.addAll(encoded);
        stored = encoded.stream().map(message -> Objects.requireNonNull(message.id())).toList();
      }
      all.add(stored);
    }
    if (added.isEmpty()) {
      return;
    }
    SavedWindow saved = SavedWindow.of(before, all, passesObjects);
    int last = added.size() - 1;
    added.set(last, saved.markedOn(added.get(last)));
    log.append(place, added);
    longestWindow.accumulateAndGet(all.stream().mapToInt(List::size).sum(), Math::max);
    Set<UUID> lead = new HashSet<>(saved.lead());
    List<Window.Item> items = new ArrayList<>();
    for (int i = 0; i < window.size(); i++) {
      items.add(Window.Item.of(window.get(i), all.get(i), lead.contains(all.get(i).get(0))));
    }
    remember(place, new Window(items, saved.without(), passesObjects));
  }

  private void remember(ConversationPlace place, Window window) {
    seen.put(Thread.currentThread(), new Seen(place.owner(), place.conversationId(), window));
  }

  private @Nullable Window seen(ConversationPlace place) {
    Seen last = seen.get(Thread.currentThread());
    return last != null && last.isOf(place) ? last.window() : null;
  }

  /**
   * @param read reads so many messages at the end of the log
   */
  private Shown shown(ConversationPlace place, IntFunction<MessageLog.Tail> read) {
    int longest = longestWindow.get();
    int few = longest == 0 ? pageSize : Math.min(pageSize, longest + BEYOND_WINDOW);
    MessageLog.Tail tail = read.apply(few);
    Optional<Shown> saved = saved(place, tail);
    if (saved.isEmpty() && few < pageSize && tail.hasMore()) {
      tail = read.apply(pageSize);
      saved = saved(place, tail);
    }
    return saved.isPresent() ? saved.get() : unsaved(tail);
  }

  /**
   * The window that was saved last; empty if none of these messages carries one, or its first
   * message was deleted.
   */
  private Optional<Shown> saved(ConversationPlace place, MessageLog.Tail tail) {
    List<StoredMessage> messages = tail.messages();
    for (int i = messages.size() - 1; i >= 0; i--) {
      Optional<SavedWindow> saved = SavedWindow.on(messages.get(i).message());
      if (saved.isPresent()) {
        List<StoredMessage> range = from(place, messages, saved.get().from());
        return range.isEmpty()
            ? Optional.empty()
            : Optional.of(shown(place, saved.get(), range, messages));
      }
    }
    return Optional.empty();
  }

  private List<StoredMessage> from(
      ConversationPlace place, List<StoredMessage> tail, UUID messageId) {
    for (int i = 0; i < tail.size(); i++) {
      if (tail.get(i).id().equals(messageId)) {
        return tail.subList(i, tail.size());
      }
    }
    return log.from(place, messageId);
  }

  private Shown shown(
      ConversationPlace place,
      SavedWindow saved,
      List<StoredMessage> range,
      List<StoredMessage> tail) {
    List<StoredMessage> lead = new ArrayList<>();
    for (UUID id : saved.lead()) {
      tail.stream()
          .filter(message -> message.id().equals(id))
          .findFirst()
          .or(() -> log.find(place, id))
          .ifPresent(lead::add);
    }
    Set<UUID> without = new HashSet<>();
    List<StoredMessage> rest = new ArrayList<>();
    for (StoredMessage message : range) {
      if (saved.without().contains(message.id())) {
        without.add(message.id());
      } else {
        rest.add(message);
      }
    }
    List<Entry> entries = new ArrayList<>(MessageCodec.decode(lead));
    int inLead = entries.size();
    entries.addAll(MessageCodec.decode(rest));
    return shown(entries, inLead, without, saved.passesObjects());
  }

  /** Of a conversation that no memory has saved: the last page, from a user message on. */
  private static Shown unsaved(MessageLog.Tail tail) {
    List<Entry> entries = MessageCodec.decode(tail.messages());
    if (tail.hasMore()) {
      for (int i = 0; i < entries.size(); i++) {
        if (entries.get(i).message().getMessageType() == MessageType.USER) {
          return shown(entries.subList(i, entries.size()), 0, Set.of(), false);
        }
      }
    }
    return shown(entries, 0, Set.of(), false);
  }

  private static Shown shown(
      List<Entry> entries, int inLead, Set<UUID> without, boolean passesObjects) {
    List<Window.Item> items = new ArrayList<>();
    for (Entry entry : entries) {
      items.add(Window.Item.of(entry.message(), entry.ids(), items.size() < inLead));
    }
    return new Shown(entries, new Window(items, without, passesObjects));
  }

  /** Deletes the conversation with its whole history. */
  @Override
  public void deleteByConversationId(String conversationId) {
    ConversationPlace place = log.placeOf(conversationId);
    log.delete(place);
    seen.remove(Thread.currentThread());
  }

  /** The settings of a repository. Not thread-safe. */
  public static final class Builder {

    private final ConversationStore store;
    private @Nullable ConversationPlaces places;
    private int pageSize = DEFAULT_PAGE_SIZE;
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
     * Sets how many stored messages the first round trip of a read takes at most. A conversation
     * that no memory has saved is read to this length.
     *
     * @param value 1 to 1,000; default {@value #DEFAULT_PAGE_SIZE}
     * @throws IllegalArgumentException if it is out of this range
     */
    public Builder pageSize(int value) {
      if (value < 1 || value > Page.MAX_LIMIT) {
        throw new IllegalArgumentException(
            "pageSize must be 1 to " + Page.MAX_LIMIT + ", but is " + value);
      }
      this.pageSize = value;
      return this;
    }

    /**
     * Sets what {@link #findByConversationId} does if the database is away and this node does not
     * know the conversation: true throws {@link io.conversationstore.UnknownWhileOfflineException},
     * false, the default, shows an empty window, so that a new chat can begin.
     */
    public Builder failWhileUnknown(boolean value) {
      this.failWhileUnknown = value;
      return this;
    }

    /**
     * Makes the repository.
     *
     * @throws IllegalStateException if neither owner nor places are set
     */
    public ConversationStoreChatMemoryRepository build() {
      if (places == null) {
        throw new IllegalStateException("set owner or places of the chat memory repository");
      }
      return new ConversationStoreChatMemoryRepository(this, places);
    }
  }
}
