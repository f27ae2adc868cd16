package io.conversationstore.jsonfile.internal.index;

import io.conversationstore.Owner;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore.Placed;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The state that the log describes, without contents. Only the log thread writes it, under the
 * engine's write lock; readers hold the read lock.
 */
public final class Index {
  /**
   * The work that an erasure leaves in the files.
   *
   * @param epoch rows of lower epochs are to be removed
   * @param line the owner's changes before this line are to be removed
   */
  public record DueErasure(long epoch, long line) {
    private DueErasure and(DueErasure other) {
      return new DueErasure(Math.max(epoch, other.epoch), Math.max(line, other.line));
    }
  }

  private static final int RECENT_CHANGES = 4_096;
  private static final long ROW_OVERHEAD = 350;
  private static final long CONVERSATION_OVERHEAD = 800;

  private final Map<Owner, OwnerRows> owners = new HashMap<>();
  private final PendingQueue pending;
  private final Map<UUID, Boolean> recent =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<UUID, Boolean> eldest) {
          return size() > RECENT_CHANGES;
        }
      };
  private FeedPosition position = FeedPosition.START;
  private long mirrorAsOfMicros = MessageRow.NEVER;
  private boolean standaloneContent;
  private boolean formerEpochs;
  private long usesOfDeleted;
  private final Map<Owner, DueErasure> dueErasures = new HashMap<>();

  /** Mirrors that were reset, kept until the current one is complete, oldest first. */
  private final List<Index> formerMirrors = new ArrayList<>();

  public Index() {
    this(new PendingQueue());
  }

  private Index(PendingQueue pending) {
    this.pending = pending;
  }

  /**
   * A thread-safe view of the current rows and of the pending and parked changes in order. Its cost
   * grows with the number of conversations and pending changes.
   */
  public Index frozen() {
    Index view = new Index(pending.frozen());
    owners.forEach((owner, rows) -> view.owners.put(owner, rows.frozen()));
    view.recent.putAll(recent);
    view.dueErasures.putAll(dueErasures);
    view.position = position;
    view.mirrorAsOfMicros = mirrorAsOfMicros;
    view.standaloneContent = standaloneContent;
    view.formerEpochs = formerEpochs;
    view.usesOfDeleted = usesOfDeleted;
    view.formerMirrors.addAll(formerMirrors);
    return view;
  }

  public @Nullable OwnerRows find(Owner owner) {
    return owners.get(owner);
  }

  public OwnerRows owner(Owner owner) {
    return owners.computeIfAbsent(owner, OwnerRows::new);
  }

  public @Nullable ConversationRows find(Owner owner, String conversationId) {
    OwnerRows rows = owners.get(owner);
    return rows == null ? null : rows.conversations().get(conversationId);
  }

  public long epoch(Owner owner) {
    OwnerRows rows = owners.get(owner);
    return rows == null ? 0 : rows.epoch();
  }

  public Collection<OwnerRows> owners() {
    return owners.values();
  }

  public PendingQueue pending() {
    return pending;
  }

  public FeedPosition position() {
    return position;
  }

  /** {@link MessageRow#NEVER} if the mirror was never complete. */
  public long mirrorAsOfMicros() {
    return mirrorAsOfMicros;
  }

  public void followed(@Nullable FeedPosition newPosition, long asOfMicros) {
    if (newPosition != null) {
      position = newPosition;
    }
    mirrorAsOfMicros = Math.max(mirrorAsOfMicros, asOfMicros);
    if (mirrorAsOfMicros != MessageRow.NEVER) {
      formerMirrors.clear();
    }
  }

  public boolean standaloneContent() {
    return standaloneContent;
  }

  public void markStandalone() {
    standaloneContent = true;
  }

  /** Makes live conversations unmet, and forgets the rest. */
  public void becomeUnmet() {
    for (OwnerRows owner : owners.values()) {
      formerEpochs |= owner.epoch() > 0;
      owner.becomeUnmet();
    }
    standaloneContent = false;
  }

  /** Turns an unmet conversation into a row of the mirror. */
  public void met(Owner owner, String id, long epoch, long generation, List<Placed> places) {
    pending.met(owner, id, epoch, generation);
    OwnerRows rows = owners.get(owner);
    ConversationRows conversation = rows == null ? null : rows.conversations().get(id);
    if (rows == null || conversation == null || !conversation.isUnmet() || rows.epoch() > epoch) {
      return;
    }
    if (rows.epoch() < epoch) {
      // The files may hold text that was deleted here before the erasure elsewhere.
      formerEpochs = true;
      rows.moveEpoch(epoch);
    }
    conversation.met(generation, places);
  }

  /** Whether the files may hold rows whose epochs do not show whether they are erased. */
  public boolean hasFormerEpochs() {
    return formerEpochs;
  }

  public void setFormerEpochs(boolean newFormerEpochs) {
    formerEpochs = newFormerEpochs;
  }

  /** How many changes since the start depended on deleted rows. */
  public long usesOfDeleted() {
    return usesOfDeleted;
  }

  public void useDeleted() {
    usesOfDeleted++;
  }

  /** The erasures in the log whose text may still be in the files. */
  public Map<Owner, DueErasure> dueErasures() {
    return dueErasures;
  }

  /** Marks an owner's text before a line, and rows of epochs below this one, for removal. */
  public void markErased(Owner owner, long epoch, long line) {
    dueErasures.merge(owner, new DueErasure(epoch, line), DueErasure::and);
  }

  /** Whether the change was applied recently. */
  public boolean isRecent(UUID changeId) {
    return recent.containsKey(changeId);
  }

  public void addRecent(UUID changeId) {
    recent.put(changeId, Boolean.TRUE);
  }

  public Set<UUID> recent() {
    return recent.keySet();
  }

  /**
   * Empties the mirror. Owners keep their epochs, and unmet conversations stay.
   *
   * @param keep whether its rows stay among {@link #formerMirrors()}
   */
  public void resetMirror(boolean keep) {
    Index former = new Index();
    former.mirrorAsOfMicros = mirrorAsOfMicros;
    owners.forEach((owner, rows) -> former.owners.put(owner, rows.takeMet()));
    if (!keep) {
      formerMirrors.clear();
    } else if (former.owners.values().stream().anyMatch(OwnerRows::holdsRows)) {
      formerMirrors.add(former);
    }
    position = FeedPosition.START;
    mirrorAsOfMicros = MessageRow.NEVER;
  }

  /**
   * Mirrors that were reset, kept until the current one is complete, oldest first. Their lines
   * precede the reset, so a checkpoint or a compaction in between would drop them.
   */
  public List<Index> formerMirrors() {
    return formerMirrors;
  }

  /** Sets the counts in headers to the messages that are left after a repair. */
  public void recount() {
    for (OwnerRows owner : owners.values()) {
      owner.conversations().values().forEach(ConversationRows::recount);
    }
  }

  /** The approximate size of the log without garbage, in bytes. */
  public long usefulBytes() {
    long bytes = pending.bytes();
    for (OwnerRows owner : owners.values()) {
      for (ConversationRows conversation : owner.conversations().values()) {
        bytes += CONVERSATION_OVERHEAD;
        bytes += conversation.liveBytes() + conversation.liveMessages() * ROW_OVERHEAD;
      }
    }
    return bytes;
  }
}
