package io.conversationstore.hybrid;

import org.junit.jupiter.api.Test;

/** A longer queue than in {@link QueueMemoryTest}, over many conversations and with a save. */
class QueueMemoryIT extends OnSmallHeap {

  @Test
  void aQueueOfOneOwner() throws Exception {
    runs("-Xmx64m", 40, 100, 20_000, 300);
    isInDatabase("chat-0", 100, 20_000, true);
    isInDatabase("chat-39", 100, 20_000, false);
    isInDatabase("saved", 300, 20_000, false);
  }
}
