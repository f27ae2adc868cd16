package io.conversationstore.hybrid;

import org.junit.jupiter.api.Test;

/** A node with a queue larger than its heap works like any other. */
class QueueMemoryTest extends OnSmallHeap {

  @Test
  void aQueueOfOneConversation() throws Exception {
    runs("-Xmx64m", 1, 4_000, 20_000, 0);
    isInDatabase("chat-0", 4_000, 20_000, true);
  }
}
