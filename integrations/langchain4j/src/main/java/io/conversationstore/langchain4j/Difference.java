package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import io.conversationstore.Message;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which messages of a list are stored already, and which are new. Messages of LangChain4j have no
 * ids, so the list is compared with the window that was shown before:
 *
 * <ol>
 *   <li>By identity, if the list holds an object of that window, which distinguishes equal
 *       messages. Otherwise by content.
 *   <li>A window that has moved begins with an end of the shown window; the rest is new. If several
 *       ends fit, the longest counts, that is, the fewest messages are new.
 *   <li>If nothing seems new but another end fits as well, the window may have moved by equal
 *       messages. {@link WhenUnclear} decides; {@code APPEND} loses none.
 *   <li>A list that is no moved window was changed in its middle or at its beginning. New messages
 *       are then placed behind their predecessor, and shown messages whose place they took, or that
 *       are gone from the middle or the end, are hidden from windows. By content alone nothing is
 *       hidden, except with {@code REPLACE}, because another writer may have added what the list
 *       lacks; and with {@code APPEND} the last message is new, also if an earlier one equals it.
 *   <li>A list that has nothing of the shown window replaces it: all shown messages are hidden.
 *       With a single new message this holds only for {@code REPLACE}, because the message may have
 *       pushed all others out of a small window.
 * </ol>
 *
 * @param matched for each message of the list its entry in the shown window; null if it is new
 * @param tail from this index on, new messages follow in the order of the history; those before it
 *     are placed behind their predecessor
 * @param hidden shown messages that windows must not show any more
 */
record Difference(List<@Nullable Entry> matched, int tail, Set<UUID> hidden) {

  /** What a list means that may have moved by equal messages or be unchanged. */
  enum WhenUnclear {
    /** It has moved: the caller adds messages one by one. */
    APPEND,
    /** It is unchanged: nothing was shown that could have moved. */
    KEEP,
    /** It is unchanged, and all that it lacks is hidden: the caller sets a state. */
    REPLACE
  }

  /** A window as it was shown. */
  record Shown(List<Entry> entries, boolean isOurs, Edge edge) {

    boolean holds(ChatMessage message) {
      return entries.stream().anyMatch(entry -> entry.message() == message);
    }
  }

  /** The difference to a window that is remembered no more, by the objects alone. */
  static Difference ofStored(List<@Nullable Entry> stored) {
    int tail = 0;
    for (int i = 0; i < stored.size(); i++) {
      tail = stored.get(i) == null ? tail : i + 1;
    }
    return new Difference(stored, tail, Set.of());
  }

  static Difference of(Shown shown, List<ChatMessage> given, WhenUnclear whenUnclear) {
    return new Comparison(shown, given).run(whenUnclear);
  }

  /** One comparison. */
  private static final class Comparison {
    private final Shown window;
    private final List<Entry> shown;
    private final List<ChatMessage> given;
    private final boolean byIdentity;
    private final List<Message> plain;

    Comparison(Shown window, List<ChatMessage> given) {
      this.window = window;
      this.shown = window.entries();
      this.given = given;
      this.byIdentity = given.stream().anyMatch(window::holds);
      this.plain = byIdentity ? List.of() : given.stream().map(MessageMapping::write).toList();
    }

    private boolean same(int inShown, int inGiven) {
      return byIdentity
          ? shown.get(inShown).message() == given.get(inGiven)
          : shown.get(inShown).plain().equals(plain.get(inGiven));
    }

    Difference run(WhenUnclear whenUnclear) {
      List<Integer> ends = ends();
      if (ends.isEmpty()) {
        return changed(whenUnclear);
      }
      int begin = ends.get(0);
      // This module made the objects for one read, so a match of their identities is certain.
      boolean certain = byIdentity && window.isOurs();
      if (shown.size() - begin == given.size() && !certain && whenUnclear == WhenUnclear.APPEND) {
        if (ends.size() > 1) {
          begin = ends.get(1);
        } else if (given.size() == 1) {
          begin = shown.size();
        }
      }
      return moved(begin, whenUnclear == WhenUnclear.REPLACE ? begin : 0);
    }

