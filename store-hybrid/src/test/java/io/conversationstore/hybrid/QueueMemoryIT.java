package io.conversationstore.hybrid;

import org.junit.jupiter.api.Test;

/** A node with a queue larger than its heap works like any other. */
class QueueMemoryIT extends OnSmallHeap {

  @Test
  void aQueueOfOneConversation() throws Exception {
    runs("-Xmx64m", 1, 4_000, 20_000, 0);
    isInDatabase("chat-0", 4_000, 20_000, true);
  }

  @Test
  void aQueueOfOneOwner() throws Exception {
    runs("-Xmx64m", 40, 100, 20_000, 300);
    isInDatabase("chat-0", 100, 20_000, true);
    isInDatabase("chat-39", 100, 20_000, false);
    isInDatabase("saved", 300, 20_000, false);
  }
}
