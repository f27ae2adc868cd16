package io.conversationstore.hybrid;

import org.junit.jupiter.api.Test;

/** A node with a queue larger than its heap works like any other. */
class QueueMemoryIT extends OnSmallHeap {

  /** More pages than there are. */
  private static final int ALL = 10_000;

  @Test
  void aQueueOfOneConversation() throws Exception {
    runs("-Xmx64m", 1, 4_000, 20_000, 0, ALL);
    isInDatabase("chat-0", 4_000, 20_000, true);
  }

  /** Each message is small, but the index, the heads and the view of so many are not. */
  @Test
  void aQueueOfManyMessages() throws Exception {
    runs("-Xmx96m", 1, 60_000, 100, 0, 2);
    isInDatabase("chat-0", 60_000, 100, true);
  }

  @Test
  void aQueueOfOneOwner() throws Exception {
    runs("-Xmx64m", 40, 100, 20_000, 300, ALL);
    isInDatabase("chat-0", 100, 20_000, true);
    isInDatabase("chat-39", 100, 20_000, false);
    isInDatabase("saved", 300, 20_000, false);
  }
}
