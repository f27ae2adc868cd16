package io.conversationstore.spi;

import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.Change.ToConversation;
import java.util.ArrayList;
import java.util.HashMap;
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
    return change.accept(new Onto(generations, true));
  }

  /**
   * The same change, with the earliest generations that it may get behind a create. It creates what
   * it did before.
   *
   * @param least generations by conversation id, all of the change's owner
   */
  public static Change following(Change change, Map<String, Long> least) {
    Map<String, Long> open = new HashMap<>();
    least.forEach((id, shown) -> open.put(id, ConversationRef.following(shown)));
    return open.isEmpty() ? change : change.accept(new Onto(open, false));
  }

  /**
   * The same change for sending. Where no settlement gave it a generation, it names the one that
   * the node showed, if any ({@link ConversationRef#following}).
   */
  public static Change ontoShown(Change change) {
    return onto(change, shown(change));
  }

  /** The generations, by conversation id, that a change names as {@link ConversationRef#shown}. */
  public static Map<String, Long> shown(Change change) {
    Map<String, Long> shown = new HashMap<>();
    for (Change part : change.parts()) {
      ConversationRef ref = part.ref();
      String active = part instanceof PreferencesPut put ? put.update().activeConversation() : null;
      if (ref != null && ref.generation() < ConversationRef.LIVE) {
        shown.put(ref.id(), ConversationRef.shown(ref.generation()));
      } else if (active != null && ((PreferencesPut) part).activeGeneration() < 0) {
        shown.put(active, ConversationRef.shown(((PreferencesPut) part).activeGeneration()));
      }
    }
    return Map.copyOf(shown);
  }

  /**
   * Fills in generations where none is named.
   *
   * @param joins whether creates of these conversations are left out
   */
  private record Onto(Map<String, Long> generations, boolean joins)
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
        boolean leftOut =
            joins
                && part instanceof ConversationCreated create
                && generations.containsKey(create.conversationId());
        if (!leftOut) {
          parts.add(part.accept(this));
        }
      }
      return new Bulk(bulk.stamp(), parts);
    }
  }
}
