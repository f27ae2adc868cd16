package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.springai.ConversationPlaces;
import io.conversationstore.springai.ConversationStoreChatMemory;
import io.conversationstore.springai.ConversationStoreChatMemoryRepository;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.ChatMemoryRepository;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Chat memory of Spring AI over the store, if {@code conversation-store-spring-ai} is there,
 * instead of the memory that Spring AI's own auto-configuration makes.
 */
@AutoConfiguration(
    after = ConversationStoreAutoConfiguration.class,
    beforeName =
        "org.springframework.ai.model.chat.memory.autoconfigure.ChatMemoryAutoConfiguration")
@ConditionalOnClass({ChatMemory.class, ConversationStoreChatMemory.class})
@ConditionalOnBean({ConversationStore.class, ConversationStoreProperties.class})
public class ConversationStoreSpringAiAutoConfiguration {

  /** One owner for all conversations; an application with users defines its own. */
  @Bean
  @ConditionalOnMissingBean
  ConversationPlaces conversationPlaces(ConversationStoreProperties properties) {
    return ConversationPlaces.ofOwner(
        Owner.of(properties.springAi().tenant(), properties.springAi().user()));
  }

  /** For memories that save windows. */
  @Bean
  @ConditionalOnMissingBean(ChatMemoryRepository.class)
  ConversationStoreChatMemoryRepository chatMemoryRepository(
      ConversationStore store, ConversationPlaces places) {
    return ConversationStoreChatMemoryRepository.builder(store).places(places).build();
  }

  /** The memory for advisors, unless the application has a repository or a memory of its own. */
  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnBean(ConversationStoreChatMemoryRepository.class)
  ChatMemory chatMemory(
      ConversationStore store, ConversationPlaces places, ConversationStoreProperties properties) {
    return ConversationStoreChatMemory.builder(store)
        .places(places)
        .maxMessages(properties.springAi().maxMessages())
        .build();
  }
}
