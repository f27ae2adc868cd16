package io.conversationstore.spring.boot.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.context.annotation.FilterType;
import org.springframework.test.context.TestContextManager;

/** What the slice leaves out, and that its directory ends with its context. */
class SliceScanTest {

  @ConversationStoreTest
  static class Plain {}

  @ConversationStoreTest(
      includeFilters = @Filter(type = FilterType.ASSIGNABLE_TYPE, classes = Orders.class))
  static class Including {}

  @ConversationStoreTest(
      properties = "conversation-store.directory=${java.io.tmpdir}/named-by-test")
  static class Naming {}

  private static ConfigurableApplicationContext contextOf(Class<?> test) {
    ApplicationContext context =
        new TestContextManager(test).getTestContext().getApplicationContext();
    return (ConfigurableApplicationContext) context;
  }

  @TempDir Path directory;

  @Test
  void theServicesOfTheApplicationAreLeftOutUnlessIncluded() {
    assertThat(contextOf(Plain.class).getBeansOfType(Orders.class)).isEmpty();
    assertThat(contextOf(Including.class).getBeansOfType(Orders.class)).hasSize(1);
  }

  @Test
  void aDirectoryEndsWithItsContextAndEachContextHasAnother() {
    ConfigurableApplicationContext plain = contextOf(Plain.class);
    ConfigurableApplicationContext including = contextOf(Including.class);
    Path first = directoryOf(plain);
    assertThat(first).isDirectory().isNotEqualTo(directoryOf(including));
    plain.getBean(ConversationStore.class).create(Shop.ALICE, "one");
    plain.close();
    assertThat(first).doesNotExist();
    assertThat(directoryOf(including)).isDirectory();
  }

  @Test
  void aDirectoryThatTheTestNamesWins() {
    assertThat(directoryOf(contextOf(Naming.class)).toString()).endsWith("named-by-test");
  }

  @Test
  void theApplicationItselfIsNotChanged() {
    try (ConfigurableApplicationContext application =
        SpringApplication.run(
            Shop.class,
            "--conversation-store.mode=jsonfile",
            "--conversation-store.directory=" + directory)) {
      assertThat(directoryOf(application)).isEqualTo(directory);
    }
    assertThat(directory).isNotEmptyDirectory();
  }

  private static Path directoryOf(ConfigurableApplicationContext context) {
    return Path.of(context.getEnvironment().getRequiredProperty("conversation-store.directory"));
  }
}
