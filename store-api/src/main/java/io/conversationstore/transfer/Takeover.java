package io.conversationstore.transfer;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.spi.StoreFront;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Takes over the file {@code conversations.json} that a program kept before it used a store: once,
 * at first start, before anybody else uses the store.
 *
 * <ol>
 *   <li>The file is read to its end first. Where it is damaged nothing is saved, it stays as it is,
 *       and the answer says so; the next start tries again. The same holds where no message is
 *       found in what the file holds.
 *   <li>It is saved, each conversation with the times that it has in the file, so that lists come
 *       in the order of the file. A conversation without times has those of its first and last
 *       message, and without any the time when the file was last written. A message without a time
 *       has that of the message before it, else that of its conversation. A time in the future
 *       counts as now. A store that fails meanwhile is an exception; the next start begins again,
 *       which doubles nothing.
 *   <li>It is renamed to {@code conversations.json.imported}, in one step. Where a file of that
 *       name is there, another {@code conversations.json} is left alone. A crash before the
 *       renaming makes the next start do the same once more.
 * </ol>
 *
 * <p>A database remembers which conversations were taken over for which owner, so a file in an
 * image that is started on a fresh disk brings nothing back: no conversation or message that was
 * deleted since, however long ago, and nothing of an owner that was erased. A change that waits for
 * the database because it is away is decided when it arrives there. A conversation that the file
 * has in addition by then is taken over; messages that were added to one that was taken over before
 * are not.
 *
 * <p>Times and memory need a store that this library opened. Behind a wrapper the file is read as
 * {@link ConversationsFile#read} does.
 *
 * <p>Thread-safe, but one process at a time may use a directory.
 */
public final class Takeover {

  /** The name of the file. */
  public static final String FILE = "conversations.json";

  /** Its name when it was taken over. */
  public static final String DONE = "conversations.json.imported";

  /** What became of the file. */
  public enum Outcome {
    /** There is none. */
    NOTHING_THERE,
    /** It was taken over now. */
    TAKEN_OVER,
    /** A file of this directory was taken over before; this one was left alone. */
    LEFT_ALONE,
    /**
     * The database remembers that all conversations of the file were taken over before, on another
     * disk perhaps; nothing was saved, and the file was renamed.
     */
    TAKEN_OVER_BEFORE,
    /** The owner was erased; nothing was saved and the file has its name still. */
    OWNER_ERASED,
    /** It cannot be read; nothing was saved. */
    REFUSED,
    /** It is JSON, and no message was found in it; nothing was saved and it has its name still. */
    NOTHING_FOUND
  }

  /**
   * The outcome with figures.
   *
   * @param report what was saved; null where nothing was read
   * @param reason why it, or a part of it, was not taken over, without content; else null
   */
  public record Result(Outcome outcome, @Nullable TransferReport report, @Nullable String reason) {}

  private Takeover() {}

  /**
   * Takes over {@code conversations.json} of a directory as conversations of {@code owner}. A
   * conversation that the store has already keeps its header and gets the messages that it lacks.
   *
   * @throws TransferException if the store cannot take it, or the file cannot be renamed
   */
  public static Result once(
      ConversationStore store, Owner owner, Path directory, TransferOptions options) {
    Path file = directory.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return new Result(Outcome.NOTHING_THERE, null, null);
    }
    Path done = directory.resolve(DONE);
    if (Files.exists(done)) {
      return new Result(Outcome.LEFT_ALONE, null, DONE + " says that one was taken over before");
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
          "no messages were found in it; docs/json.md lists the shapes that are read");
    }
    Result result =
        store instanceof StoreFront front
            ? remembered(front, owner, file, options, plan)
            : new Result(
                Outcome.TAKEN_OVER,
                ConversationsFile.read(store, owner, file, options.keepingHeaders()),
                null);
    if (result.outcome() != Outcome.OWNER_ERASED) {
      rename(file, done, result.report());
    }
    return result;
  }

  private static Result remembered(
      StoreFront store, Owner owner, Path file, TransferOptions options, TakeoverPlan plan) {
    Counts counts = new Counts();
    TakeoverSaver saver = new TakeoverSaver(store, owner, options, plan, timeOf(file), counts);
    try {
      ConversationsFile.read(file, options, counts, saver);
    } catch (TakeoverSaver.OwnerErasedException erased) {
      return new Result(
          Outcome.OWNER_ERASED,
          counts.report(),
          owner
              + " was erased, and an erasure covers such a file. Remove it; if it was written after"
              + " the erasure, read it with ConversationsFile.read");
    }
    long before = saver.conversationsBefore();
    if (before == 0) {
      return new Result(Outcome.TAKEN_OVER, counts.report(), null);
    }
    return new Result(
        counts.report().conversations() == 0 ? Outcome.TAKEN_OVER_BEFORE : Outcome.TAKEN_OVER,
        counts.report(),
        before
            + " conversations of it were taken over before and stay as they are in the store, those"
            + " that were deleted since included");
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
          file + " was taken over but cannot be renamed to " + DONE,
          report != null ? report : new Counts().report(),
          e);
    }
  }

  /**
   * Removes the file that was taken over: for after an erasure of anybody, since nothing tells
   * whose conversations are in it, and the store has them. Behind a symbolic link the file that it
   * leads to is removed as well.
   *
   * @return whether there was one
   */
  public static boolean forgetTakenOver(Path directory) throws IOException {
    return DurableFiles.delete(directory.resolve(DONE));
  }

  /**
   * Removes both files, taken over or not: for after an erasure of the owner that they were taken
   * over for.
   *
   * @throws TransferException if they cannot be removed
   */
  public static boolean forget(Path directory) {
    try {
      boolean imported = DurableFiles.delete(directory.resolve(DONE));
      return DurableFiles.delete(directory.resolve(FILE)) || imported;
    } catch (IOException e) {
      throw new TransferException(
          "the files taken over in " + directory + " cannot be removed", new Counts().report(), e);
    }
  }
}
