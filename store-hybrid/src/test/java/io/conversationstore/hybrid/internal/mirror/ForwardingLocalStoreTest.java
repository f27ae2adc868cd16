package io.conversationstore.hybrid.internal.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.hybrid.internal.support.ThreadScheduler;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.Transitions;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method of a local store reaches the files, default methods included. */
class ForwardingLocalStoreTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  /** Methods that do not depend on rows of the mirror; all others wait for rows held back. */
  private static final Set<String> WITHOUT_ROWS =
      Set.of(
          "awaitDatabase",
          "collectGarbage",
          "discardParked",
          "figures",
          "fileBytes",
          "fileSpace",
          "hasPending",
          "hasPendingErasure",
          "health",
          "identity",
          "onStateChange",
          "parked",
          "parkedChange",
          "parkedChanges",
          "parkedOfErased",
          "pending",
          "pendingChange",
          "pendingFigures",
          "pendingHeads",
          "pendingOwners",
          "provenanceOf",
          "remember",
          "rememberPlace",
          "renewNode",
          "resetMirror",
          "retryParked",
          "settle",
          "state",
          "tableSizes",
          "unmet",
          "unreadable");

  private final List<String> calls = new ArrayList<>();
  private final List<Object> answers = new ArrayList<>();

  static Stream<Method> methods() {
    return Arrays.stream(LocalStore.class.getMethods())
        .filter(method -> !Modifier.isStatic(method.getModifiers()))
        .filter(method -> !method.isBridge());
  }

  private Object called(Method method) {
    calls.add(method.getName() + Arrays.toString(method.getParameterTypes()));
    Class<?> type = method.getReturnType();
    Object answer = null;
    if (type == boolean.class) {
      answer = true;
    } else if (type == long.class) {
      answer = 7L;
    } else if (type == List.class) {
      answer = new ArrayList<>();
    } else if (type == Optional.class) {
      answer = Optional.of("of the files");
    }
    answers.add(answer);
    return answer;
  }

  private LocalStore files() {
    return (LocalStore)
        Proxy.newProxyInstance(
            LocalStore.class.getClassLoader(),
            new Class<?>[] {LocalStore.class},
            (proxy, method, arguments) -> called(method));
  }

  private static Object[] arguments(Method method) {
    return Arrays.stream(method.getParameterTypes())
        .map(type -> type == boolean.class ? true : type == long.class ? 3L : zero(type))
        .toArray();
  }

  private static Object zero(Class<?> type) {
    return type == int.class ? 3 : null;
  }

  @ParameterizedTest
  @MethodSource("methods")
  void everyMethodReachesTheFilesOnceAndOnlyThoseAboutRowsWriteTheRowsHeldBackFirst(Method method)
      throws ReflectiveOperationException {
    ThreadScheduler scheduler = new ThreadScheduler();
    scheduler.stop();
    WriteBehindMirror mirror =
        new WriteBehindMirror(files(), scheduler, states -> calls.add("rows"), () -> {});
    mirror.defer(
        List.of(
            Transitions.created(
                ALICE,
                NewConversation.ofId("chat"),
                "chat",
                0,
                1,
                Instant.parse("2026-03-01T12:00:00Z"),
                UUID.randomUUID())));
    Object answer = method.invoke(mirror, arguments(method));
    String call = method.getName() + Arrays.toString(method.getParameterTypes());
    if (WITHOUT_ROWS.contains(method.getName())) {
      assertThat(calls).containsExactly(call);
    } else {
      assertThat(calls).containsExactly("rows", call);
    }
    if (method.getReturnType().isPrimitive()) {
      assertThat(answer).isEqualTo(answers.get(0));
    } else {
      assertThat(answer).isSameAs(answers.get(0));
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void theBaseClassForwardsTheMethodItself(Method method) throws NoSuchMethodException {
    Method forwarding =
        ForwardingLocalStore.class.getMethod(method.getName(), method.getParameterTypes());
    assertThat(forwarding.getDeclaringClass()).isEqualTo(ForwardingLocalStore.class);
  }
}
