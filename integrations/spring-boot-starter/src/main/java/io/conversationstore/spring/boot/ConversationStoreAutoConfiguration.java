package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Opens a store unless the application defines one. The store is closed with the context, after the
 * beans that use it and before the data source.
 */
@AutoConfiguration(
    afterName = "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration")
@ConditionalOnProperty(
    prefix = "conversation-store",
    name = "enabled",
    havingValue = "true",
    matchIfMissing = true)
@EnableConfigurationProperties(ConversationStoreProperties.class)
public class ConversationStoreAutoConfiguration {

  /** The store. */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  ConversationStore conversationStore(
      ConversationStoreProperties properties,
      ObjectProvider<DataSource> dataSource,
      ObjectProvider<ConversationStoreConnectionDetails> connection,
      ObjectProvider<PostgresOptionsCustomizer> onPostgres,
      ObjectProvider<JsonFileOptionsCustomizer> onFiles,
      ObjectProvider<HybridOptionsCustomizer> onHybrid) {
    return new StoreOpener(
            properties,
            properties.useDataSource() ? dataSource.getIfUnique() : null,
            connection.getIfAvailable(),
            onPostgres.orderedStream().toList(),
            onFiles.orderedStream().toList(),
            onHybrid.orderedStream().toList())
        .open();
  }
}
