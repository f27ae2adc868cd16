package io.conversationstore.examples.localdev;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.ConversationStores;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * The program of the user. It knows nothing of databases and directories: its variables do. It
 * writes conversations, says how the store does, and ends when its input does.
 *
 * <pre>
 * java … Program FILE|- COPIES FIRST COUNT     stores conversations of the data
 * java … Program FILE|- COPIES turns FROM TO   adds turns to them
 * </pre>
 */
public final class Program {

  private Program() {}

  /** Runs until its input ends. */
  public static void main(String[] arguments) throws IOException {
    List<Data.Chat> chats = Data.read(arguments[0], Integer.parseInt(arguments[1]));
    boolean turns = arguments[2].equals("turns");
    int from = Integer.parseInt(arguments[turns ? 3 : 2]);
    int to = turns ? Integer.parseInt(arguments[4]) : from + Integer.parseInt(arguments[3]);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try (ConversationStore store = ConversationStores.fromEnvironment()) {
      for (int i = from; i < to; i++) {
        if (turns) {
          Data.Chat chat = chats.get(i % chats.size());
          store.append(Data.OWNER, chat.id(), Data.turn(i), AppendCondition.always());
        } else {
          Data.Chat chat = chats.get(i);
          store.createIfAbsent(Data.OWNER, NewConversation.ofId(chat.id()).withTitle(chat.title()));
          store.append(Data.OWNER, chat.id(), chat.messages(), AppendCondition.always());
        }
      }
      out.println("written");
      sayStates(store, out);
    }
  }

  private static void sayStates(ConversationStore store, PrintStream out) throws IOException {
    ScheduledExecutorService reports = Executors.newSingleThreadScheduledExecutor();
    ScheduledFuture<?> saying =
        reports.scheduleWithFixedDelay(() -> say(store, out), 0, 5, TimeUnit.MILLISECONDS);
    try {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (in.readLine() != null) {
        // Only the end of the input counts.
      }
    } finally {
      saying.cancel(false);
      reports.shutdownNow();
    }
  }

  private static void say(ConversationStore store, PrintStream out) {
    StoreState state = store.state();
    StoreState.Adoption adoption = state.adoption();
    out.println(
        "state "
            + state.mode()
            + " "
            + state.pending().changes()
            + " "
            + (adoption == null ? 0 : adoption.sentConversations())
            + " "
            + (adoption == null ? 0 : adoption.conversations()));
  }
}
