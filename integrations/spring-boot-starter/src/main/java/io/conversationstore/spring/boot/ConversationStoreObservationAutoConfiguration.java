package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/**
 * Observes the calls of the store where the application has an {@link ObservationRegistry}: timers,
 * and spans where there is a tracer. {@code
 * management.observations.enable.conversation.store=false} turns it off.
 */
@AutoConfiguration(
    after = ConversationStoreAutoConfiguration.class,
    afterName =
        "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration")
@ConditionalOnClass(ObservationRegistry.class)
@ConditionalOnBean({ConversationStore.class, ObservationRegistry.class})
public class ConversationStoreObservationAutoConfiguration {

  /** Wraps the store. */
  @Bean
  static BeanPostProcessor conversationStoreObservation(
      ObjectProvider<ObservationRegistry> registry) {
    return new BeanPostProcessor() {
      @Override
      public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof ConversationStore store
            ? ObservedStore.of(store, registry::getObject)
            : bean;
      }
    };
  }
}
