package io.conversationstore.testkit;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.Message;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Provenance;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.ToolCall;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.SearchTokens;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.StaleChangeException;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.StoreEngine;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The engine of the {@link ReferenceStore}: one lock, plain collections, every read a scan. */
class ReferenceEngine implements StoreEngine {

  /** By code point, which equals the byte order of UTF-8. */
  private static final Comparator<String> BY_CODE_POINT =
      (a, b) ->
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  private static final Comparator<MessageState> BY_TIME =
      Comparator.comparing((MessageState message) -> message.requireLive().createdAt())
          .thenComparing(MessageState::conversationId, BY_CODE_POINT)
          .thenComparing(MessageState::seq);

  private static final Comparator<ConversationState> BY_USE =
      Comparator.comparing((ConversationState c) -> c.requireLive().updatedAt())
          .reversed()
          .thenComparing(ConversationState::id, BY_CODE_POINT);

  private final Clock clock;
  private final Instant since;

  /** Guarded by the lock. */
  UUID history = UUID.randomUUID();

  final Map<Owner, ModelOwner> owners = new HashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private boolean closed;

  ReferenceEngine(Clock clock) {
    this.clock = clock;
    this.since = clock.instant();
  }

  @Override
  public Applied apply(Change change, ApplyMode mode) {
    return locked(
        () -> {
          ModelOwner before = owner(change.owner());
          if (change instanceof Change.OwnerErased erased) {
            return erase(before, erased, mode);
          }
          long epoch = change.stamp().epoch();
          if (isStale(epoch, before.epoch, mode)) {
            return Applied.dropped(change.id(), null, "its owner was erased");
          }
          ModelOwner copy = before.copy();
          ReferenceChanges changes =
              new ReferenceChanges(copy, mode, now(), remembersLastEditsOnly());
          changes.apply(change);
          owners.put(change.owner(), copy);
          return changes.outcome();
        });
  }

  /** Whether repeated edits and preferences are recognised only until they are overwritten. */
  boolean remembersLastEditsOnly() {
    return false;
  }

  private static boolean isStale(long epoch, long present, ApplyMode mode) {
    if (epoch == ChangeStamp.PRESENT_EPOCH || epoch == present) {
      return false;
    }
    if (mode == ApplyMode.LIVE) {
      throw new StaleChangeException("epoch " + epoch + " is not the current one");
    }
    return epoch < present;
  }

  private Applied erase(ModelOwner before, Change.OwnerErased change, ApplyMode mode) {
    Owner owner = change.owner();
    OwnerState present = new OwnerState(owner, before.epoch);
    ErasureReceipt done = before.erasures.get(change.id());
    if (done != null) {
      return new Applied(false, List.of(present), List.of(), done);
    }
    // A later erasure also removes data written in between, which its node did not know.
    boolean isLater = change.stamp().time().isAfter(before.erasureAsked);
    if (isStale(change.stamp().epoch(), before.epoch, mode) && !isLater) {
      return Applied.dropped(change.id(), null, "its owner was erased");
    }
    OwnerCounts counts = counts(before);
    ErasureReceipt receipt =
        new ErasureReceipt(
            owner,
            change.id(),
            now(),
            false,
            List.of(
                new ErasureReceipt.Removal(
                    Provenance.Source.MEMORY, counts.conversations(), counts.messages())),
            List.of());
    ModelOwner after = new ModelOwner(owner);
    after.epoch = Math.max(before.epoch, change.stamp().epoch()) + 1;
    after.preferences = PreferencesState.none(owner, after.epoch);
    Instant made = change.stamp().time();
    Instant asked = mode == ApplyMode.REPLAY && made.isBefore(receipt.at()) ? made : receipt.at();
    after.erasureAsked = asked.isAfter(before.erasureAsked) ? asked : before.erasureAsked;
    after.erasures.putAll(before.erasures);
    after.erasures.put(change.id(), receipt);
    after.epochs.putAll(before.epochs);
    after.takenOver.addAll(before.takenOver);
    after.epochs.put(change.id(), after.epoch);
    owners.put(owner, after);
    return new Applied(true, List.of(new OwnerState(owner, after.epoch)), List.of(), receipt);
  }

  @Override
  public Provenance provenanceOf(Applied applied) {
    return provenance();
  }

  @Override
  public Found find(Owner owner, String conversationId) {
    return locked(
        () -> {
          ModelOwner data = owner(owner);
          ModelConversation latest = data.latest(conversationId);
          return new Found(latest == null ? null : latest.state(owner), data.epoch, provenance());
        });
  }

