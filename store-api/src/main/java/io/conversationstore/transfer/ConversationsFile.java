package io.conversationstore.transfer;

import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.Owner;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * All conversations of one owner in one JSON file: an object keyed by conversation id, each with
 * title, times, settings and messages, as programs keep them that have no store. docs/json.md
 * describes the shape.
 *
 * <p>Both directions go step by step: memory follows the largest message and the number of
 * conversations, not the size of the file. Thread-safe.
 */
public final class ConversationsFile {

  private static final int BUFFER = 1 << 16;

  private ConversationsFile() {}

  /** Like {@link #read(ConversationStore, Owner, Path, TransferOptions)} with the defaults. */
  public static TransferReport read(ConversationStore store, Owner owner, Path file) {
    return read(store, owner, file, TransferOptions.defaults());
  }

  /**
   * Saves what the file holds as conversations of {@code owner}, in batches. Reading a file again
   * adds nothing: a message without an id has one derived from conversation, place and content.
   * Other conversations of the owner are left alone, and so are messages that the file does not
   * have.
   *
   * @throws TransferException where the file cannot be read or the store cannot take it; what was
   *     saved before stays, and reading the file again completes it
   */
  public static TransferReport read(
      ConversationStore store, Owner owner, Path file, TransferOptions options) {
    Counts counts = new Counts();
    Saver saver = new Saver(store, owner, options, counts);
    read(file, options, counts, saver);
    saver.flush();
    return counts.report();
  }

  /**
   * Reads a file to its end and saves nothing: tells whether {@link #read} will find fault with it.
   *
   * @throws TransferException where it cannot be read or crosses a limit
   */
  public static TransferReport check(Path file, TransferOptions options) {
    Counts counts = new Counts();
    read(
        file,
        options,
        counts,
        new FileReader.Receiver() {
          @Override
          public void message(
              OpenConversation conversation,
              Supplier<LenientHeaders.Header> header,
              Entry message,
              long bytes) {
            counts.messages(1);
          }

          @Override
          public void end(OpenConversation conversation, LenientHeaders.Header header) {
            counts.conversations(1);
          }
        });
    return counts.report();
  }

  /** Reads a file to its end. */
  static void read(
      Path file, TransferOptions options, Counts counts, FileReader.Receiver receiver) {
    try (InputStream in = Files.newInputStream(file)) {
      FileReader.read(in, options, counts, receiver);
    } catch (IOException e) {
      throw new TransferException(file + " cannot be read", counts.report(), e);
    }
  }

  /**
   * Writes all conversations of {@code owner} to a file, with everything that {@link #read} takes
   * back. It appears under its name when it is whole and on the disk, in place of one that was
   * there; until then a file beside it, {@code .tmp} at its end, grows. What is stored or deleted
   * meanwhile may be in it or not; of a conversation that is deleted while it is written, the first
   * messages may be.
   *
   * @throws TransferException where the store cannot be read or the file cannot be written; the
   *     file that was there before stays
   */
  public static TransferReport write(ConversationStore store, Owner owner, Path file) {
    Counts counts = new Counts();
    Path target = file.toAbsolutePath();
    Path part =
        DurableFiles.directoryOf(target)
            .resolve(target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      try {
        write(store, owner, part, counts);
        DurableFiles.rename(part, target);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new TransferException(file + " cannot be written", counts.report(), e);
    } catch (ConversationStoreException e) {
      throw new TransferException(
          "the store cannot be read: " + e.getMessage(), counts.report(), e);
    }
    return counts.report();
  }

  private static void write(ConversationStore store, Owner owner, Path part, Counts counts)
      throws IOException {
    try (FileChannel channel = DurableFiles.create(part)) {
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
      new FileWriter(store, owner, counts, out).write();
      out.flush();
      channel.force(true);
    }
  }
}
