package io.conversationstore.jsonfile.internal.apply;

import io.conversationstore.AppendConditionFailedException;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.Provenance;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.format.LineOutline;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ErasureCounts;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.ConversationVisitor;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.Change.ToConversation;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.StaleChangeException;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.Transitions;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Decides the effects of a change from the index, the change and the store's time alone, so a
 * replay of a log gives the same result. Not thread-safe.
 */
public final class ChangePlanner {
  /** Copies that an erasure of local files cannot reach. */
  static final List<String> NOT_COVERED =
      List.of(
          "earlier backups and copies of the directory",
          "blocks that the file system or the drive has freed but not overwritten");

  private static final String DELETED = "its conversation was deleted";
  private static final String ERASED = "its owner was erased";

  private final Index index;
  private final ApplyMode mode;
  private final Instant now;
  private final List<Place> places;
  private final StagedChange staged;
  private final @Nullable ErasureCounts erasure;
  private final boolean outlined;
  private int nextPlace;

  private ChangePlanner(
      Index index,
      ApplyMode mode,
      Instant now,
      List<Place> places,
      StagedChange staged,
      @Nullable ErasureCounts erasure,
      boolean outlined) {
    this.index = index;
    this.mode = mode;
    this.now = now;
    this.places = places;
    this.staged = staged;
    this.erasure = erasure;
    this.outlined = outlined;
  }

  /**
   * Plans a change.
   *
   * @param now the store's time
   * @param places of the change's contents, in the order of {@link LineOutline#contents}
   * @param erasure the counts that an erasure recorded in its line; null if it is planned for the
   *     first time
   * @param outlined whether the change is replayed from the log, its messages without contents: see
   *     {@link LineOutline}
   * @throws ContentNeededException if it is outlined, and the contents are needed
   */
  public static StagedChange plan(
      Index index,
      Contents contents,
      Change change,
      ApplyMode mode,
      Instant now,
      List<Place> places,
      @Nullable ErasureCounts erasure,
      boolean outlined)
      throws IOException {
    StagedChange staged = new StagedChange(index, contents, change.owner(), !outlined);
    ChangePlanner planner = new ChangePlanner(index, mode, now, places, staged, erasure, outlined);
    if (change instanceof OwnerErased || planner.isOfPresentEpoch(change)) {
      change.accept(planner.new Step(index.isRecent(change.id())));
    }
    return staged;
  }

  private boolean isOfPresentEpoch(Change change) {
    long epoch = change.stamp().epoch();
    if (epoch == ChangeStamp.PRESENT_EPOCH || epoch == staged.epoch()) {
      return true;
    }
    if (mode == ApplyMode.LIVE) {
      throw new StaleChangeException("epoch " + epoch + " of " + change.owner() + " has ended");
    }
    staged.drop(change, null, ERASED);
    return false;
  }

  /** Plans the parts of one change. */
  private final class Step
      implements Change.Visitor<Void, IOException>, ConversationVisitor<Void, IOException> {
    private final boolean again;

    /**
     * @param again whether the whole change was applied before
     */
    Step(boolean again) {
      this.again = again;
    }

    @Override
    public Void conversationCreated(ConversationCreated change) {
      create(change);
      return null;
    }

    @Override
    public Void toConversation(ToConversation change) throws IOException {
      return change.acceptInConversation(this);
    }

    @Override
    public Void conversationUpdated(ConversationUpdated change) {
      update(change, again);
      return null;
    }

    @Override
    public Void conversationDeleted(ConversationDeleted change) {
      delete(change, again);
      return null;
    }

    @Override
    public Void messagesAppended(MessagesAppended change) throws IOException {
      int first = nextPlace;
      nextPlace += change.messages().size();
      append(change, first, again);
      return null;
    }

    @Override
    public Void messageEdited(MessageEdited change) throws IOException {
      edit(change, nextPlace++, again);
      return null;
    }

    @Override
    public Void messageDeleted(MessageDeleted change) throws IOException {
      deleteMessage(change);
      return null;
    }

    @Override
    public Void preferencesPut(PreferencesPut change) {
      put(change, again);
      return null;
    }

    @Override
    public Void ownerErased(OwnerErased change) {
      erase(change);
      return null;
    }

    @Override
    public Void bulk(Bulk bulk) throws IOException {
      for (Change part : bulk.changes()) {
        part.accept(this);
      }
      return null;
    }
  }

  private Instant at(Change change) {
    Instant made = Micros.truncated(change.stamp().time());
    return mode == ApplyMode.LIVE || made.isAfter(now) ? now : made;
  }

