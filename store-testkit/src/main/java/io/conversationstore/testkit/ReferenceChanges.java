package io.conversationstore.testkit;

import io.conversationstore.AppendCondition;
import io.conversationstore.AppendConditionFailedException;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.Landing;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.Rebase;
import io.conversationstore.spi.StaleChangeException;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Applies one change, or the parts of a bulk, to a copy of its owner's data. If it throws, the
 * caller must discard the copy.
 */
final class ReferenceChanges {

  private final ModelOwner data;
  private final Owner owner;
  private final boolean replay;
  private final Instant now;
  private final List<State> states = new ArrayList<>();
  private final List<Applied.Dropped> dropped = new ArrayList<>();
  private final boolean remembersLastEditsOnly;
  private boolean changed;
  private boolean inBulk;

  ReferenceChanges(ModelOwner data, ApplyMode mode, Instant now, boolean remembersLastEditsOnly) {
    this.data = data;
    this.owner = data.owner;
    this.replay = mode == ApplyMode.REPLAY;
    this.now = now;
    this.remembersLastEditsOnly = remembersLastEditsOnly;
  }

  Applied outcome() {
    return new Applied(changed, latest(), dropped, null);
  }

  /** The final state of each row after all parts of a bulk. */
  private List<State> latest() {
    Map<State.Key, State> rows = new LinkedHashMap<>();
    states.forEach(state -> rows.put(state.key(), state));
    return List.copyOf(rows.values());
  }

  void apply(Change change) {
    change.accept(new Step());
  }

  private final class Step implements Change.Visitor<Void, RuntimeException> {
    @Override
    public Void conversationCreated(Change.ConversationCreated created) {
      create(created);
      return null;
    }

    @Override
    public Void toConversation(Change.ToConversation change) {
      ModelConversation conversation = target(change, change.ref());
      if (conversation != null) {
        boolean again = !data.applied.add(change.id());
        change.acceptInConversation(new ToLive(conversation, again));
      }
      return null;
    }

    @Override
    public Void preferencesPut(Change.PreferencesPut put) {
      put(put);
      return null;
    }

    @Override
    public Void ownerErased(Change.OwnerErased erased) {
      throw new IllegalArgumentException("an erasure is applied to the whole owner");
    }

    @Override
    public Void bulk(Change.Bulk bulk) {
      if (!bulk.isOnce() || isFirstTime(bulk)) {
        inBulk = true;
        parts(bulk).forEach(part -> part.accept(this));
      }
      return null;
    }
  }

  private final class ToLive implements Change.ConversationVisitor<Void, RuntimeException> {
    private final ModelConversation conversation;
    private final boolean again;

    ToLive(ModelConversation conversation, boolean again) {
      this.conversation = conversation;
      this.again = again;
    }

    @Override
    public Void conversationUpdated(Change.ConversationUpdated updated) {
      update(conversation, updated, again);
      return null;
    }

    @Override
    public Void conversationDeleted(Change.ConversationDeleted deleted) {
      delete(conversation, deleted);
      return null;
    }

    @Override
    public Void messagesAppended(Change.MessagesAppended appended) {
      append(conversation, appended);
      return null;
    }

    @Override
    public Void messageEdited(Change.MessageEdited edited) {
      edit(conversation, edited, again);
      return null;
    }

    @Override
    public Void messageDeleted(Change.MessageDeleted deleted) {
      deleteMessage(conversation, deleted);
      return null;
    }
  }

  /** Records a once-only bulk; drops it the next time. */
  private boolean isFirstTime(Change.Bulk bulk) {
    Change.ConversationCreated create = (Change.ConversationCreated) bulk.changes().get(0);
    if (!data.takenOver.add(bulk.id())) {
      drop(bulk, create.conversationId(), Applied.TAKEN_OVER_BEFORE);
      return false;
    }
    if (!create.id().equals(bulk.id()) && !data.landings.containsKey(create.id())) {
      drop(bulk, create.conversationId(), "its conversation was deleted");
      return false;
    }
    return true;
  }

  /** The parts of a bulk; a bulk applied before stays in its former generations. */
  private List<Change> parts(Change.Bulk bulk) {
    Map<String, Long> landed = new HashMap<>();
    for (Change part : replay ? bulk.changes() : List.<Change>of()) {
      Landing landing = data.landings.get(part.id());
      if (landing != null && landing.conversationId() != null) {
        landed.put(landing.conversationId(), landing.generation());
      }
    }
    return ((Change.Bulk) Rebase.onto(bulk, landed)).changes();
  }

