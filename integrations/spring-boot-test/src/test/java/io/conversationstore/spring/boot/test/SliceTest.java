package io.conversationstore.spring.boot.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreState;
import io.conversationstore.springai.ConversationStoreChatMemory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Import;

/** The slice with the application's own properties, which name a database and a directory. */
@ConversationStoreTest
@Import(Orders.class)
class SliceTest {

  @Autowired private ApplicationContext context;
  @Autowired private ConversationStore store;
  @Autowired private Orders orders;

  @Value("${conversation-store.directory}")
  private Path directory;

  @Test
  void theServiceWritesToFilesInATemporaryDirectory() {
    orders.order("tea");
    assertThat(store.last(Shop.ALICE, "orders", 10)).hasSize(1);
    assertThat(store.state().mode()).isEqualTo(StoreState.Mode.LOCAL_ONLY);
    assertThat(directory.toString()).contains("conversation-store-test").isNotEqualTo("production");
    assertThat(directory).isNotEmptyDirectory();
  }

  @Test
  void theChatMemoryOfSpringAiIsThere() {
    assertThat(context.getBean(ChatMemory.class)).isInstanceOf(ConversationStoreChatMemory.class);
  }

  @Test
  void onlyWhatIsImportedIsThere() {
    assertThat(context.getBeansOfType(Orders.class)).hasSize(1);
    assertThat(context.containsBean("conversationStoreHealthIndicator")).isFalse();
  }
}
