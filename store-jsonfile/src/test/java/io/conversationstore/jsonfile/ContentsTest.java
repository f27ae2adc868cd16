package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.ToolCall;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The cache of contents keeps within its limit. */
class ContentsTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final int CACHE = 64 << 10;

  private final HookedFiles files = new HookedFiles(new MemoryFiles());

  /** How many file reads a second read of a message takes. */
  private int readsOfTheSecondTime(String arguments) throws IOException {
    try (FileEngine engine = Memory.engine(files, Memory.options().withCacheBytes(CACHE))) {
      ConversationStore store = Memory.front(engine);
      store.create(ALICE, NewConversation.ofId("chat"));
      Message call =
          Message.assistant("before").withToolCalls(ToolCall.function("1", "name", arguments));
      UUID id = store.append(ALICE, "chat", call).get(0).id();
      store.edit(ALICE, "chat", id, MessageEdit.text("after"));
      Message first = store.last(ALICE, "chat", 1).get(0).message();
      assertThat(first.text()).isEqualTo("after");
      assertThat(first.toolCalls().get(0).arguments()).isEqualTo(arguments);
      AtomicInteger reads = new AtomicInteger();
      files.afterRead(reads::incrementAndGet);
      assertThat(store.last(ALICE, "chat", 1).get(0).message()).isEqualTo(first);
      return reads.get();
    }
  }

  @Test
  void anEditedMessageIsKept() throws IOException {
    assertThat(readsOfTheSecondTime("{}")).isZero();
  }

  @Test
  void anEditedMessageWeighsWhatItKeepsOfItsFirstText() throws IOException {
    assertThat(readsOfTheSecondTime("x".repeat(CACHE))).isPositive();
  }
}