  private void create(Change.ConversationCreated change) {
    String id = change.conversationId();
    List<ModelConversation> generations =
        data.conversations.computeIfAbsent(id, absent -> new ArrayList<>());
    ModelConversation latest = data.latest(id);
    Landing landing = data.landings.get(change.id());
    if (landing != null && latest != null) {
      boolean ended = latest.deleted || latest.generation != landing.generation();
      if (ended && !replay) {
        throw new ConversationNotFoundException(owner, id);
      } else if (ended) {
        drop(change, id, "the conversation that it created was deleted");
      } else {
        states.add(latest.state(owner));
      }
      return;
    }
    if (latest != null && !latest.deleted) {
      if (change.strict()) {
        throw new ConversationExistsException(owner, id);
      }
      if (replay || inBulk) {
        landed(change, latest, time(change));
      }
      states.add(latest.state(owner));
      return;
    }
    ModelConversation created =
        new ModelConversation(
            id,
            data.epoch,
            generations.size() + 1L,
            change.id(),
            time(change),
            change.conversation());
    generations.add(created);
    landed(change, created, time(change));
    changed = true;
    states.add(created.state(owner));
  }

  /** The conversation of a change; null if the change was dropped or is done. */
  private @Nullable ModelConversation target(Change change, ConversationRef ref) {
    ModelConversation latest = data.latest(ref.id());
    boolean named = ref.generation() != ConversationRef.LIVE;
    if (latest == null || (named && ref.generation() > latest.generation)) {
      throw new ConversationNotFoundException(owner, ref.id());
    }
    if (!latest.deleted && (!named || ref.generation() == latest.generation)) {
      return latest;
    }
    if (named && change instanceof Change.ConversationDeleted) {
      states.add(latest.state(owner));
      return null;
    }
    if (replay) {
      drop(change, ref.id(), "its conversation was deleted");
      return null;
    }
    if (named) {
      throw new StaleChangeException("generation " + ref.generation() + " is not live");
    }
    throw new ConversationNotFoundException(owner, ref.id());
  }

  private void update(
      ModelConversation conversation, Change.ConversationUpdated change, boolean again) {
    if (!again) {
      conversation.update(change.update(), time(change), replay);
      landed(change, conversation, time(change));
      changed = true;
    }
    states.add(conversation.state(owner));
  }

  private void delete(ModelConversation conversation, Change.ConversationDeleted change) {
    Landing landing = data.landings.get(change.id());
    if (landing != null && change.ref().generation() <= landing.generation()) {
      states.add(conversation.state(owner));
      return;
    }
    conversation.delete();
    landed(change, conversation, time(change));
    changed = true;
    states.add(conversation.state(owner));
  }

  private void append(ModelConversation conversation, Change.MessagesAppended change) {
    List<NewMessage> absent = new ArrayList<>();
    for (NewMessage message : change.messages()) {
      ModelMessage existing = conversation.message(message.id());
      if (existing == null) {
        absent.add(message);
      } else if (!existing.digest().equals(message.digest()) && !change.editExisting()) {
        throw new MessageConflictException(owner, conversation.id, message.id());
      }
    }
    if (!absent.isEmpty() && !holds(change.condition(), conversation)) {
      throw new AppendConditionFailedException(owner, conversation.id);
    }
    for (NewMessage message : change.messages()) {
      ModelMessage existing = conversation.message(message.id());
      if (existing == null) {
        conversation.append(message, time(change));
        changed = true;
      } else if (!existing.digest().equals(message.digest())) {
        overwrite(conversation, existing, change, message);
      }
    }
    states.add(conversation.state(owner));
    for (NewMessage message : change.messages()) {
      states.add(message(conversation, message.id()).state(owner, conversation));
    }
  }

  /** A save over an existing message; a deleted one stays deleted. */
  private void overwrite(
      ModelConversation conversation,
      ModelMessage existing,
      Change.MessagesAppended change,
      NewMessage message) {
    if (!existing.isLive()) {
      if (replay) {
        drop(change, conversation.id, "message " + message.id() + " was deleted");
      }
    } else if (!existing.live().message().content().equals(message.message().content())) {
      MessageEdit edit = MessageEdit.of(message.message().content());
      changed |= conversation.edit(existing, edit, time(change), replay);
    }
  }

