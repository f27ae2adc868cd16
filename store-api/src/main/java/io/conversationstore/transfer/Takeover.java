package io.conversationstore.transfer;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.internal.DefaultConversationStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Takes over the file {@code conversations.json} that a program kept before it used a store: once,
 * at first start, before any other use of the store.
 *
 * <ol>
 *   <li>The file is read to its end first. If it is damaged, or holds data without any message,
 *       nothing is saved, the file stays unchanged, and the result says so; the next start tries
 *       again.
 *   <li>Each conversation is saved with its times from the file, so lists keep the order of the
 *       file. A conversation without times gets those of its first and last message, else the
 *       modification time of the file. A message without a time gets that of the message before it,
 *       else that of its conversation. A time in the future counts as now. A failure of the store
 *       is an exception; the next start begins again and stores nothing twice.
 *   <li>The file is renamed to {@code conversations.json.imported}, atomically. If a file with that
 *       name exists, another {@code conversations.json} is left alone. After a crash before the
 *       renaming, the next start repeats the takeover.
 * </ol>
 *
 * <p>A database remembers the conversations taken over for each owner. A file in an image started
 * on a fresh disk therefore restores nothing: no conversation or message deleted since, however
 * long ago, and nothing of an erased owner. If the database is away, the decision is made when the
 * change arrives there. A conversation added to the file by then is taken over; messages added to
 * one taken over before are not.
 *
 * <p>The times, and the memory of earlier takeovers, need a store opened by this library. With a
 * wrapped store, the file is read as by {@link ConversationsFile#read}.
 *
 * <p>Thread-safe, but one process at a time may use a directory.
 */
public final class Takeover {

  /** The name of the file. */
  public static final String FILE = "conversations.json";

  /** Its name after the takeover. */
  public static final String DONE = "conversations.json.imported";

  /** The outcome for the file. */
  public enum Outcome {
    /** There is no file. */
    NOTHING_THERE,
    /** The file was taken over now. */
    TAKEN_OVER,
    /** Another file of this directory was taken over before; this one was left alone. */
    LEFT_ALONE,
    /**
     * All conversations of the file were taken over before, perhaps on another disk, as the
     * database remembers; nothing was saved, and the file was renamed.
     */
    TAKEN_OVER_BEFORE,
    /** The owner was erased; nothing was saved, and the file keeps its name. */
    OWNER_ERASED,
    /** The file cannot be read; nothing was saved. */
    REFUSED,
    /** The file is JSON without any message; nothing was saved, and it keeps its name. */
    NOTHING_FOUND
  }

  /**
   * The outcome with figures.
   *
   * @param report counts of the transfer; null if nothing was read
   * @param reason why the file or a part of it was not taken over, without content; else null
   */
  public record Result(Outcome outcome, @Nullable TransferReport report, @Nullable String reason) {}

  private Takeover() {}

  /**
   * Takes over {@code conversations.json} of a directory as conversations of {@code owner}. A
   * conversation that the store already has keeps its header and gets the missing messages.
   *
   * @throws TransferException if the store cannot save it, or the file cannot be renamed
   */
  public static Result once(
      ConversationStore store, Owner owner, Path directory, TransferOptions options) {
    Path file = directory.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return new Result(Outcome.NOTHING_THERE, null, null);
    }
    Path done = directory.resolve(DONE);
    if (Files.exists(done)) {
      return new Result(
          Outcome.LEFT_ALONE,
          null,
          DONE + " shows that a file was imported before; remove it to import this file");
    }
    Counts found = new Counts();
    TakeoverPlan plan = new TakeoverPlan(options, found, Instant.now());
    try {
      ConversationsFile.read(file, options, found, plan);
    } catch (TransferException e) {
      return new Result(Outcome.REFUSED, e.report(), e.getMessage());
    }
    if (found.report().messages() == 0 && found.report().skippedCount() > 0) {
      return new Result(
          Outcome.NOTHING_FOUND,
          found.report(),
          "it contains no messages; docs/json.md lists the supported shapes");
    }
    Result result =
        store instanceof DefaultConversationStore front
            ? remembered(front, owner, file, options, plan)
            : new Result(
                Outcome.TAKEN_OVER,
                ConversationsFile.read(store, owner, file, options.withKeepHeaders(true)),
                null);
    if (result.outcome() != Outcome.OWNER_ERASED) {
      rename(file, done, result.report());
    }
    return result;
  }

  private static Result remembered(
      DefaultConversationStore store,
      Owner owner,
      Path file,
      TransferOptions options,
      TakeoverPlan plan) {
    Counts counts = new Counts();
    TakeoverSaver saver = new TakeoverSaver(store, owner, options, plan, timeOf(file), counts);
    try {
      ConversationsFile.read(file, options, counts, saver);
    } catch (TakeoverSaver.OwnerErasedException erased) {
      return new Result(
          Outcome.OWNER_ERASED,
          counts.report(),
          owner
              + " was erased, and the erasure covers this file. Remove the file; if it was written"
              + " after the erasure, import it with ConversationsFile.read");
    }
    long before = saver.conversationsBefore();
    if (before == 0) {
      return new Result(Outcome.TAKEN_OVER, counts.report(), null);
    }
    return new Result(
        counts.report().conversations() == 0 ? Outcome.TAKEN_OVER_BEFORE : Outcome.TAKEN_OVER,
        counts.report(),
        before
            + " of its conversations were imported before; the store keeps them as they are, and"
            + " deleted ones stay deleted");
  }

  private static Instant timeOf(Path file) {
    try {
      return Files.getLastModifiedTime(file).toInstant();
    } catch (IOException e) {
      throw new TransferException(file + " cannot be read", new Counts().report(), e);
    }
  }

  private static void rename(Path file, Path done, @Nullable TransferReport report) {
    try {
      DurableFiles.rename(file, done);
    } catch (IOException e) {
      throw new TransferException(
          file + " was imported but cannot be renamed to " + DONE,
          report != null ? report : new Counts().report(),
          e);
    }
  }

  /**
   * Removes the file that was taken over. For use after any owner's erasure: the owner of its
   * conversations is unknown, and the store has them. For a symbolic link, its target is removed as
   * well.
   *
   * @return whether there was a file
   */
  public static boolean forgetTakenOver(Path directory) throws IOException {
    return DurableFiles.delete(directory.resolve(DONE));
  }

  /**
   * Removes both files, taken over or not. For use after an erasure of the owner for whom they were
   * taken over.
   *
   * @throws TransferException if they cannot be removed
   */
  public static boolean forget(Path directory) {
    try {
      boolean imported = DurableFiles.delete(directory.resolve(DONE));
      return DurableFiles.delete(directory.resolve(FILE)) || imported;
    } catch (IOException e) {
      throw new TransferException(
          "the imported files in " + directory + " cannot be removed", new Counts().report(), e);
    }
  }
}
