package io.conversationstore.jsonfile;

import io.conversationstore.Owner;
import io.conversationstore.spi.LocalStore.MirroredMessage;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** All rows of a mirror, deleted ones included: what a database may have lost. Thread-safe. */
final class MirrorRows {
  private final SharedIndex shared;
  private final Contents contents;

  MirrorRows(SharedIndex shared, Contents contents) {
    this.shared = shared;
    this.contents = contents;
  }

  List<OwnerState> owners() {
    return shared.read(
        index ->
            index.owners().stream()
                .map(rows -> new OwnerState(rows.owner(), rows.epoch()))
                .toList());
  }

  List<String> conversations(Owner owner) {
    return shared.read(
        index -> {
          OwnerRows rows = index.find(owner);
          return rows == null ? List.of() : List.copyOf(rows.conversations().keySet());
        });
  }

  List<MessageState> messages(Owner owner, String conversationId, long afterSeq, int limit) {
    return Reads.retrying(() -> contents.states(select(owner, conversationId, afterSeq, limit)));
  }

  Optional<MirroredMessage> at(Owner owner, String conversationId, long seq) {
    return shared.read(
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
    return shared.read(
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
