package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.langchain4j.Difference.Shown;
import io.conversationstore.langchain4j.Difference.WhenUnclear;
import io.conversationstore.spi.UuidV7;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One conversation as a memory of LangChain4j uses it: reads windows, remembers what it showed, and
 * appends what is new. It never edits or deletes a message, except all of them by {@link #delete}.
 *
 * <p>Each read and each append costs one round trip. A second one is needed only when nothing is
 * remembered: for an update without a read before it, and once for a system message that is far
 * before the window.
 *
 * <p>Thread-safe: calls for one conversation run one after the other.
 */
final class ChatHistory {

  /** Threads that share a conversation may each have read before one of them writes. */
  private static final int REMEMBERED_WINDOWS = 3;

  private static final UuidV7 IDS = new UuidV7(Clock.systemUTC(), new SecureRandom());

  /** What a read shows, and where that ends. */
  private record Selected(List<Entry> entries, Edge edge) {}

  /** What a window takes of a view. */
  record Selection(List<Entry> entries, boolean needsMore) {}

  /** An append without an answer: repeated with the same ids, it is stored once. */
  private record Attempt(List<ChatMessage> messages, List<Message> turn) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final ConversationStore store;
  private final ConversationKey key;
  private final UnaryOperator<NewConversation> fresh;

  // Guarded by lock.
  private final Deque<Shown> shown = new ArrayDeque<>();
  private final KnownMessages known = new KnownMessages();
  private final Set<UUID> hidden = new LinkedHashSet<>();

  /** Where windows begin, until the next append says it; null if the messages say it. */
  private @Nullable UUID from;

  private @Nullable Entry system;
  private boolean lookedAtFirst;
  private @Nullable Attempt attempt;

  /**
   * @param fresh completes the conversation that the first append creates
   */
  ChatHistory(ConversationStore store, ConversationKey key, UnaryOperator<NewConversation> fresh) {
    this.store = store;
    this.key = key;
    this.fresh = fresh;
  }

  /**
   * The window, the system message first. A conversation that does not exist is empty. While the
   * database is away, so is one that this node does not know; one that it has shown before is as it
   * was shown.
   *
   * @param pageSize how many messages to read at once
   * @param selector what to show; the read goes on while it needs more
   */
  List<ChatMessage> window(int pageSize, Function<View, Selection> selector) {
    lock.lock();
    try {
      return read(pageSize, selector);
    } finally {
      lock.unlock();
    }
  }

  private List<ChatMessage> read(int pageSize, Function<View, Selection> selector) {
    List<Entry> entries;
    try {
      Selected selected = select(pageSize, selector);
      entries = selected.entries();
      entries.forEach(known::add);
      remember(new Shown(List.copyOf(entries), true, selected.edge()));
    } catch (ConversationNotFoundException none) {
      forget();
      entries = List.of();
      remember(new Shown(entries, true, Edge.NONE));
    } catch (UnknownWhileOfflineException unknown) {
      // The earlier window stays in use; an append needs no window.
      if (shown.isEmpty()) {
        remember(new Shown(List.of(), true, Edge.NONE));
      }
      entries = shown.getLast().entries();
    }
    List<ChatMessage> messages = new ArrayList<>(entries.size() + 1);
    if (system != null) {
      messages.add(system.message());
    }
    entries.forEach(entry -> messages.add(entry.message()));
    return messages;
  }

  private Selected select(int pageSize, Function<View, Selection> selector) {
    List<StoredMessage> tail = new ArrayList<>();
    MessageQuery query = MessageQuery.last(pageSize);
    while (true) {
      Page<StoredMessage> page = store.messages(key.owner(), key.conversationId(), query);
      tail.addAll(0, page.items());
      View view = View.of(tail, page.hasMore(), hidden, from);
      takeSystem(view);
      Selection selection = selector.apply(view.withSystem(system));
      if (!selection.needsMore() || view.whole()) {
        return new Selected(selection.entries(), Edge.of(tail, view, selection.entries()));
      }
      query =
          query
              .withCursor(page.cursor())
              .withLimit(Math.min(Page.MAX_LIMIT, Math.max(pageSize, tail.size())));
    }
  }

  private void takeSystem(View view) {
    if (view.system() != null) {
      system = view.system();
    } else if (view.earlierSystem() != null) {
      if (system == null || !system.id().equals(view.earlierSystem())) {
        system = find(view.earlierSystem());
      }
    } else if (!view.cut()) {
      system = null;
    } else if (system == null && !lookedAtFirst) {
      system = first();
    }
  }

  /** The first message, if it is a system message, as in conversations that others stored. */
  private @Nullable Entry first() {
    try {
      Page<StoredMessage> page =
          store.messages(key.owner(), key.conversationId(), MessageQuery.first(1));
      lookedAtFirst = true;
      return page.stream()
          .filter(message -> message.role() == Role.SYSTEM)
          .map(View::entry)
          .findFirst()
          .orElse(null);
    } catch (UnknownWhileOfflineException unknown) {
      // The window works without it, and the next one asks again.
      return null;
    }
  }

  private @Nullable Entry find(UUID id) {
    try {
      return store.findMessage(key.owner(), key.conversationId(), id).map(View::entry).orElse(null);
    } catch (UnknownWhileOfflineException unknown) {
      // The window works without it, and the next one asks again.
      return null;
    }
  }

  /** Appends messages; a system message that equals the present one is left out. */
  void add(List<ChatMessage> messages, int pageSize, Function<View, Selection> selector) {
    List<ChatMessage> added = new ArrayList<>(List.copyOf(messages));
    lock.lock();
    try {
      if (added.stream().anyMatch(SystemMessage.class::isInstance)) {
        refreshSystem(pageSize, selector);
        added.removeIf(message -> message instanceof SystemMessage && isPresent(message));
      }
      if (!added.isEmpty()) {
        extendShown(append(added, List.of(), hidden, from));
      }
    } finally {
      lock.unlock();
    }
  }

  private void refreshSystem(int pageSize, Function<View, Selection> selector) {
    try {
      select(pageSize, selector);
    } catch (ConversationNotFoundException none) {
      forget();
    } catch (UnknownWhileOfflineException unknown) {
      // What is remembered decides: nothing to change.
      return;
    }
  }

  /** A later set compares with what was shown and what was added since. */
  private void extendShown(List<Entry> appended) {
    if (!shown.isEmpty()) {
      Shown before = shown.removeLast();
      List<Entry> added = appended.stream().filter(entry -> !isSystem(entry)).toList();
      List<Entry> extended = new ArrayList<>(before.entries());
      extended.addAll(added);
      int surplus = Math.max(0, extended.size() - Page.MAX_LIMIT);
      shown.addLast(
          new Shown(
              extended.subList(surplus, extended.size()),
              false,
              before.edge().with(added, before.edge().above())));
    }
  }

  /** Makes the window this list: appends what is new in it. */
  void set(
      List<ChatMessage> given,
      WhenUnclear whenUnclear,
      int pageSize,
      Function<View, Selection> selector) {
    List<ChatMessage> list = List.copyOf(given);
    lock.lock();
    try {
      WhenUnclear effective = whenUnclear;
      if (shown.isEmpty()) {
        read(pageSize, selector);
        effective = whenUnclear == WhenUnclear.APPEND ? WhenUnclear.KEEP : whenUnclear;
      }
      compareAndAppend(list, effective);
    } finally {
      lock.unlock();
    }
  }

  private void compareAndAppend(List<ChatMessage> list, WhenUnclear whenUnclear) {
    List<ChatMessage> newSystems = newSystems(list);
    List<ChatMessage> others =
        list.stream().filter(message -> !(message instanceof SystemMessage)).toList();
    Shown before = before(others);
    Difference difference = difference(before, others, whenUnclear);
    Set<UUID> toHide = new LinkedHashSet<>(hidden);
    toHide.addAll(difference.hidden());

    List<ChatMessage> added = new ArrayList<>();
    List<@Nullable Predecessor> places = new ArrayList<>();
    int other = 0;
    for (ChatMessage message : list) {
      if (message instanceof SystemMessage) {
        if (newSystems.stream().anyMatch(each -> each == message)
            && added.stream().noneMatch(each -> each == message)) {
          added.add(message);
          places.add(null);
        }
        continue;
      }
      if (difference.matched().get(other) == null) {
        added.add(message);
        places.add(
            other < difference.tail()
                ? new Predecessor(other == 0 ? null : difference.matched().get(other - 1))
                : null);
      }
      other++;
    }
    boolean changed = difference.tail() > 0 || !difference.hidden().isEmpty();
    UUID begin = from;
    if (changed && whenUnclear == WhenUnclear.REPLACE) {
      toHide.addAll(before.edge().above());
      begin = before.edge().first() == null ? from : before.edge().first();
    }
    List<Entry> entries = List.of();
    if (added.isEmpty()) {
      hidden.addAll(toHide);
      from = begin;
    } else {
      entries = append(added, places, toHide, begin);
    }
    List<Entry> window = merged(difference, entries);
    Set<UUID> above = changed ? Set.of() : before.edge().above();
    remember(new Shown(window, false, before.edge().with(window, above)));
  }

  /** Where a placed message goes: behind a stored one, or behind the one before it in the turn. */
  private record Predecessor(@Nullable Entry stored) {}

  private static List<Entry> merged(Difference difference, List<Entry> appended) {
    List<Entry> window = new ArrayList<>();
    List<Entry> others = appended.stream().filter(entry -> !isSystem(entry)).toList();
    int next = 0;
    for (Entry matched : difference.matched()) {
      window.add(matched == null ? others.get(next++) : matched);
    }
    return window;
  }

  /** The last system message of the list counts; in a conversation without one, all do. */
  private List<ChatMessage> newSystems(List<ChatMessage> list) {
    List<ChatMessage> systems = list.stream().filter(SystemMessage.class::isInstance).toList();
    if (systems.isEmpty() || isPresent(systems.get(systems.size() - 1))) {
      return List.of();
    }
    return system == null ? systems : systems.subList(systems.size() - 1, systems.size());
  }

  private boolean isPresent(ChatMessage message) {
    return system != null
        && (system.message() == message || system.plain().equals(MessageMapping.write(message)));
  }

  private static boolean isSystem(Entry entry) {
    return entry.message() instanceof SystemMessage;
  }

  /** The latest window that shares an object with the list; else the latest. */
  private Shown before(List<ChatMessage> list) {
    for (Iterator<Shown> windows = shown.descendingIterator(); windows.hasNext(); ) {
      Shown window = windows.next();
      if (list.stream().anyMatch(window::holds)) {
        return window;
      }
    }
    return shown.getLast();
  }

  private Difference difference(Shown before, List<ChatMessage> list, WhenUnclear whenUnclear) {
    if (list.stream().noneMatch(before::holds)) {
      List<@Nullable Entry> stored = new ArrayList<>(list.size());
      list.forEach(message -> stored.add(known.find(message)));
      if (!stored.stream().allMatch(Objects::isNull)) {
        return Difference.ofStored(stored);
      }
    }
    return Difference.of(before, list, whenUnclear);
  }

  /**
   * Appends messages in one turn.
   *
   * @param places for each message where windows show it; null, or no element, for the end
   * @param toHide messages that windows do not show from then on
   * @param begin the message that windows do not go back beyond from then on, or null
   */
  private List<Entry> append(
      List<ChatMessage> messages,
      List<? extends @Nullable Predecessor> places,
      Set<UUID> toHide,
      @Nullable UUID begin) {
    List<Message> turn = new ArrayList<>(repeated(messages));
    List<Entry> entries = new ArrayList<>(messages.size());
    for (int i = 0; i < messages.size(); i++) {
      Message plain = MessageMapping.write(messages.get(i));
      if (i == turn.size()) {
        Predecessor place = i < places.size() ? places.get(i) : null;
        UUID after = null;
        if (place != null) {
          after =
              place.stored() != null ? place.stored().id() : i > 0 ? entries.get(i - 1).id() : null;
        }
        Placement placement =
            new Placement(
                i == messages.size() - 1 ? systemAfter(entries, messages.get(i)) : null,
                place != null,
                after,
                i == 0 ? Set.copyOf(toHide) : Set.of(),
                i == 0 ? begin : null);
        turn.add(placement.writeTo(plain).withId(IDS.get()));
      }
      UUID id = turn.get(i).id();
      if (id == null) {
        throw new IllegalStateException("a message of a turn has no id");
      }
      entries.add(new Entry(id, messages.get(i), plain));
    }
    attempt = new Attempt(List.copyOf(messages), List.copyOf(turn));
    store.append(
        key.owner(),
        fresh.apply(NewConversation.ofId(key.conversationId())).withId(key.conversationId()),
        turn,
        AppendCondition.always());
    attempt = null;
    hidden.addAll(toHide);
    hidden.removeAll(hiddenBy(turn));
    from = begin == null || begin.equals(Placement.of(turn.get(0)).from()) ? null : begin;
    entries.stream().filter(ChatHistory::isSystem).forEach(entry -> system = entry);
    return entries;
  }

  /** The part of a failed append that the list begins with, with the ids of that append. */
  private List<Message> repeated(List<ChatMessage> messages) {
    if (attempt == null || attempt.messages().size() > messages.size()) {
      return List.of();
    }
    for (int i = 0; i < attempt.messages().size(); i++) {
      if (attempt.messages().get(i) != messages.get(i)) {
        return List.of();
      }
    }
    return attempt.turn();
  }

  private static Set<UUID> hiddenBy(List<Message> turn) {
    Set<UUID> ids = new HashSet<>();
    turn.forEach(message -> ids.addAll(Placement.of(message).hides()));
    return ids;
  }

  /** The system message that holds after a turn, if a message is its last; else null. */
  private @Nullable UUID systemAfter(List<Entry> turn, ChatMessage last) {
    if (last instanceof SystemMessage) {
      return null;
    }
    UUID id = system == null ? null : system.id();
    for (Entry entry : turn) {
      id = isSystem(entry) ? entry.id() : id;
    }
    return id;
  }

  /** Deletes the conversation with its messages. */
  void delete() {
    lock.lock();
    try {
      store.delete(key.owner(), key.conversationId());
      forget();
      attempt = null;
    } finally {
      lock.unlock();
    }
  }

  private void remember(Shown window) {
    shown.addLast(window);
    if (shown.size() > REMEMBERED_WINDOWS) {
      shown.removeFirst();
    }
  }

  private void forget() {
    shown.clear();
    hidden.clear();
    from = null;
    system = null;
    lookedAtFirst = false;
  }
}
