package io.conversationstore.jsonfile.internal.engine;

import io.conversationstore.Owner;
import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRef;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.MessageTable;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
import io.conversationstore.spi.LocalStore.MirroredMessage;
import io.conversationstore.spi.MirroredRows;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** All rows of the mirror, or of a former one, deleted ones included. Thread-safe. */
final class MirrorRows implements MirroredRows {
  private final SharedIndex shared;
  private final Contents contents;
  private final @Nullable Index former;

  /**
   * @param former the former mirror; null for the current one
   */
  MirrorRows(SharedIndex shared, Contents contents, @Nullable Index former) {
    this.shared = shared;
    this.contents = contents;
    this.former = former;
  }

  /** Former mirrors share the lock of the current one, because a compaction moves both. */
  private <T> T read(Function<Index, T> reading) {
    return shared.read(index -> reading.apply(former == null ? index : former));
  }

  /**
   * Leaves out owners whose epoch has risen since a former mirror was reset: it holds none of their
   * rows.
   */
  @Override
  public List<OwnerState> mirroredOwners() {
    return shared.read(
        index ->
            (former == null ? index : former)
                .owners().stream()
                    .filter(rows -> rows.epoch() >= index.epoch(rows.owner()))
                    .map(rows -> new OwnerState(rows.owner(), rows.epoch()))
                    .toList());
  }

  @Override
  public List<String> mirroredConversations(Owner owner) {
    return read(
        index -> {
          OwnerRows rows = index.find(owner);
          return rows == null ? List.of() : List.copyOf(rows.conversations().keySet());
        });
  }

  @Override
  public Optional<ConversationState> mirroredConversation(Owner owner, String conversationId) {
    return read(
        index ->
            Optional.ofNullable(index.find(owner, conversationId)).map(ConversationRows::header));
  }

  @Override
  public PreferencesState preferences(Owner owner) {
    return read(
        index -> {
          OwnerRows rows = index.find(owner);
          return rows == null ? PreferencesState.none(owner, 0) : rows.preferences();
        });
  }

  @Override
  public List<MessageState> mirroredMessages(
      Owner owner, String conversationId, long afterSeq, int limit) {
    return Reads.retrying(() -> contents.states(select(owner, conversationId, afterSeq, limit)));
  }

  Optional<MirroredMessage> at(Owner owner, String conversationId, long seq) {
    return read(
        index -> {
          ConversationRows rows = index.find(owner, conversationId);
          int found = rows == null ? -1 : rows.messages().find(seq);
          if (rows == null || found < 0) {
            return Optional.empty();
          }
          MessageRow row = rows.messages().get(found);
          return Optional.of(
              new MirroredMessage(
                  row.id(), index.epoch(owner), rows.generation(), row.version(), row.live()));
        });
  }

  private List<MessageRef> select(Owner owner, String conversationId, long afterSeq, int limit) {
    return read(
        index -> {
          List<MessageRef> refs = new ArrayList<>();
          ConversationRows rows = index.find(owner, conversationId);
          if (rows != null) {
            MessageTable messages = rows.messages();
            int found = messages.find(afterSeq);
            int at = found < 0 ? -found - 1 : found + 1;
            for (; at < messages.size() && refs.size() < limit; at++) {
              MessageRow row = messages.get(at);
              refs.add(
                  new MessageRef(
                      owner, conversationId, index.epoch(owner), rows.generation(), row));
            }
          }
          return refs;
        });
  }
}
