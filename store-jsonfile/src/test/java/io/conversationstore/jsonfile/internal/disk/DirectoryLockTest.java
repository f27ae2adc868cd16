package io.conversationstore.jsonfile.internal.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLockedException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.jsonfile.LockHolder;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** One store for each directory, within one process and across processes. */
@Timeout(120)
class DirectoryLockTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @TempDir Path temporary;

  private JsonFileOptions options() {
    return JsonFileOptions.in(temporary.resolve("store")).withLockWait(LONG);
  }

  private Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(LockHolder.class.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private Process holder() throws IOException {
    Process process = start(options().directory().toString());
    assertThat(process.inputReader().readLine()).isEqualTo("open");
    return process;
  }

  /** Another process, which does not wait, finds the directory in use. */
  private void requireLockedForOthers(Path directory) throws Exception {
    Process other = start(directory.toString(), "at once");
    try {
      assertThat(other.inputReader().readLine()).isEqualTo("locked");
    } finally {
      other.destroyForcibly().waitFor();
    }
  }

  @Test
  void threadsHoldTheLockOneAtATime() throws Exception {
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
  void theLogSaysFromTheFirstMomentWhatIsWaitedFor() throws Exception {
    Process other = holder();
    BlockingQueue<String> said = new LinkedBlockingQueue<>();
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            said.add(event.getFormattedMessage());
          }
        };
    Logger logger = (Logger) LoggerFactory.getLogger(DirectoryLock.class);
    appender.start();
    logger.setLevel(Level.WARN);
    logger.addAppender(appender);
    try {
      FutureTask<Boolean> waiting =
          new FutureTask<>(
              () -> {
                JsonFileStore.open(options()).close();
                return true;
              });
      new Thread(waiting).start();
      // The store keeps waiting while this is read.
      assertThat(said.poll(20, TimeUnit.SECONDS))
          .contains("is in use by another process: pid " + other.pid())
          .contains("Waiting for up to");
      other.getOutputStream().close();
      assertThat(waiting.get()).isTrue();
      assertThat(said).isEmpty();
    } finally {
      logger.detachAppender(appender);
      logger.setLevel(null);
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
  void aFailedStartReleasesTheLock() throws Exception {
    JsonFileStore.open(options()).close();
    Files.writeString(options().directory().resolve("store.json"), "{}\n");
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> JsonFileStore.open(options().withLockWait(Duration.ZERO)))
          .isInstanceOf(io.conversationstore.StoreDamagedException.class);
    }
  }

  /** Like two applications in one server, or one that is redeployed. */
  @Test
  void anotherClassLoaderIsRefusedAndTheLockStays() throws Exception {
    List<URL> path = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      path.add(Path.of(entry).toUri().toURL());
    }
    Path directory = options().directory();
    try (ConversationStore held = JsonFileStore.open(options());
        URLClassLoader another =
            new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Method take =
          another
              .loadClass(DirectoryLock.class.getName())
              .getDeclaredMethod("take", Path.class, Duration.class);
      take.setAccessible(true);
      assertThatThrownBy(() -> take.invoke(null, directory, Duration.ZERO))
          .cause()
          .hasMessageContaining("in use by another store of this process")
          .hasMessageContaining("pid " + ProcessHandle.current().pid());
      requireLockedForOthers(directory);
      assertThat(held.operator().health().healthy()).isTrue();
    }
    JsonFileStore.open(options().withLockWait(Duration.ZERO)).close();
  }

  /** Java knows the lock, but this library does not: its holder must keep it. */
  @Test
  void aLockThatOthersOfThisProcessTookStays() throws Exception {
    Path file = Files.createFile(temporary.resolve(FileNames.LOCK));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      assertThat(channel.lock().isValid()).isTrue();
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> DirectoryLock.take(temporary, Duration.ZERO))
            .isInstanceOf(StoreLockedException.class)
            .hasMessageContaining("of this process");
      }
      requireLockedForOthers(temporary);
    }
    try (DirectoryLock taken = DirectoryLock.take(temporary, Duration.ZERO)) {
      assertThat(taken).isNotNull();
      requireLockedForOthers(temporary);
    }
  }

  /** A bind mount is a second name of one directory; here its lock has a second name. */
  @Test
  void anotherNameOfTheDirectoryIsRefusedAndTheLockStays() throws Exception {
    Path first = Files.createDirectory(temporary.resolve("first"));
    Path second = Files.createDirectory(temporary.resolve("second"));
    try (DirectoryLock held = DirectoryLock.take(first, Duration.ZERO)) {
      assertThat(held).isNotNull();
      Files.createLink(second.resolve(FileNames.LOCK), first.resolve(FileNames.LOCK));
      assertThatThrownBy(() -> DirectoryLock.take(second, Duration.ZERO))
          .isInstanceOf(StoreLockedException.class)
          .hasMessageContaining("of this process");
      requireLockedForOthers(first);
    }
    DirectoryLock.take(second, Duration.ZERO).close();
  }

  @Test
  void closingTwiceLeavesTheNextHolderAlone() throws Exception {
    DirectoryLock first = DirectoryLock.take(temporary, Duration.ZERO);
    first.close();
    try (DirectoryLock second = DirectoryLock.take(temporary, Duration.ZERO)) {
      assertThat(second).isNotNull();
      first.close();
      assertThat(temporary.resolve("LOCK.owner")).exists();
      assertThatThrownBy(() -> DirectoryLock.take(temporary, Duration.ZERO))
          .isInstanceOf(StoreLockedException.class);
    }
  }

  @Test
  void closingLeavesAnotherDirectoryInItsPlaceAlone() throws Exception {
    Path directory = Files.createDirectory(temporary.resolve("store"));
    Path moved = temporary.resolve("moved");
    Path owner = directory.resolve("LOCK.owner");
    DirectoryLock lock = DirectoryLock.take(directory, Duration.ZERO);
    Files.move(directory, moved);
    Files.createDirectory(directory);
    Files.createFile(directory.resolve(FileNames.LOCK));
    Files.writeString(owner, "somebody else\n");
    lock.close();
    assertThat(owner).hasContent("somebody else");
    DirectoryLock.take(moved, Duration.ZERO).close();
    DirectoryLock.take(directory, Duration.ZERO).close();
  }

  @Test
  void anOpenerThatIsInterruptedAlreadyDoesNotWaitForAnotherStore() throws Exception {
    try (ConversationStore held = JsonFileStore.open(options())) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> JsonFileStore.open(options()))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(held.operator().health().healthy()).isTrue();
    }
    JsonFileStore.open(options()).close();
  }
}
