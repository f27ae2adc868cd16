package io.conversationstore.hybrid;

import io.conversationstore.hybrid.SimStep.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A step of a small scope: an action of one of two nodes on the only conversation, or an event on a
 * node.
 *
 * @param node 0, which is called A, or 1, which is called B
 */
record ScopeStep(int node, Action action) {

  /** The action. */
  enum Action {
    CREATE_IF_ABSENT(Kind.CREATE_IF_ABSENT),
    CREATE(Kind.CREATE),
    APPEND(Kind.APPEND),
    /** Appends, and creates the conversation if there is none. */
    GROW(Kind.GROW),
    /** Edits the last message of any writer. */
    EDIT(Kind.EDIT),
    /** Deletes the last message of any writer. */
    DELETE_MESSAGE(Kind.DELETE_MESSAGE),
    DELETE(Kind.DELETE),
    SAVE(Kind.SAVE),
    ERASE(Kind.ERASE),
    /** The network of the node is cut. */
    CUT(null),
    HEAL(null),
    /** The network is cut after the node's next write is applied, before the answer. */
    LOSE_REPLY(null),
    /** The node is killed and restarted. */
    RESTART(null),
    /** The node is killed and restarted with an empty copy; pending changes are kept. */
    EVICT(null),
    /** The node's files are lost, and it restarts without any. */
    FRESH(null),
    /** The node's files are lost, and it restarts with a copy of the other node's. */
    CLONE(null);

    private final @Nullable Kind kind;

    Action(@Nullable Kind kind) {
      this.kind = kind;
    }

    boolean isCall() {
      return kind != null;
    }

    /** The client call of this action. */
    Kind kind() {
      if (kind == null) {
        throw new IllegalStateException(this + " is no call");
      }
      return kind;
    }

    /** Whether it targets an earlier message. */
    boolean isAimed() {
      return this == EDIT || this == DELETE_MESSAGE;
    }

    boolean writesMessages() {
      return this == APPEND || this == GROW || this == SAVE;
    }

    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Parses steps, such as {@code A:cut A:create-if-absent B:erase}. */
  static List<ScopeStep> parse(String text) {
    return Arrays.stream(text.trim().split("[ ,]+")).map(ScopeStep::one).toList();
  }

  private static ScopeStep one(String text) {
    String[] parts = text.split(":", -1);
    int node = parts.length == 2 ? List.of("A", "B").indexOf(parts[0]) : -1;
    for (Action action : Action.values()) {
      if (node >= 0 && action.text().equals(parts[1])) {
        return new ScopeStep(node, action);
      }
    }
    throw new IllegalArgumentException("not a step of a small scope: " + text);
  }

  @Override
  public String toString() {
    return (node == 0 ? "A:" : "B:") + action.text();
  }
}
