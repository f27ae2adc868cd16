package io.conversationstore.transfer;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Takes over the file {@code conversations.json} that a program kept before it used a store: once,
 * at first start, before anybody else uses the store.
 *
 * <ol>
 *   <li>The file is read to its end first. Where it is damaged nothing is saved, it stays as it is,
 *       and the answer says so; the next start tries again. So it does where no message is found in
 *       what the file holds.
 *   <li>It is saved. A store that fails meanwhile is an exception; the next start begins again,
 *       which doubles nothing.
 *   <li>It is renamed to {@code conversations.json.imported}, in one step. Where a file of that
 *       name is there, another {@code conversations.json} is left alone. A crash before the
 *       renaming makes the next start do the same once more.
 * </ol>
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
    /** One was taken over before; this one was left alone. */
    LEFT_ALONE,
    /** It cannot be read; nothing was saved. */
    REFUSED,
    /** It is JSON, and no message was found in it; nothing was saved and it has its name still. */
    NOTHING_FOUND
  }

  /**
   * The outcome with figures.
   *
   * @param report null where nothing was read
   * @param reason why it was left alone or refused, without content; else null
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
    try {
      TransferReport found = ConversationsFile.check(file, options);
      if (found.messages() == 0 && found.skippedCount() > 0) {
        return new Result(
            Outcome.NOTHING_FOUND,
            found,
            "no messages were found in it; docs/json.md lists the shapes that are read");
      }
    } catch (TransferException e) {
      return new Result(Outcome.REFUSED, e.report(), e.getMessage());
    }
    TransferReport report = ConversationsFile.read(store, owner, file, options.keepingHeaders());
    try {
      DurableFiles.rename(file, done);
    } catch (IOException e) {
      throw new TransferException(
          file + " was taken over but cannot be renamed to " + DONE, report, e);
    }
    return new Result(Outcome.TAKEN_OVER, report, null);
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