    /** Where ends of the shown window begin that the list begins with, the longest first. */
    private List<Integer> ends() {
      List<Integer> begins = new ArrayList<>();
      for (int begin = Math.max(0, shown.size() - given.size()); begin < shown.size(); begin++) {
        int length = 0;
        while (begin + length < shown.size() && same(begin + length, length)) {
          length++;
        }
        if (begin + length == shown.size()) {
          begins.add(begin);
        }
      }
      return begins;
    }

    private Difference moved(int begin, int hide) {
      List<@Nullable Entry> matched = new ArrayList<>(given.size());
      for (int i = 0; i < given.size(); i++) {
        matched.add(begin + i < shown.size() ? shown.get(begin + i) : null);
      }
      Set<UUID> hidden = new LinkedHashSet<>();
      shown.subList(0, hide).forEach(entry -> hidden.add(entry.id()));
      return new Difference(matched, 0, hidden);
    }

    private Difference changed(WhenUnclear whenUnclear) {
      int[] places =
          byIdentity
              ? byIdentity()
              : byContent(Math.max(0, given.size() - (whenUnclear == WhenUnclear.APPEND ? 1 : 0)));
      List<@Nullable Entry> matched = new ArrayList<>(given.size());
      boolean[] present = new boolean[shown.size()];
      int firstShown = -1;
      int tail = 0;
      boolean newBefore = false;
      for (int i = 0; i < places.length; i++) {
        if (places[i] < 0) {
          matched.add(null);
          newBefore |= firstShown < 0;
        } else {
          matched.add(shown.get(places[i]));
          present[places[i]] = true;
          firstShown = firstShown < 0 ? places[i] : firstShown;
          tail = i + 1;
        }
      }
      Set<UUID> hidden = new LinkedHashSet<>();
      // Memories add one by one, so a single new message may have pushed out all others.
      boolean replaces =
          whenUnclear == WhenUnclear.REPLACE || (firstShown < 0 && given.size() != 1);
      if (byIdentity || replaces) {
        for (int i = newBefore || replaces ? 0 : firstShown; i < shown.size(); i++) {
          if (!present[i]) {
            hidden.add(shown.get(i).id());
          }
        }
      }
      return new Difference(matched, tail, hidden);
    }

    /** For each given message the index of the same object; -1 for none. */
    private int[] byIdentity() {
      int[] places = new int[given.size()];
      boolean[] taken = new boolean[shown.size()];
      for (int i = 0; i < places.length; i++) {
        places[i] = -1;
        for (int j = 0; j < taken.length && places[i] < 0; j++) {
          if (!taken[j] && same(j, i)) {
            taken[j] = true;
            places[i] = j;
          }
        }
      }
      return places;
    }

    /**
     * The longest common subsequence by content, matched as late as possible.
     *
     * @param count how many of the given messages may be stored already
     */
    private int[] byContent(int count) {
      int[][] length = new int[shown.size() + 1][count + 1];
      for (int i = 1; i <= shown.size(); i++) {
        for (int j = 1; j <= count; j++) {
          length[i][j] =
              same(i - 1, j - 1)
                  ? length[i - 1][j - 1] + 1
                  : Math.max(length[i - 1][j], length[i][j - 1]);
        }
      }
      int[] places = new int[given.size()];
      Arrays.fill(places, -1);
      int i = shown.size();
      for (int j = count; j > 0; j--) {
        while (i > 0 && !same(i - 1, j - 1) && length[i - 1][j] == length[i][j]) {
          i--;
        }
        if (i > 0 && same(i - 1, j - 1)) {
          places[j - 1] = i - 1;
          i--;
        }
      }
      return places;
    }
  }
}
