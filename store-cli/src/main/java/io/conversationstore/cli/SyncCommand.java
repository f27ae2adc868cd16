package io.conversationstore.cli;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.cli.StoreLocation.Use;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends what waits for the database. */
@Command(
    name = "sync",
    mixinStandardHelpOptions = true,
    description = {
      "Sends the changes of a directory that wait for the database, and ends when all are there.",
      "Needs --dir and --database, or their variables. The application must not run meanwhile."
    })
final class SyncCommand implements Callable<Integer> {

  /** Figures change without an event. */
  private static final long LOOK_MILLIS = 100;

  @Mixin private final StoreOptions place = new StoreOptions();

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "How long to wait without any progress. Default: ${DEFAULT-VALUE}.")
  private int timeout;

  private final Context context;

  SyncCommand(Context context) {
    this.context = context;
  }

  @Override
  @SuppressWarnings("try") // the listener is used by the store
  public Integer call() throws Exception {
    StoreLocation location = place.location(context);
    if (location.directory() == null || !location.hasDatabase()) {
      throw new CommandException(
          ExitCode.USAGE, "sync needs a directory and its database: --dir and --database");
    }
    try (OpenStore opened = location.open(Use.EXISTING)) {
      ConversationStore store = opened.store();
      long first = waiting(store.state());
      Semaphore changed = new Semaphore(0);
      try (AutoCloseable listening = store.onStateChange(state -> changed.release())) {
        await(store, changed);
        StoreState state = store.state();
        if (context.json()) {
          context.jsonLine(
              out -> {
                out.writeNumberField("sent", first);
                out.writeNumberField("rejected", state.rejected().size());
              });
        } else {
          context
              .out()
              .line(first == 0 ? "nothing was waiting" : first + " sent, nothing is waiting");
        }
        if (!state.rejected().isEmpty()) {
          context.screen().note("the database rejected changes; see 'conversations parked list'");
          return ExitCode.FINDINGS;
        }
        return ExitCode.OK;
      }
    }
  }

  private void await(ConversationStore store, Semaphore changed) throws InterruptedException {
    long least = Long.MAX_VALUE;
    long since = System.nanoTime();
    try (ProgressLine progress = new ProgressLine(context, "sending")) {
      while (true) {
        context.interruption().check();
        StoreState state = store.state();
        long waiting = waiting(state);
        if (waiting == 0 && state.mode() == StoreState.Mode.ONLINE) {
          return;
        }
        if (waiting < least) {
          least = waiting;
          since = System.nanoTime();
        }
        progress.text(Text.count(waiting, "change") + " waiting");
        if (System.nanoTime() - since > Duration.ofSeconds(timeout).toNanos()) {
          throw new StoreUnavailableException(
              Text.count(waiting, "change")
                  + " still waiting after "
                  + Text.count(timeout, "second")
                  + " without progress: "
                  + state.reason()
                  + ". They stay in the directory; repeat the command",
              null);
        }
        if (changed.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
          changed.drainPermits();
        }
      }
    }
  }

  /** Pending changes, and conversations from before the first contact with the database. */
  private static long waiting(StoreState state) {
    StoreState.Adoption adoption = state.adoption();
    long unsent =
        adoption == null || adoption.ended() != null
            ? 0
            : adoption.conversations() - adoption.sentConversations();
    return state.pending().changes() + unsent;
  }
}
