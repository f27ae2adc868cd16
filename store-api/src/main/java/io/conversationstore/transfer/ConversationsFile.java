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
 * All conversations of one owner in one JSON file, as programs without a store keep them: an object
 * keyed by conversation id, each with title, times, settings and messages. docs/json.md describes
 * the shape.
 *
 * <p>Both directions stream: memory depends on the largest message and the number of conversations,
 * not on the size of the file. Thread-safe.
 */
public final class ConversationsFile {

  private static final int BUFFER = 1 << 16;

  private ConversationsFile() {}

  /** Like {@link #read(ConversationStore, Owner, Path, TransferOptions)} with the defaults. */
  public static TransferReport read(ConversationStore store, Owner owner, Path file) {
    return read(store, owner, file, TransferOptions.defaults());
  }

  /**
   * Saves the file's conversations as conversations of {@code owner}, in batches. Reading a file
   * again adds nothing: a message without an id gets one derived from conversation, place and
   * content. Conversations and messages that the file does not contain stay unchanged.
   *
   * @throws TransferException if the file cannot be read or the store cannot save it; data saved
   *     before stays, and reading the file again completes it
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
   * Reads a file to its end without saving, to find the errors that {@link #read} would report.
   *
   * @throws TransferException if it cannot be read or exceeds a limit
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
   * Writes all conversations of {@code owner} to a file, with everything that {@link #read} reads
   * back. Data goes to a file beside it, with {@code .tmp} appended to the name, which replaces the
   * target once it is complete and on the disk. Data stored or deleted meanwhile may be included or
   * missing; of a conversation deleted while it is written, the first messages may be included.
   *
   * @throws TransferException if the store cannot be read or the file cannot be written; an
   *     existing file stays
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
