package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.StoreLockedException;
import io.conversationstore.StoreUnavailableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One store for each directory: in one process, and over processes. */
@Timeout(120)
class DirectoryLockTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @TempDir Path temporary;

  private JsonFileOptions options() {
    return JsonFileOptions.in(temporary.resolve("store")).withLockWait(LONG);
  }

  private Process holder() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LockHolder.class.getName(),
                options().directory().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(process.inputReader().readLine()).isEqualTo("open");
    return process;
  }

  @Test
  void atMostOneThreadHasItAndAllGetIt() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger turns = new AtomicInteger();
    List<FutureTask<Boolean>> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      FutureTask<Boolean> task =
          new FutureTask<>(
              () -> {
                boolean alone = true;
                for (int turn = 0; turn < 5; turn++) {
                  try (DirectoryLock lock = DirectoryLock.take(temporary, LONG)) {
                    assertThat(lock).isNotNull();
                    alone &= inside.incrementAndGet() == 1;
                    turns.incrementAndGet();
                    inside.decrementAndGet();
                  }
                }
                return alone;
              });
      threads.add(task);
      new Thread(task).start();
    }
    for (FutureTask<Boolean> thread : threads) {
      assertThat(thread.get()).isTrue();
    }
    assertThat(turns).hasValue(20);
  }

  @Test
  void theRefusalNamesTheHolder() throws Exception {
    String host = InetAddress.getLocalHost().getHostName();
    DirectoryLock held = DirectoryLock.take(temporary, Duration.ZERO);
    try (held) {
      assertThatThrownBy(() -> DirectoryLock.take(temporary, Duration.ZERO))
          .isInstanceOf(StoreLockedException.class)
          .hasMessageContaining("of this process")
          .hasMessageContaining("pid " + ProcessHandle.current().pid())
          .hasMessageContaining("on " + host)
          .hasMessageContaining("since 20");
    }
    Process other = holder();
    try {
      assertThatThrownBy(() -> JsonFileStore.open(options().withLockWait(Duration.ZERO)))
          .isInstanceOf(StoreLockedException.class)
          .hasMessageContaining("another process")
          .hasMessageContaining("pid " + other.pid())
          .hasMessageContaining("on " + host)
          .hasMessageContaining("since 20");
    } finally {
      other.destroyForcibly().waitFor();
    }
  }

  @Test
  void whoWaitsGetsItWhenTheOtherProcessCloses() throws Exception {
    Process other = holder();
    FutureTask<Boolean> waiting =
        new FutureTask<>(
            () -> {
              JsonFileStore.open(options()).close();
              return true;
            });
    new Thread(waiting).start();
    assertThat(waiting.isDone()).isFalse();
    other.getOutputStream().close();
    assertThat(waiting.get()).isTrue();
    assertThat(other.waitFor()).isZero();
  }

  @Test
  void aKilledProcessIsNoObstacle() throws Exception {
    Process other = holder();
    other.destroyForcibly().waitFor();
    assertThat(options().directory().resolve("LOCK.owner")).exists();
    JsonFileStore.open(options().withLockWait(Duration.ZERO)).close();
  }

  @Test
  void anInterruptEndsTheWaitOfAnOpenerAlone() throws Exception {
    DirectoryLock held = DirectoryLock.take(temporary, Duration.ZERO);
    FutureTask<Throwable> waiting =
        new FutureTask<>(
            () -> {
              try (DirectoryLock lock = DirectoryLock.take(temporary, LONG)) {
                assertThat(lock).as("taken twice").isNull();
                return null;
              } catch (InterruptedIOException e) {
                assertThat(Thread.currentThread().isInterrupted()).isTrue();
                return e;
              }
            });
    Thread thread = new Thread(waiting);
    thread.start();
    thread.interrupt();
    assertThat(waiting.get()).isInstanceOf(InterruptedIOException.class);
    assertThatThrownBy(() -> DirectoryLock.take(temporary, Duration.ZERO))
        .isInstanceOf(StoreLockedException.class);
    held.close();
    DirectoryLock.take(temporary, Duration.ZERO).close();
  }

  @Test
  void aFailedStartGivesItBack() throws Exception {
    JsonFileStore.open(options()).close();
    Files.writeString(options().directory().resolve("store.json"), "{}\n");
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> JsonFileStore.open(options().withLockWait(Duration.ZERO)))
          .isInstanceOf(io.conversationstore.StoreDamagedException.class);
    }
  }

  @Test
  void anOpenerThatIsInterruptedAlreadyGetsATypedError() throws Exception {
    JsonFileStore.open(options()).close();
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> JsonFileStore.open(options()))
          .isInstanceOf(StoreUnavailableException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    JsonFileStore.open(options()).close();
  }
}
