package io.conversationstore.postgres;

import io.conversationstore.Owner;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.PreferencesPut;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Changes of a batch that one statement can apply. A change goes into the first run of its kind
 * that is not before an earlier change of the same conversation or of the same owner's preferences.
 * This keeps the order per subject; within the transaction no reader sees the rest.
 *
 * @param places the changes' places in the batch
 */
record BatchRun(Kind kind, List<Change> changes, List<Integer> places) {

  /** The kind of changes in a run. */
  enum Kind {
    APPENDS,
    CREATES,
    OTHER
  }

  /** A conversation; with a null id, the preferences of the owner. */
  private record Subject(Owner owner, @Nullable String conversationId) {}

  static List<BatchRun> of(List<Change> changes) {
    List<BatchRun> runs = new ArrayList<>();
    Map<Subject, Integer> latest = new HashMap<>();
    for (int place = 0; place < changes.size(); place++) {
      Change change = changes.get(place);
      Kind kind = kind(change);
      int run = 0;
      for (Subject subject : subjects(change)) {
        run = Math.max(run, latest.getOrDefault(subject, 0));
      }
      while (run < runs.size() && runs.get(run).kind != kind) {
        run++;
      }
      if (run == runs.size()) {
        runs.add(new BatchRun(kind, new ArrayList<>(), new ArrayList<>()));
      }
      runs.get(run).changes.add(change);
      runs.get(run).places.add(place);
      for (Subject subject : subjects(change)) {
        latest.put(subject, run);
      }
    }
    return runs;
  }

  private static Kind kind(Change change) {
    return switch (change.kind()) {
      case MESSAGES_APPENDED ->
          ((MessagesAppended) change).condition().checksLast() ? Kind.OTHER : Kind.APPENDS;
      case CONVERSATION_CREATED ->
          ((ConversationCreated) change).strict() ? Kind.OTHER : Kind.CREATES;
      case CONVERSATION_UPDATED,
          CONVERSATION_DELETED,
          MESSAGE_EDITED,
          MESSAGE_DELETED,
          PREFERENCES_PUT,
          OWNER_ERASED,
          BULK ->
          Kind.OTHER;
    };
  }

  private static List<Subject> subjects(Change change) {
    Subject conversation = new Subject(change.owner(), Writes.conversationId(change));
    return change instanceof PreferencesPut
        ? List.of(conversation, new Subject(change.owner(), null))
        : List.of(conversation);
  }
}
