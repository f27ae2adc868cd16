package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import io.conversationstore.spring.boot.ConversationStoreProperties.Mode;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** Shows the state of the store in the application's health, if spring-boot-health is there. */
@AutoConfiguration(after = ConversationStoreAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnBean({ConversationStore.class, ConversationStoreProperties.class})
@ConditionalOnEnabledHealthIndicator("conversationstore")
public class ConversationStoreHealthAutoConfiguration {

  /** Health under the name {@code conversationStore}. */
  @Bean
  @ConditionalOnMissingBean(name = "conversationStoreHealthIndicator")
  HealthIndicator conversationStoreHealthIndicator(
      ConversationStore store, ConversationStoreProperties properties) {
    return new ConversationStoreHealthIndicator(store, properties.mode() == Mode.POSTGRES);
  }
}
