package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import io.conversationstore.spi.UuidV7;
import io.conversationstore.testkit.ManualClock;
import io.conversationstore.testkit.StoreContract;
import io.conversationstore.testkit.StoreFixture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** The contract of all stores, tested with files. */
class JsonFileContractTest extends StoreContract {

  @Override
  protected StoreFixture newFixture() {
    return new Fixture();
  }

  /** Each test has its own directory, with the default durability: each write. */
  private static final class Fixture implements StoreFixture {
    private final ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00.123456Z"));
    private final UuidV7 ids = new UuidV7(clock, new Random(1));
    private final Path directory;
    private final List<ConversationStore> open = new ArrayList<>();

    Fixture() {
      try {
        directory = Files.createTempDirectory("jsonfile-contract");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Set<Capability> capabilities() {
      return Set.of(Capability.PERSISTS, Capability.MANUAL_CLOCK);
    }

    @Override
    public ConversationStore open(StoreLimits limits) {
      ConversationStore store =
          JsonFileStore.open(
              JsonFileOptions.in(directory).withLimits(limits).withClock(clock, ids));
      open.add(store);
      return store;
    }

    @Override
    public ConversationStore reopen() {
      open.forEach(ConversationStore::close);
      return open();
    }

    @Override
    public void advance(Duration by) {
      clock.advance(by);
    }

    @Override
    public void close() {
      open.forEach(ConversationStore::close);
      try (Stream<Path> tree = Files.walk(directory)) {
        for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
