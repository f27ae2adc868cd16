package io.conversationstore.benchmarks;

import java.nio.file.Path;

/**
 * A store at the work that the lines measure. Every store gets the same conversations and texts:
 * conversation {@code n} belongs to owner {@code n % OWNERS}.
 */
interface Subject extends AutoCloseable {

  int OWNERS = 100;

  /** How a store is opened. */
  record Setup(boolean durable, boolean cached) {
    /** As an application opens it: an acknowledged write is on the disk, reads are cached. */
    static final Setup USUAL = new Setup(true, true);

    /** Writes are left to the system. */
    static final Setup NOT_FORCED = new Setup(false, true);

    /** Content comes from the file at every read; the system's page cache stays. */
    static final Setup UNCACHED = new Setup(false, false);
  }

  /** Makes subjects of one kind. */
  interface Kind {
    String name();

    Subject open(Path directory, Setup setup) throws Exception;
  }

  /** Appends a message and returns when it is durable, where the setup says so. Thread-safe. */
  void append(int conversation, String text) throws Exception;

  /**
   * How many appends it made durable at a time since this was last asked, in the mean; 0 where it
   * cannot tell.
   */
  default double batch() throws Exception {
    return 0;
  }

  /** Reads the last 20 messages; returns how many characters they have. */
  int last20(int conversation) throws Exception;

  /** Reads the headers of an owner's 50 most recently used conversations; returns how many. */
  int list(int owner) throws Exception;

  /** Creates the conversations from {@code first} on, each with these messages, in bulk. */
  void load(int first, int conversations, int messagesEach, Texts texts) throws Exception;

  @Override
  void close();
}
