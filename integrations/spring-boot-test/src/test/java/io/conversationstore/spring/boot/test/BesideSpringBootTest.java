package io.conversationstore.spring.boot.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreState;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.context.SpringBootTest;

/** The whole application, with a store in a directory of its own. */
@SpringBootTest
@AutoConfigureConversationStore
class BesideSpringBootTest {

  @Autowired private ConversationStore store;
  @Autowired private Orders orders;

  @Value("${conversation-store.directory}")
  private Path directory;

  @Test
  void theApplicationWritesToFilesInATemporaryDirectory() {
    orders.order("tea");
    assertThat(store.last(Shop.ALICE, "orders", 10)).hasSize(1);
    assertThat(store.state().mode()).isEqualTo(StoreState.Mode.LOCAL_ONLY);
    assertThat(directory.toString()).contains("conversation-store-test");
  }
}
