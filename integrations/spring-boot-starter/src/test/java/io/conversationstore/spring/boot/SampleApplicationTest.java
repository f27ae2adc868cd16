package io.conversationstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.springai.ConversationStoreChatMemory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** A real application, found by Spring Boot through the files in the jar. */
class SampleApplicationTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  @TempDir Path directory;

  /** A service of the application, which uses the store until the context ends. */
  record Orders(ConversationStore store) implements AutoCloseable {

    void order(String text) {
      store.append(ALICE, NewConversation.ofId("orders"), Message.user(text));
    }

    @Override
    public void close() {
      order("the shop closes");
    }
  }

  /** Without the data source, which only the tests of this module have on the class path. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration(exclude = DataSourceAutoConfiguration.class)
  static class Shop {
    @Bean
    Orders orders(ConversationStore store) {
      return new Orders(store);
    }
  }

  private static ConfigurableApplicationContext start(String... properties) {
    SpringApplication application = new SpringApplication(Shop.class);
    application.setRegisterShutdownHook(false);
    return application.run(properties);
  }

  @Test
  void theApplicationStartsWithNothingButAProperty() {
    try (ConfigurableApplicationContext context =
        start("--conversation-store.directory=" + directory)) {
      context.getBean(Orders.class).order("tea");
    }
    try (ConfigurableApplicationContext context =
        start("--conversation-store.directory=" + directory)) {
      assertThat(context.getBean(ConversationStore.class).last(ALICE, "orders", 10))
          .extracting(message -> message.text())
          .as("the service wrote while the context closed, before the store did")
          .containsExactly("tea", "the shop closes");
    }
  }

  @Test
  void theApplicationHasHealthMetricsAndChatMemory() {
    try (ConfigurableApplicationContext context =
        start("--conversation-store.directory=" + directory)) {
      assertThat(context.containsBean("conversationStoreHealthIndicator")).isTrue();
      assertThat(context.containsBean("conversationStoreMetrics")).isTrue();
      assertThat(context.getBean(ChatMemory.class)).isInstanceOf(ConversationStoreChatMemory.class);
    }
  }

  @Test
  void theApplicationStartsWithTheDatabaseAway() {
    try (ConfigurableApplicationContext context =
        start(
            "--conversation-store.directory=" + directory,
            "--conversation-store.url=jdbc:postgresql://localhost:1/shop")) {
      context.getBean(Orders.class).order("tea");
      assertThat(context.getBean(ConversationStore.class).state().pending().changes()).isEqualTo(1);
    }
  }
}
