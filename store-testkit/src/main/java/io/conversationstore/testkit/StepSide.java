package io.conversationstore.testkit;

import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.Owner;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One of the two stores that run a sequence, with values from its answers for later steps. */
final class StepSide {

  private final List<Owner> owners;
  private final Map<String, Cursor> cursors = new HashMap<>();
  private final @Nullable Supplier<ConversationStore> reopen;
  private ConversationStore store;

  StepSide(String tenants, ConversationStore store, @Nullable Supplier<ConversationStore> reopen) {
    this.owners =
        List.of(
            Owner.of(tenants + "a", "same user"),
            Owner.of(tenants + "b", "same user"),
            Owner.of(tenants + "a", "O'Brien \uD83D\uDE00"));
    this.store = store;
    this.reopen = reopen;
  }

  ConversationStore store() {
    return store;
  }

  List<Owner> owners() {
    return owners;
  }

  Owner owner(int index) {
    return owners.get(index);
  }

  @Nullable Cursor cursor(String place) {
    return cursors.get(place);
  }

  void keep(String place, @Nullable Cursor cursor) {
    if (cursor == null) {
      cursors.remove(place);
    } else {
      cursors.put(place, cursor);
    }
  }

  /** Does nothing if the store cannot be reopened. */
  void reopen() {
    if (reopen != null) {
      store = reopen.get();
    }
  }
}