  /** The live conversation of a change; null if the change was dropped. */
  private @Nullable ConversationState target(Change change, ConversationRef ref) {
    ConversationState header = staged.header(ref.id());
    if (header == null) {
      throw new ConversationNotFoundException(change.owner(), ref.id());
    }
    boolean named = ref.generation() != ConversationRef.LIVE;
    if (header.isLive() && (!named || ref.generation() == header.generation())) {
      return header;
    }
    if (mode == ApplyMode.REPLAY) {
      if (named && ref.generation() > header.generation()) {
        throw new ConversationNotFoundException(change.owner(), ref.id());
      }
      staged.drop(change, ref.id(), DELETED);
      return null;
    }
    if (!named) {
      throw new ConversationNotFoundException(change.owner(), ref.id());
    }
    throw new StaleChangeException(
        "generation " + ref.generation() + " of conversation " + ref.id() + " is not live");
  }

  // Conversations

  private void create(ConversationCreated change) {
    Owner owner = change.owner();
    String id = change.conversationId();
    ConversationState header = staged.header(id);
    if (header != null && header.createdBy().equals(change.id())) {
      if (header.isLive()) {
        staged.show(header);
      } else if (mode == ApplyMode.REPLAY) {
        staged.drop(change, id, DELETED);
      } else {
        throw new ConversationNotFoundException(owner, id);
      }
    } else if (header != null && header.isLive()) {
      if (change.strict()) {
        throw new ConversationExistsException(owner, id);
      }
      staged.show(header);
    } else {
      long generation = header == null ? 1 : header.generation() + 1;
      staged.putHeader(
          Transitions.created(
              owner,
              change.conversation(),
              id,
              staged.epoch(),
              generation,
              at(change),
              change.id()),
          true);
    }
  }

  private void update(ConversationUpdated change, boolean again) {
    ConversationState header = target(change, change.ref());
    if (header == null) {
      return;
    }
    Live live = header.requireLive();
    Live updated = Transitions.updated(live, change.update(), at(change), mode);
    if (again || updated.equals(live)) {
      staged.show(header);
    } else {
      staged.putHeader(header.next(updated, header.lastSeq()), false);
    }
  }

  private void delete(ConversationDeleted change, boolean again) {
    ConversationRef ref = change.ref();
    ConversationState header = staged.header(ref.id());
    boolean named = header != null && header.generation() == ref.generation();
    if (header != null && !header.isLive() && (named || again || mode == ApplyMode.REPLAY)) {
      staged.show(header);
      return;
    }
    ConversationState target = target(change, ref);
    if (target != null) {
      staged.putHeader(target.next(null, target.lastSeq()), false);
    }
  }

  // Messages

  private void append(MessagesAppended change, int firstPlace, boolean again) throws IOException {
    ConversationState header = target(change, change.ref());
    if (header == null) {
      return;
    }
    Owner owner = change.owner();
    String id = header.id();
    boolean noneThere = true;
    boolean allThere = true;
    for (NewMessage message : change.messages()) {
      MessageRow row = staged.message(id, message.id());
      noneThere &= row == null;
      allThere &= row != null;
      if (row != null && !change.editExisting() && !isSame(header, row, message)) {
        throw new MessageConflictException(owner, id, message.id());
      }
    }
    if (!allThere && change.condition().checksLast()) {
      MessageRow last = staged.last(id);
      UUID expected = change.condition().lastMessageId();
      if (last == null ? expected != null : !last.id().equals(expected)) {
        throw new AppendConditionFailedException(owner, id);
      }
    }
    Instant at = at(change);
    Live live = header.requireLive();
    long seq = header.lastSeq();
    boolean changed = false;
    staged.show(header);
    for (int i = 0; i < change.messages().size(); i++) {
      NewMessage message = change.messages().get(i);
      Place place = places.get(firstPlace + i);
      MessageRow row =
          noneThere ? staged.staged(id, message.id()) : staged.message(id, message.id());
      if (row == null) {
        Instant created = Transitions.messageTime(live, message, at);
        seq++;
        live = Transitions.appended(live, created, message.message().usage(), at);
        row =
            new MessageRow(
                message.id(), seq, 1, Micros.of(created), MessageRow.NEVER, true, place, null);
        staged.putMessage(
            header, row, outlined ? null : state(header, message, seq, created), true);
        changed = true;
      } else if (!again
          && !isSame(header, row, message)
          && rewrite(header, row, message, place, at)) {
        live = Transitions.updated(live, ConversationUpdate.touch(), at, mode);
        changed = true;
      } else if (!outlined) {
        staged.show(staged.state(header, row));
      }
    }
    if (changed) {
      staged.putHeader(header.next(live, seq), false);
    }
  }

  private static MessageState state(
      ConversationState header, NewMessage message, long seq, Instant created) {
    return new MessageState(
        header.owner(),
        header.id(),
        header.epoch(),
        header.generation(),
        1,
        seq,
        message.id(),
        message.digest(),
        new StoredMessage(header.id(), message.id(), seq, created, null, message.message()));
  }

  private boolean isSame(ConversationState header, MessageRow row, NewMessage message)
      throws IOException {
    return staged.state(header, row).digest().equals(message.digest());
  }