  @Override
  public MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return locked(
        () -> {
          ModelOwner data = owner(owner);
          ModelConversation conversation = data.live(conversationId);
          if (conversation == null) {
            throw new ConversationNotFoundException(owner, conversationId);
          }
          requireHistory(from);
          if (from != null
              && (from.epoch() != data.epoch || from.generation() != conversation.generation)) {
            throw new CursorExpiredException("its conversation was deleted");
          }
          List<MessageState> all =
              conversation.liveMessages().stream()
                  .map(message -> message.state(owner, conversation))
                  .toList();
          Predicate<MessageState> beyond =
              message ->
                  from == null
                      || (direction == Direction.FORWARD
                          ? message.seq() > from.seq()
                          : message.seq() < from.seq());
          return new MessageSlice(conversation.state(owner), slice(all, direction, beyond, limit));
        });
  }

  @Override
  public MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return locked(
        () -> {
          ModelOwner data = owner(owner);
          ModelConversation conversation = data.live(conversationId);
          if (conversation == null) {
            throw new ConversationNotFoundException(owner, conversationId);
          }
          List<MessageState> all =
              conversation.liveMessages().stream()
                  .map(message -> message.state(owner, conversation))
                  .toList();
          long seq =
              all.stream()
                  .filter(message -> message.messageId().equals(messageId))
                  .mapToLong(MessageState::seq)
                  .findFirst()
                  .orElseThrow(
                      () -> new MessageNotFoundException(owner, conversationId, messageId));
          Predicate<MessageState> wanted =
              message ->
                  (including && message.seq() == seq)
                      || (direction == Direction.FORWARD
                          ? message.seq() > seq
                          : message.seq() < seq);
          return new MessageSlice(
              conversation.state(owner),
              slice(all, direction, wanted, limit),
              new Position.InConversation(history, data.epoch, conversation.generation, seq, null));
        });
  }

  @Override
  public Optional<MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return locked(
        () -> {
          ModelConversation latest = owner(owner).latest(conversationId);
          ModelMessage message = latest == null ? null : latest.message(messageId);
          return latest == null || message == null
              ? Optional.empty()
              : Optional.of(message.state(owner, latest));
        });
  }

  @Override
  public Slice<MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return locked(
        () -> {
          requireHistory(from);
          List<MessageState> all = liveMessages(owner(owner)).sorted(BY_TIME).toList();
          Predicate<MessageState> beyond =
              message ->
                  from == null
                      || (direction == Direction.FORWARD
                          ? compare(message, from) > 0
                          : compare(message, from) < 0);
          return slice(all, direction, beyond, limit);
        });
  }

  private static int compare(MessageState message, Position.InHistory place) {
    int byTime = message.requireLive().createdAt().compareTo(place.createdAt());
    if (byTime != 0) {
      return byTime;
    }
    int byId = BY_CODE_POINT.compare(message.conversationId(), place.conversationId());
    return byId != 0 ? byId : Long.compare(message.seq(), place.seq());
  }

  private Slice<MessageState> slice(
      List<MessageState> all, Direction direction, Predicate<MessageState> beyond, int limit) {
    List<MessageState> rest = all.stream().filter(beyond).toList();
    int size = Math.min(limit, rest.size());
    List<MessageState> items =
        direction == Direction.FORWARD
            ? rest.subList(0, size)
            : rest.subList(rest.size() - size, rest.size());
    return new Slice<>(history, items, rest.size() > size, provenance());
  }

  /** Checks every word of every message, so engines with an index must agree with it. */
  @Override
  public Slice<MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return locked(
        () -> {
          requireHistory(from);
          String conversationId = filter.conversationId();
          if (conversationId != null && owner(owner).live(conversationId) == null) {
            throw new ConversationNotFoundException(owner, conversationId);
          }
          List<MessageState> rest =
              liveMessages(owner(owner))
                  .filter(m -> conversationId == null || m.conversationId().equals(conversationId))
                  .filter(m -> fits(filter, m.requireLive().message()))
                  .filter(m -> from == null || compare(m, from) < 0)
                  .sorted(BY_TIME.reversed())
                  .toList();
          int size = Math.min(limit, rest.size());
          return new Slice<>(history, rest.subList(0, size), rest.size() > size, provenance());
        });
  }

  private static boolean fits(MessageFilter filter, Message message) {
    if (filter instanceof MessageFilter.Words words) {
      return (words.role() == null || words.role() == message.role())
          && SearchTokens.of(message).containsAll(words.tokens());
    }
    String tool = ((MessageFilter.Tool) filter).name();
    return message.toolCalls().stream().map(ToolCall::name).toList().contains(tool);
  }

  @Override
  public Slice<ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    return locked(
        () -> {
          requireHistory(from);
          List<ConversationState> rest =
              owner(owner).live().stream()
                  .map(conversation -> conversation.state(owner))
                  .filter(state -> matches(state, query))
                  .filter(state -> from == null || isAfter(state, from))
                  .sorted(BY_USE)
                  .toList();
          int size = Math.min(query.limit(), rest.size());
          return new Slice<>(history, rest.subList(0, size), rest.size() > size, provenance());
        });
  }

  private static boolean matches(ConversationState state, ConversationQuery query) {
    State.Live live = state.requireLive();
    return (query.status() == null || query.status() == live.status())
        && (query.tag() == null || live.tags().contains(query.tag()))
        && (query.pinned() == null || query.pinned() == live.pinned())
        && live.metadata().entrySet().containsAll(query.metadata().entrySet())
        && (query.titleContains() == null
            || SearchTokens.fold(live.title()).contains(SearchTokens.fold(query.titleContains())))
        && (query.updatedFrom() == null || live.updatedAt().compareTo(query.updatedFrom()) >= 0)
        && (query.updatedBefore() == null || live.updatedAt().compareTo(query.updatedBefore()) < 0)
        && (query.createdFrom() == null || live.createdAt().compareTo(query.createdFrom()) >= 0)
        && (query.createdBefore() == null || live.createdAt().compareTo(query.createdBefore()) < 0);
  }

  private static boolean isAfter(ConversationState state, Position.InConversations place) {
    int byTime = place.updatedAt().compareTo(state.requireLive().updatedAt());
    return byTime > 0 || (byTime == 0 && BY_CODE_POINT.compare(state.id(), place.id()) > 0);
  }

  @Override
  public PreferencesState preferences(Owner owner) {
    return locked(() -> owner(owner).preferences);
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return locked(() -> counts(owner(owner)));
  }

  private static OwnerCounts counts(ModelOwner data) {
    return new OwnerCounts(data.live().size(), liveMessages(data).count());
  }

  private static Stream<MessageState> liveMessages(ModelOwner data) {
    return data.live().stream()
        .flatMap(
            conversation ->
                conversation.liveMessages().stream()
                    .map(message -> message.state(data.owner, conversation)));
  }

  @Override
  public long deleteMessagesBefore(Instant cutoff) {
    return locked(
        () -> {
          long removed = 0;
          for (ModelOwner data : owners.values()) {
            for (ModelConversation conversation : data.live()) {
              for (ModelMessage message : conversation.liveMessages()) {
                if (!conversation.pinned && message.live().createdAt().isBefore(cutoff)) {
                  conversation.deleteMessage(message);
                  removed++;
                }
              }
            }
          }
          return removed;
        });
  }

  /** Archiving does not count as use: the time of last use stays. */
  @Override
  public long archiveIdleBefore(Instant cutoff) {
    return locked(
        () -> {
          long archived = 0;
          for (ModelOwner data : owners.values()) {
            for (ModelConversation conversation : data.live()) {
              if (conversation.status == ConversationStatus.ACTIVE
                  && conversation.updatedAt.isBefore(cutoff)) {
                Instant lastUse = conversation.updatedAt;
                conversation.update(
                    ConversationUpdate.touch().withStatus(ConversationStatus.ARCHIVED),
                    now(),
                    false);
                conversation.updatedAt = lastUse;
                archived++;
              }
            }
          }
          return archived;
        });
  }

  @Override
  public StoreStatistics statistics(@Nullable String tenantId) {
    return locked(
        () -> {
          List<ModelOwner> counted =
              owners.values().stream()
                  .filter(data -> tenantId == null || data.owner.tenantId().equals(tenantId))
                  .filter(data -> !data.live().isEmpty())
                  .toList();
          Instant midnight = now().truncatedTo(ChronoUnit.DAYS);
          return new StoreStatistics(
              counted.stream().map(data -> data.owner.tenantId()).distinct().count(),
              counted.size(),
              counted.stream().mapToLong(data -> data.live().size()).sum(),
              counted.stream().flatMap(ReferenceEngine::liveMessages).count(),
              counted.stream()
                  .flatMap(ReferenceEngine::liveMessages)
                  .filter(message -> !message.requireLive().createdAt().isBefore(midnight))
                  .count());
        });
  }

  @Override
  public List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return locked(
        () -> {
          List<ActiveUser> active = new ArrayList<>();
          for (ModelOwner data : owners.values()) {
            if (data.owner.tenantId().equals(tenantId)) {
              List<Instant> times =
                  liveMessages(data)
                      .map(message -> message.requireLive().createdAt())
                      .filter(time -> !time.isBefore(since))
                      .sorted()
                      .toList();
              if (!times.isEmpty()) {
                active.add(new ActiveUser(data.owner, times.get(times.size() - 1), times.size()));
              }
            }
          }
          active.sort(
              Comparator.comparing(ActiveUser::lastActive)
                  .reversed()
                  .thenComparing(user -> user.owner().userId(), BY_CODE_POINT));
          return List.copyOf(active.subList(0, Math.min(limit, active.size())));
        });
  }

  @Override
  public StoreHealth health() {
    return locked(
        () -> StoreHealth.of(List.of(new StoreHealth.Check("reachable", true, "in memory"))));
  }

  @Override
  public StoreState state() {
    return locked(
        () ->
            new StoreState(
                StoreState.Mode.LOCAL_ONLY,
                since,
                "kept in memory",
                StoreState.Pending.NONE,
                null,
                null,
                null,
                List.of()));
  }

  /** The mode never changes. */
  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    Objects.requireNonNull(listener);
    return () -> {};
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  <T> T locked(Supplier<T> action) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the store is closed");
      }
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  final ModelOwner owner(Owner owner) {
    ModelOwner data = owners.get(owner);
    return data == null ? new ModelOwner(owner) : data;
  }

  private void requireHistory(@Nullable Position from) {
    if (from != null && !from.history().equals(history)) {
      throw new CursorExpiredException("it belongs to another history");
    }
  }

  private Provenance provenance() {
    return new Provenance(Provenance.Source.MEMORY, now(), true, false);
  }

  final Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
