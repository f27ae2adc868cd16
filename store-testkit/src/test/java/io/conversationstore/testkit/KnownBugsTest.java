package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each known bug is caught, by the contract's tests and by random sequences. */
class KnownBugsTest {

  @ParameterizedTest
  @EnumSource(Faults.class)
  void randomSequencesDetectTheFault(Faults fault) {
    EngineFixture fixture = new EngineFixture(fault::engine);
    try (fixture) {
      assertThatThrownBy(
              () -> {
                for (long seed = 1; seed <= 10; seed++) {
                  CommandSequences.compare(seed, 200, fixture.open());
                }
              })
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("with seed ")
          .hasMessageContaining("Shortest sequence");
    }
  }

  @ParameterizedTest
  @EnumSource(Faults.class)
  void theContractTestsDetectTheFault(Faults fault) throws Exception {
    assertThat(firstFailing(() -> new EngineFixture(fault::engine))).isPresent();
  }

  @Test
  void theModelItselfFailsNoTest() throws Exception {
    assertThat(firstFailing(() -> new EngineFixture(ReferenceEngine::new))).isEmpty();
  }

  /** The name of the first failing test of the quick topics. */
  private static Optional<String> firstFailing(Supplier<StoreFixture> fixtures) throws Exception {
    StoreContract contract =
        new StoreContract() {
          @Override
          protected StoreFixture newFixture() {
            return fixtures.get();
          }
        };
    List<Supplier<ContractBase>> topics =
        List.of(
            () -> contract.new Conversations(),
            () -> contract.new Reads(),
            () -> contract.new Searches(),
            () -> contract.new EditsAndDeletes(),
            () -> contract.new Owners(),
            () -> contract.new Appends());
    for (Supplier<ContractBase> topic : topics) {
      Class<?> type = topic.get().getClass().getSuperclass();
      List<Method> tests =
          Arrays.stream(type.getDeclaredMethods())
              .filter(method -> method.isAnnotationPresent(Test.class))
              .filter(method -> !method.getName().contains("longConversation"))
              .sorted(Comparator.comparing(Method::getName))
              .toList();
      assertThat(tests).isNotEmpty();
      for (Method test : tests) {
        if (fails(topic.get(), test)) {
          return Optional.of(test.getName());
        }
      }
    }
    return Optional.empty();
  }

  private static boolean fails(ContractBase instance, Method test) {
    try {
      instance.openStore();
      if (instance instanceof AppendContract appends) {
        appends.createChat();
      } else if (instance instanceof ReadContract reads) {
        reads.createChat();
      } else if (instance instanceof EditAndDeleteContract edits) {
        edits.createChat();
      }
      test.setAccessible(true);
      test.invoke(instance);
      instance.invariantsHold();
      return false;
    } catch (ReflectiveOperationException | RuntimeException | AssertionError e) {
      return true;
    }
  }
}
