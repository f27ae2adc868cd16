package io.conversationstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.hybrid.HybridOptions;
import io.conversationstore.hybrid.LocalData;
import io.conversationstore.hybrid.StoreMetrics;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.springai.ConversationPlace;
import io.conversationstore.springai.ConversationPlaces;
import io.conversationstore.springai.ConversationStoreChatMemory;
import io.conversationstore.springai.ConversationStoreChatMemoryRepository;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.ChatMemoryRepository;
import org.springframework.ai.chat.memory.InMemoryChatMemoryRepository;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.model.chat.memory.autoconfigure.ChatMemoryAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class ConversationStoreAutoConfigurationTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  @TempDir Path directory;
  private ApplicationContextRunner runner;

  @BeforeEach
  void makeRunner() {
    runner =
        new ApplicationContextRunner()
            .withConfiguration(
                AutoConfigurations.of(
                    ConversationStoreAutoConfiguration.class,
                    ConversationStoreHealthAutoConfiguration.class,
                    ConversationStoreMetricsAutoConfiguration.class,
                    ConversationStoreSpringAiAutoConfiguration.class,
                    ChatMemoryAutoConfiguration.class))
            .withPropertyValues("conversation-store.directory=" + directory.resolve("data"));
  }

  @Test
  void withoutADatabaseTheStoreIsInFilesAndClosesWithTheContext() {
    List<ConversationStore> opened = new ArrayList<>();
    runner.run(
        context -> {
          ConversationStore store = context.getBean(ConversationStore.class);
          store.append(ALICE, NewConversation.ofId("c"), Message.user("tea"));
          assertThat(directory.resolve("data").resolve("store.json")).exists();
          opened.add(store);
        });
    assertThatIllegalStateException().isThrownBy(() -> opened.get(0).find(ALICE, "c"));
  }

  @Test
  void aContextThatRestartsOpensTheSameDirectory() {
    runner.run(
        context ->
            context
                .getBean(ConversationStore.class)
                .append(ALICE, NewConversation.ofId("c"), Message.user("tea")));
    runner.run(
        context ->
            assertThat(context.getBean(ConversationStore.class).last(ALICE, "c", 1).get(0).text())
                .isEqualTo("tea"));
  }

  @Test
  void aStoreOfTheApplicationReplacesOurs() {
    ConversationStore own = JsonFileStore.open(directory.resolve("own"));
    runner
        .withBean(ConversationStore.class, () -> own)
        .run(
            context -> {
              assertThat(context.getBean(ConversationStore.class)).isSameAs(own);
              assertThat(directory.resolve("data")).doesNotExist();
            });
  }

  @Test
  void theStoreCanBeSwitchedOff() {
    runner
        .withPropertyValues("conversation-store.enabled=false")
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .doesNotHaveBean(ConversationStore.class)
                    .doesNotHaveBean(StoreMetrics.class)
                    .doesNotHaveBean(ConversationStoreChatMemory.class));
  }

  @Test
  void propertiesBecomeOptionsOfTheFiles() {
    List<JsonFileOptions> seen = new ArrayList<>();
    runner
        .withBean(
            JsonFileOptionsCustomizer.class,
            () ->
                options -> {
                  seen.add(options);
                  return options.withCacheBytes(0);
                })
        .withPropertyValues(
            "conversation-store.durability=interval",
            "conversation-store.retention.message-age=30d",
            "conversation-store.retention.archive-after=12h",
            "conversation-store.retention.purge-after=40d",
            "conversation-store.retention.interval=10m")
        .run(context -> assertThat(context).hasNotFailed());
    assertThat(seen.get(0).directory()).isEqualTo(directory.resolve("data"));
    assertThat(seen.get(0).durability()).isEqualTo(Durability.INTERVAL);
    assertThat(seen.get(0).retention())
        .isEqualTo(
            RetentionSchedule.OFF
                .withMessageAge(Duration.ofDays(30))
                .withArchiveAfter(Duration.ofHours(12))
                .withPurgeAfter(Duration.ofDays(40))
                .withInterval(Duration.ofMinutes(10)));
  }

  @Test
  void propertiesBecomeOptionsOfAHybridWhoseDatabaseIsAway() {
    List<HybridOptions> seen = new ArrayList<>();
    runner
        .withBean(
            HybridOptionsCustomizer.class,
            () ->
                options -> {
                  seen.add(options);
                  return options;
                })
        .withPropertyValues(
            "conversation-store.url=jdbc:postgresql://localhost:1/none",
            "conversation-store.username=app",
            "conversation-store.password=secret-word",
            "conversation-store.local-data=refuse",
            "conversation-store.local-copy.max-size=5MB",
            "conversation-store.local-copy.active-within=7d",
            "conversation-store.retention.message-age=30d")
        .run(
            context -> {
              assertThat(context).hasNotFailed();
              assertThat(context.getBean(ConversationStoreProperties.class).toString())
                  .doesNotContain("secret-word");
            });
    assertThat(seen.get(0).localData()).isEqualTo(LocalData.REFUSE);
    assertThat(seen.get(0).copyLimits().maxBytes()).isEqualTo(5 << 20);
    assertThat(seen.get(0).copyLimits().activeWithin()).isEqualTo(Duration.ofDays(7));
    assertThat(seen.get(0).retention().messageAge()).contains(Duration.ofDays(30));
  }

  @Test
  void aDatabaseThatIsNotNamedIsOneClearError() {
    for (String mode : List.of("hybrid", "postgres")) {
      runner
          .withPropertyValues("conversation-store.mode=" + mode)
          .run(
              context ->
                  assertThat(context)
                      .getFailure()
                      .rootCause()
                      .isInstanceOf(StoreConfigurationException.class)
                      .hasMessageContaining("conversation-store.url"));
    }
  }

  @Test
  void aDataSourceThatIsNotThereIsOneClearError() {
    runner
        .withPropertyValues("conversation-store.use-data-source=true")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .isInstanceOf(StoreConfigurationException.class)
                    .hasMessageContaining("DataSource bean"));
  }

  @Test
  void twoDatabasesAreOneClearError() {
    runner
        .withPropertyValues(
            "conversation-store.use-data-source=true",
            "conversation-store.url=jdbc:postgresql://localhost:1/none")
        .run(
            context ->
                assertThat(context).getFailure().rootCause().hasMessageContaining("both set"));
  }

  @Test
  void filesAreUsedWhateverElseIsSetIfTheModeSaysSo() {
    runner
        .withPropertyValues(
            "conversation-store.mode=jsonfile",
            "conversation-store.url=jdbc:postgresql://localhost:1/none")
        .run(
            context ->
                assertThat(context.getBean(HealthIndicator.class).health().getDetails())
                    .containsEntry("mode", "local_only"));
  }

  @Test
  void healthIsUpWhileTheDatabaseOfAHybridIsAway() {
    runner
        .withPropertyValues("conversation-store.url=jdbc:postgresql://localhost:1/none")
        .run(
            context -> {
              ConversationStore store = context.getBean(ConversationStore.class);
              store.append(ALICE, NewConversation.ofId("c"), Message.user("tea"));
              HealthIndicator health = context.getBean(HealthIndicator.class);
              assertThat(health.health().getStatus()).isEqualTo(Status.UP);
              assertThat(health.health().getDetails())
                  .containsEntry("mode", "offline")
                  .containsEntry("pendingChanges", 1L);
              store.close();
            });
  }

  @Test
  void healthCanBeSwitchedOff() {
    runner
        .withPropertyValues("management.health.conversationstore.enabled=false")
        .run(context -> assertThat(context).doesNotHaveBean(HealthIndicator.class));
  }

  @Test
  void metricsAreBoundToTheRegistryOfTheApplication() {
    runner
        .withConfiguration(AutoConfigurations.of(MetricsAutoConfiguration.class))
        .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
        .run(
            context ->
                assertThat(
                        context
                            .getBean(MeterRegistry.class)
                            .get("conversation.store.mode")
                            .tag("mode", "local_only")
                            .gauge()
                            .value())
                    .isEqualTo(1));
  }

  @Test
  void chatMemoryIsOursAndOfTheOwnerInTheProperties() {
    runner
        .withPropertyValues(
            "conversation-store.spring-ai.tenant=acme",
            "conversation-store.spring-ai.user=alice",
            "conversation-store.spring-ai.max-messages=1")
        .run(
            context -> {
              assertThat(context)
                  .getBean(ChatMemoryRepository.class)
                  .isInstanceOf(ConversationStoreChatMemoryRepository.class);
              ChatMemory memory = context.getBean(ChatMemory.class);
              memory.add("c", List.of(new UserMessage("tea"), new UserMessage("coffee")));
              assertThat(memory.get("c")).containsExactly(new UserMessage("coffee"));
              assertThat(context.getBean(ConversationStore.class).last(ALICE, "c", 9)).hasSize(2);
            });
  }

  @Test
  void aRepositoryOfTheApplicationIsUsedBySpringsMemory() {
    ChatMemoryRepository own = new InMemoryChatMemoryRepository();
    runner
        .withBean(ChatMemoryRepository.class, () -> own)
        .run(
            context -> {
              context.getBean(ChatMemory.class).add("c", new UserMessage("tea"));
              assertThat(own.findByConversationId("c")).hasSize(1);
            });
  }

  @Test
  void anApplicationSaysWhoseAConversationIs() {
    runner
        .withBean(
            ConversationPlaces.class,
            () -> id -> ConversationPlace.of(Owner.of("acme", "user-of-" + id), id))
        .run(
            context -> {
              context.getBean(ChatMemory.class).add("c", new UserMessage("tea"));
              assertThat(
                      context
                          .getBean(ConversationStore.class)
                          .last(Owner.of("acme", "user-of-c"), "c", 1))
                  .hasSize(1);
            });
  }

  /** Editors show the properties with their texts. */
  @Test
  void theJarDescribesItsProperties() throws Exception {
    Path metadata = Path.of("target", "classes", "META-INF", "spring-configuration-metadata.json");
    assertThat(Files.readString(metadata))
        .contains("conversation-store.local-copy.max-size", "Where conversations are stored.");
  }
}
