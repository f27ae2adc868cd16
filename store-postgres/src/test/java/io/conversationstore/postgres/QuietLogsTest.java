package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.testkit.TestPostgres;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What is expected leaves no trace in logs. */
class QuietLogsTest {

  private final Databases databases = Databases.create();

  @TempDir Path directory;

  @Test
  void aMigrationWithoutAProviderOfSlf4jWritesNothing() throws Exception {
    TestPostgres server = TestPostgres.shared();
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.contains("logback"))
            .collect(Collectors.joining(File.pathSeparator));
    Path output = directory.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            classPath,
            OpenMain.class.getName(),
            server.jdbcUrl(databases.name),
            server.user());
    builder.environment().put(OpenMain.PASSWORD, server.password());
    Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
    assertThat(Files.readAllLines(output)).isNotEmpty().allMatch(line -> line.contains("SLF4J"));
    assertThat(databases.text("SELECT count(*) FROM conversation_store.conversations"))
        .isEqualTo("1");
  }

  @Test
  void aStoreThatIsClosedWhileItReadsLeavesNoStackTrace() throws Exception {
    Logger pool = (Logger) LoggerFactory.getLogger("com.zaxxer.hikari");
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    pool.addAppender(log);
    try {
      ConversationStore store = PostgresStore.open(databases.options());
      store.create(Databases.ALICE, NewConversation.ofId("c"));
      try (var holder = databases.connection();
          var hold = holder.createStatement()) {
        holder.setAutoCommit(false);
        hold.execute("SELECT FROM conversation_store.conversations FOR UPDATE");
        CompletableFuture<Boolean> waiting =
            CompletableFuture.supplyAsync(() -> store.delete(Databases.ALICE, "c"));
        while (databases
            .text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND wait_event_type = 'Lock'")
            .equals("0")) {
          assertThat(waiting).isNotDone();
        }
        store.close();
        assertThat(waiting).failsWithin(60, TimeUnit.SECONDS);
      }
    } finally {
      pool.detachAppender(log);
    }
    assertThat(log.list)
        .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
        .extracting(ILoggingEvent::getFormattedMessage)
        .isEmpty();
  }
}
