package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.SimDatabase.Fate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The end of a simulation: network and disks recover, everything is sent, all copies catch up, and
 * the history is checked.
 */
final class SimEnd {

  private static final int MOST_LOOKS = 1_800;
  private static final long LONGEST_CLEANING = 2_000_000_000L;
  private static final long CLEANING = 5_000_000;

  private final SimThreads threads;
  private final SimHistory history;
  private final SimDatabase database;
  private final List<SimNode> nodes;
  private final long look;
  private final long contact;

  /**
   * @param nodes the live nodes
   * @param look the interval between checks whether everything was sent, in nanoseconds
   * @param contact the time within which each node reaches the database, in nanoseconds
   */
  SimEnd(
      SimThreads threads,
      SimHistory history,
      SimDatabase database,
      List<SimNode> nodes,
      long look,
      long contact) {
    this.threads = threads;
    this.history = history;
    this.database = database;
    this.nodes = nodes;
    this.look = look;
    this.contact = contact;
  }

  void run() {
    database.calm();
    history.feedHeld = false;
    database.model().releaseFeed();
    for (SimNode node : nodes) {
      node.link().heal();
      node.link().next(Fate.ARRIVES);
      node.diskFull(false);
    }
    for (SimNode node : nodes) {
      if (!node.isConfigured()) {
        node.configure(true);
        node.start();
      }
    }
    while (database.hasLate()) {
      threads.sleep(look);
    }
    startClonesAnew();
    breakConnections();
    SimChecker checker = new SimChecker(history, database.model());
    await(checker);
    if (!history.limited.isEmpty()) {
      nodes.stream().filter(SimNode::isLimited).forEach(SimNode::startWithoutLimits);
      await(checker);
    }
    checker.check();
    for (SimNode node : nodes) {
      ConversationStore store = node.store();
      if (store != null) {
        noteIfWrong(checker.lostPreference(store));
        noteIfWrong(checker.keptParked(store, node.number()));
      }
    }
    seekErased(checker);
  }

  private void noteIfWrong(@Nullable String what) {
    if (what != null) {
      history.wrong.add("diverged: " + what);
    }
  }

  /**
   * Searches the bytes of all files for erased texts. The store cleans its files in a thread
   * outside the simulation, so it is given some time.
   */
  private void seekErased(SimChecker checker) {
    Map<String, SimHistory.Op> texts = checker.erasedTexts();
    if (texts.isEmpty()) {
      return;
    }
    long deadline = System.nanoTime() + LONGEST_CLEANING;
    String found = held(texts);
    for (long wait = CLEANING; found != null && System.nanoTime() - deadline < 0; wait *= 2) {
      LockSupport.parkNanos(wait);
      found = held(texts);
    }
    if (found != null) {
      history.wrong.add("resurrected: " + found);
    }
  }

  private @Nullable String held(Map<String, SimHistory.Op> texts) {
    for (SimNode node : nodes) {
      for (Map.Entry<String, String> file : node.texts().entrySet()) {
        for (Map.Entry<String, SimHistory.Op> text : texts.entrySet()) {
          int at = file.getValue().indexOf('"' + text.getKey() + '"');
          if (at >= 0) {
            return "the file "
                + file.getKey()
                + " of node "
                + node.number()
                + " holds erased text of "
                + text.getValue()
                + " in "
                + FileLines.kindAt(file.getValue(), at);
          }
        }
      }
    }
    return null;
  }

  private void await(SimChecker checker) {
    String left = left(checker);
    for (int looks = 0; left != null && looks < MOST_LOOKS; looks++) {
      threads.sleep(look);
      left = left(checker);
    }
    if (left != null) {
      history.wrong.add("diverged: " + left);
    }
  }

  /**
   * A node finds at a contact that the database went back in time. Where no connection was felt to
   * break since, an idle node has made none.
   */
  private void breakConnections() {
    if (history.restores.all().isEmpty()) {
      return;
    }
    nodes.forEach(node -> node.link().cut());
    threads.sleep(contact);
    nodes.forEach(node -> node.link().heal());
  }

  /** Of two nodes of one id, one that makes another contact finds out. */
  private void startClonesAnew() {
    if (history.clone == null) {
      return;
    }
    threads.sleep(contact);
    for (SimNode node : nodes) {
      if (history.isCloned(node.number())) {
        node.crash();
        node.start();
      }
    }
  }

  /** The work still outstanding; null if none. Cheap checks come first. */
  private @Nullable String left(SimChecker checker) {
    for (SimNode node : nodes) {
      ConversationStore store = node.store();
      String name = "node " + node.number();
      if (store == null) {
        return name + " does not start";
      }
      StoreState state = store.state();
      if (state.mode() != StoreState.Mode.ONLINE || state.pending().changes() > 0) {
        return name + " has not sent everything: " + state;
      }
      if (state.mirror().dirty()) {
        return name + " has a copy that is not whole";
      }
      if (!node.files().parkedOfErased().isEmpty()) {
        return name + " keeps parked changes of an erased owner";
      }
    }
    long ids = nodes.stream().map(node -> node.files().identity().node()).distinct().count();
    if (ids < nodes.size()) {
      return "two nodes have one id";
    }
    Map<String, Object> there = checker.picture();
    for (SimNode node : nodes) {
      String difference =
          node.isLimited()
              ? checker.differenceWithin(node.files())
              : SimChecker.difference(node.files(), there);
      if (difference != null && !history.restores.overtook(node.number())) {
        return "node " + node.number() + " differs in " + difference;
      }
    }
    return null;
  }
}
