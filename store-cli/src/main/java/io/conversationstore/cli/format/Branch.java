package io.conversationstore.cli.format;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One path through a tree of messages, from its root to a leaf.
 *
 * @param nodes on the path, the root first
 * @param others the number of nodes that are on other branches
 */
record Branch<T>(List<T> nodes, int others) {

  Branch {
    nodes = List.copyOf(nodes);
  }

  /**
   * The path to a node.
   *
   * @param tree the nodes by their ids, in the order of the file
   * @param leaf the id of its end; if it is null or not in the tree, the last node of the tree
   * @throws IllegalArgumentException if the nodes form a circle
   */
  static <T> Branch<T> to(
      @Nullable String leaf, Map<String, T> tree, Function<T, @Nullable String> parent) {
    String id = leaf != null && tree.containsKey(leaf) ? leaf : last(tree);
    List<T> path = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    while (id != null && tree.get(id) != null) {
      if (!seen.add(id)) {
        throw new IllegalArgumentException("the messages form a circle");
      }
      T node = tree.get(id);
      path.add(node);
      id = parent.apply(node);
    }
    Collections.reverse(path);
    return new Branch<>(path, tree.size() - path.size());
  }

  private static @Nullable String last(Map<String, ?> tree) {
    String last = null;
    for (String id : tree.keySet()) {
      last = id;
    }
    return last;
  }

  /** Messages for the user about the other branches. */
  List<String> notes() {
    return others == 0
        ? List.of()
        : List.of(
            others
                + (others == 1 ? " message" : " messages")
                + " of other branches left out; the current branch is imported");
  }
}