  /** Replaces the content of an existing message by that of a save; returns whether it changed. */
  private boolean rewrite(
      ConversationState header, MessageRow row, NewMessage message, Place place, Instant at)
      throws IOException {
    if (outlined) {
      throw new ContentNeededException();
    }
    MessageState state = staged.state(header, row);
    StoredMessage stored = state.message();
    if (stored == null || stored.message().content().equals(message.message().content())) {
      return false;
    }
    MessageEdit edit = MessageEdit.of(message.message().content());
    return replaceContent(header, row, state, edit, place, at);
  }

  private boolean replaceContent(
      ConversationState header,
      MessageRow row,
      MessageState state,
      MessageEdit edit,
      Place place,
      Instant at) {
    MessageState edited = Transitions.edited(state, edit, at, mode);
    if (edited == null) {
      staged.show(state);
      return false;
    }
    Instant editedAt = edited.requireLive().editedAt();
    staged.putMessage(
        header,
        row.edited(edited.version(), Micros.of(editedAt == null ? at : editedAt), place),
        edited,
        false);
    return true;
  }

  private void edit(MessageEdited change, int place, boolean again) throws IOException {
    ConversationState header = target(change, change.ref());
    if (header == null) {
      return;
    }
    MessageRow row = staged.message(header.id(), change.messageId());
    if (row != null && !row.live() && mode == ApplyMode.REPLAY) {
      staged.drop(change, header.id(), "its message was deleted");
      return;
    }
    if (row == null || !row.live()) {
      throw new MessageNotFoundException(change.owner(), header.id(), change.messageId());
    }
    staged.show(header);
    MessageState state = staged.state(header, row);
    Instant at = at(change);
    if (again) {
      staged.show(state);
    } else if (replaceContent(header, row, state, change.edit(), places.get(place), at)) {
      Live touched =
          Transitions.updated(header.requireLive(), ConversationUpdate.touch(), at, mode);
      staged.putHeader(header.next(touched, header.lastSeq()), false);
    }
  }

  private void deleteMessage(MessageDeleted change) throws IOException {
    ConversationState header = target(change, change.ref());
    if (header == null) {
      return;
    }
    staged.show(header);
    MessageRow row = staged.message(header.id(), change.messageId());
    if (row == null) {
      return;
    }
    MessageState state = staged.state(header, row);
    StoredMessage stored = state.message();
    if (stored == null) {
      staged.show(state);
      return;
    }
    staged.putMessage(
        header, row.deleted(Micros.of(at(change))), Transitions.deleted(state), false);
    staged.putHeader(
        header.next(Transitions.messageRemoved(header.requireLive(), stored), header.lastSeq()),
        false);
  }

  // The owner

  private void put(PreferencesPut change, boolean again) {
    PreferencesState state = staged.preferences();
    if (state.epoch() != staged.epoch()) {
      state = PreferencesState.none(change.owner(), staged.epoch());
    }
    PreferencesUpdate update = change.update();
    long generation = change.activeGeneration();
    String active = update.setsActiveConversation() ? update.activeConversation() : null;
    if (active != null) {
      ConversationState header = staged.header(active);
      boolean live =
          header != null
              && header.isLive()
              && (generation == ConversationRef.LIVE || generation == header.generation());
      if (live && header != null) {
        generation = header.generation();
      } else if (mode == ApplyMode.LIVE) {
        throw new ConversationNotFoundException(change.owner(), active);
      } else {
        staged.drop(change, active, DELETED);
        update =
            update.setsSelectedModel()
                ? PreferencesUpdate.none().withSelectedModel(update.selectedModel())
                : PreferencesUpdate.none();
      }
    }
    PreferencesState next = Transitions.put(state, update, generation, at(change), mode);
    boolean same =
        next.equals(
            new PreferencesState(
                state.owner(),
                state.epoch(),
                next.version(),
                state.activeConversation(),
                state.activeGeneration(),
                state.activeConversationTime(),
                state.selectedModel(),
                state.selectedModelTime()));
    if (again || same) {
      staged.show(state);
    } else {
      staged.putPreferences(next);
    }
  }

  private void erase(OwnerErased change) {
    Owner owner = change.owner();
    OwnerRows rows = index.find(owner);
    ErasureCounts earlier = rows == null ? null : rows.erasures().get(change.id());
    if (earlier == null) {
      if (!isOfPresentEpoch(change)) {
        return;
      }
      earlier =
          erasure != null
              ? erasure
              : new ErasureCounts(
                  Micros.of(at(change)),
                  rows == null ? 0 : rows.liveConversations(),
                  rows == null ? 0 : rows.liveMessages());
      staged.erase(change.id(), earlier);
      staged.show(new OwnerState(owner, staged.epoch() + 1));
    } else {
      staged.show(new OwnerState(owner, staged.epoch()));
    }
    staged.setReceipt(
        new ErasureReceipt(
            owner,
            change.id(),
            Micros.instant(earlier.atMicros()),
            false,
            List.of(
                new ErasureReceipt.Removal(
                    Provenance.Source.LOCAL_FILES, earlier.conversations(), earlier.messages())),
            NOT_COVERED));
  }
}
