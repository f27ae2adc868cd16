package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import io.conversationstore.hybrid.StoreMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The gauges of {@link StoreMetrics}, which Spring Boot binds to its registries. */
@AutoConfiguration(after = ConversationStoreAutoConfiguration.class)
@ConditionalOnClass({MeterRegistry.class, MeterBinder.class})
@ConditionalOnBean(ConversationStore.class)
public class ConversationStoreMetricsAutoConfiguration {

  /** The gauges. */
  @Bean
  @ConditionalOnMissingBean
  StoreMetrics conversationStoreMetrics(ConversationStore store) {
    return StoreMetrics.of(store);
  }
}