  private static boolean holds(AppendCondition condition, ModelConversation conversation) {
    if (!condition.checksLast()) {
      return true;
    }
    List<ModelMessage> live = conversation.liveMessages();
    UUID last = live.isEmpty() ? null : live.get(live.size() - 1).id();
    return Objects.equals(last, condition.lastMessageId());
  }

  private void edit(ModelConversation conversation, Change.MessageEdited change, boolean again) {
    ModelMessage message = conversation.message(change.messageId());
    if (message != null && !message.isLive() && replay) {
      drop(change, conversation.id, "message " + change.messageId() + " was deleted");
      return;
    }
    if (message == null && replay && isOfEarlier(conversation, change.messageId())) {
      drop(change, conversation.id, "its conversation was deleted");
      return;
    }
    if (message == null || !message.isLive()) {
      throw new MessageNotFoundException(owner, conversation.id, change.messageId());
    }
    String key = conversation.id + "/" + conversation.generation + "/" + message.id();
    boolean done = remembersLastEditsOnly ? change.id().equals(data.lastEdits.get(key)) : again;
    if (!done && conversation.edit(message, change.edit(), time(change), replay)) {
      data.lastEdits.put(key, change.id());
      landed(change, conversation, time(change));
      changed = true;
    }
    states.add(conversation.state(owner));
    states.add(message(conversation, change.messageId()).state(owner, conversation));
  }

  /** Whether a message was appended to an earlier generation, and deleted with it. */
  private boolean isOfEarlier(ModelConversation conversation, UUID messageId) {
    return data.conversations.getOrDefault(conversation.id, List.of()).stream()
        .anyMatch(other -> other != conversation && other.message(messageId) != null);
  }

  private void deleteMessage(ModelConversation conversation, Change.MessageDeleted change) {
    ModelMessage message = conversation.message(change.messageId());
    if (message != null && message.isLive()) {
      conversation.deleteMessage(message);
      changed = true;
    }
    states.add(conversation.state(owner));
    if (message != null) {
      states.add(message(conversation, change.messageId()).state(owner, conversation));
    }
  }

  private static ModelMessage message(ModelConversation conversation, UUID messageId) {
    return Objects.requireNonNull(conversation.message(messageId), "it was put there");
  }

  private void put(Change.PreferencesPut change) {
    PreferencesUpdate update = change.update();
    String active = update.activeConversation();
    long generation = active == null ? 0 : change.activeGeneration();
    if (active != null) {
      ModelConversation live = data.live(active);
      if (generation == ConversationRef.LIVE && live == null) {
        if (replay && data.latest(active) != null) {
          drop(change, active, "the conversation that it chooses was deleted");
          return;
        }
        throw new ConversationNotFoundException(owner, active);
      }
      if (!replay && generation != ConversationRef.LIVE && isNot(live, generation)) {
        throw new StaleChangeException("generation " + generation + " is not live");
      }
      generation =
          generation == ConversationRef.LIVE && live != null ? live.generation : generation;
    }
    PreferencesState before = data.preferences;
    if (data.applied.add(change.id()) || remembersLastEditsOnly) {
      boolean writesActive =
          update.setsActiveConversation() && wins(before.activeConversationTime(), time(change));
      boolean writesModel =
          update.setsSelectedModel() && wins(before.selectedModelTime(), time(change));
      data.preferences =
          new PreferencesState(
              owner,
              data.epoch,
              before.version() + 1,
              writesActive ? active : before.activeConversation(),
              writesActive ? generation : before.activeGeneration(),
              writesActive ? time(change) : before.activeConversationTime(),
              writesModel ? update.selectedModel() : before.selectedModel(),
              writesModel ? time(change) : before.selectedModelTime());
      if (writesActive || writesModel) {
        data.landings.put(change.id(), new Landing(null, 0, time(change)));
        changed = true;
      }
    }
    states.add(data.preferences);
  }

  private static boolean isNot(@Nullable ModelConversation live, long generation) {
    return live == null || live.generation != generation;
  }

  private boolean wins(@Nullable Instant written, Instant at) {
    return !replay || written == null || at.isAfter(written);
  }

  /**
   * Live changes take the present time; replayed ones keep their time unless it is in the future.
   */
  private Instant time(Change change) {
    Instant made = change.stamp().time();
    return replay && made.isBefore(now) ? made : now;
  }

  private void landed(Change change, ModelConversation conversation, Instant at) {
    data.landings.put(change.id(), new Landing(conversation.id, conversation.generation, at));
  }

  private void drop(Change change, String conversationId, String reason) {
    dropped.add(new Applied.Dropped(change.id(), conversationId, reason));
  }
}
