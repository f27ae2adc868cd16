package io.conversationstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Calls of the store become observations of the application. */
class ObservationTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  @TempDir Path directory;

  /** Notes what ends: its name, its keys, and its error. */
  static final class Ended implements ObservationHandler<Observation.Context> {
    final List<String> all = new CopyOnWriteArrayList<>();

    @Override
    public void onStop(Observation.Context context) {
      KeyValues keys = context.getAllKeyValues();
      Throwable error = context.getError();
      all.add(
          context.getName()
              + keys.stream().map(key -> key.getKey() + "=" + key.getValue()).toList()
              + (error == null ? "" : error.getClass().getSimpleName()));
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
      return true;
    }
  }

  @Configuration(proxyBeanMethods = false)
  static class Handlers {
    @Bean
    Ended ended() {
      return new Ended();
    }
  }

  private ApplicationContextRunner runner() {
    return new ApplicationContextRunner()
        .withUserConfiguration(Handlers.class)
        .withConfiguration(
            AutoConfigurations.of(
                ObservationAutoConfiguration.class,
                ConversationStoreAutoConfiguration.class,
                ConversationStoreObservationAutoConfiguration.class))
        .withPropertyValues("conversation-store.directory=" + directory);
  }

  @Test
  void eachCallIsOneObservationThatNamesNoOwnerAndNoText() {
    runner()
        .run(
            context -> {
              ConversationStore store = context.getBean(ConversationStore.class);
              store.append(ALICE, NewConversation.ofId("c"), Message.user("secret"));
              store.last(ALICE, "c", 1);
              assertThatThrownBy(() -> store.append(ALICE, "no", Message.user("secret")))
                  .isInstanceOf(ConversationNotFoundException.class);
              store.state();
              assertThat(context.getBean(Ended.class).all)
                  .containsExactly(
                      "conversation.store.calls[call=append]",
                      "conversation.store.calls[call=last]",
                      "conversation.store.calls[call=append]ConversationNotFoundException");
              assertThat(Set.of(store)).contains(context.getBean(ConversationStore.class));
              assertThat(store.toString()).startsWith("observed ");
            });
    // The context has closed the store: another process may open the directory.
    runner().run(context -> assertThat(context).hasNotFailed());
  }

  @Test
  void thePropertyOfSpringBootTurnsThemOff() {
    runner()
        .withPropertyValues("management.observations.enable.conversation.store=false")
        .run(
            context -> {
              context.getBean(ConversationStore.class).create(ALICE, "title");
              assertThat(context.getBean(Ended.class).all).isEmpty();
            });
  }
}
