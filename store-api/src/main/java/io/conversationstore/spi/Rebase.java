package io.conversationstore.spi;

import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.Change.ToConversation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Moves changes that were queued behind a create to the generation that the create was given. Such
 * a change names {@link ConversationRef#LIVE}; it means the conversation that its writer created,
 * not one created later under the same id.
 */
public final class Rebase {

  private Rebase() {}

  /**
   * The same change with known generations filled in where it names none.
   *
   * @param generations generations by conversation id, all of the change's owner
   */
  public static Change onto(Change change, Map<String, Long> generations) {
    if (generations.isEmpty()) {
      return change;
    }
    return change.accept(new Onto(generations));
  }

  /**
   * The same change for sending. If no settlement gave it a generation, it names the one that the
   * node showed, if any ({@link ConversationRef#following}).
   */
  public static Change ontoShown(Change change) {
    ConversationRef ref = change.ref();
    if (change instanceof ToConversation to && ref != null && ref.generation() < 0) {
      return to.withGeneration(ConversationRef.shown(ref.generation()));
    }
    if (change instanceof PreferencesPut put && put.activeGeneration() < 0) {
      return new PreferencesPut(
          put.stamp(), put.update(), ConversationRef.shown(put.activeGeneration()));
    }
    return change;
  }

  private record Onto(Map<String, Long> generations)
      implements Change.Visitor<Change, RuntimeException> {
    @Override
    public Change conversationCreated(ConversationCreated create) {
      return create;
    }

    @Override
    public Change toConversation(ToConversation change) {
      Long generation = generations.get(change.ref().id());
      return generation == null || !ConversationRef.isOpen(change.ref().generation())
          ? change
          : change.withGeneration(generation);
    }

    @Override
    public Change preferencesPut(PreferencesPut put) {
      String active = put.update().activeConversation();
      Long generation = active == null ? null : generations.get(active);
      return generation == null || !ConversationRef.isOpen(put.activeGeneration())
          ? put
          : new PreferencesPut(put.stamp(), put.update(), generation);
    }

    @Override
    public Change ownerErased(OwnerErased erasure) {
      return erasure;
    }

    @Override
    public Change bulk(Bulk bulk) {
      List<Change> parts = new ArrayList<>();
      for (Change part : bulk.changes()) {
        // A create that joins an existing conversation must not create it again after a delete.
        boolean joins =
            part instanceof ConversationCreated create
                && generations.containsKey(create.conversationId());
        if (!joins) {
          parts.add(part.accept(this));
        }
      }
      return new Bulk(bulk.stamp(), parts);
    }
  }
}
