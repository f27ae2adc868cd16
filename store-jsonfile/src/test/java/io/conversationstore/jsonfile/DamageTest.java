package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.Manifest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damages every byte of a directory that was closed and of one that a crash left. Either a start
 * refuses the directory, names the file and changes nothing, or reading refuses, or all content is
 * unchanged.
 */
class DamageTest {
  private static final Owner OWNER = Owner.of("acme", "alice");

  private static SoundDirectory sound;

  private final AtomicLong noticed = new AtomicLong();
  private final AtomicLong verified = new AtomicLong();
  private final AtomicLong harmless = new AtomicLong();

  @BeforeAll
  static void makeDirectory() throws IOException {
    sound = SoundDirectory.make(Long.getLong("store.seed", 1), 2);
    assertThat(sound.names()).hasSizeGreaterThan(3).contains(FileNames.CHECKPOINT);
  }

  /** Opens and reads everything; null if either reports damage. */
  private Map<String, String> read(MemoryFiles files, String damaged) {
    Map<String, Integer> before = files.fingerprints();
    try {
      FileEngine engine = Memory.engine(files, sound.options());
      try (ConversationStore store = Memory.front(engine, sound.options())) {
        return Fingerprint.of(store, engine);
      } catch (StoreDamagedException e) {
        assertThat(e).hasMessageContaining(damaged).hasMessageContaining("byte");
        noticed.incrementAndGet();
        return null;
      }
    } catch (StoreDamagedException e) {
      assertThat(e).hasMessageContaining(damaged);
    } catch (StoreConfigurationException e) {
      assertThat(e).hasMessageContaining("format version").hasMessageContaining(damaged);
    } catch (IOException e) {
      throw new AssertionError("not a typed error", e);
    }
    assertThat(files.fingerprints()).as("files of a refused directory").isEqualTo(before);
    assertThat(files.openFiles()).isZero();
    noticed.incrementAndGet();
    return null;
  }

  /** Whether {@code verify} finds damage; it runs only if the start and the reader did not. */
  private static boolean verifyFinds(MemoryFiles files) {
    try {
      Manifest manifest = Manifest.read(files);
      return !JsonFileTool.verify(Path.of("memory"), files, manifest).findings().isEmpty();
    } catch (IOException e) {
      throw new AssertionError("not a typed error", e);
    }
  }

  /**
   * @param mayBeHarmless whether the damage may go unnoticed
   */
  private void check(MemoryFiles files, String damaged, boolean mayBeHarmless) {
    MemoryFiles untouched = files.copy();
    Map<String, String> content = read(files, damaged);
    if (content == null) {
      return;
    }
    assertThat(content.equals(sound.content()))
        .as(() -> "damage not noticed:" + History.difference(sound.content(), content))
        .isTrue();
    if (verifyFinds(untouched)) {
      verified.incrementAndGet();
    } else {
      assertThat(mayBeHarmless).as("damage that nobody notices").isTrue();
      harmless.incrementAndGet();
    }
  }

  /** The checkpoint is rebuilt; a digit of a checksum may be a capital letter. */
  private static boolean mayBeHarmless(String name, byte before, byte after) {
    return name.equals("checkpoint")
        || (Character.digit(before, 16) >= 10
            && Character.digit(before, 16) == Character.digit(after, 16));
  }

  private void report(String what) {
    System.out.printf(
        "DAMAGE %s noticed=%d by-verify=%d harmless=%d%n",
        what, noticed.get(), verified.get(), harmless.get());
    assertThat(noticed).hasPositiveValue();
  }

  private static void at(String name, int offset, Runnable check) {
    try {
      check.run();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(name + ", byte " + offset + ": " + e.getMessage(), e);
    }
  }

  @Test
  void everyByteFlipped() {
    for (String name : sound.names()) {
      byte[] bytes = sound.bytes(name);
      int patterns = name.equals(FileNames.MANIFEST) ? 8 : 1;
      IntStream.range(0, bytes.length * patterns)
          .parallel()
          .forEach(
              i -> {
                int offset = i / patterns;
                byte[] flipped = bytes.clone();
                flipped[offset] ^= (byte) (1 << (patterns == 1 ? offset * 5 % 8 : i % patterns));
                MemoryFiles files = sound.copy();
                files.setBytes(name, flipped);
                boolean harmless = mayBeHarmless(name, bytes[offset], flipped[offset]);
                at(name, offset, () -> check(files, name, harmless));
              });
    }
    report("flips");
  }

  /**
   * After a crash, no note gives the end of the log. Only a later line that was written after this
   * one was known to be on the disk distinguishes damage from a torn write. The last line has none.
   */
  @Test
  void everyByteFlippedAfterACrash() throws IOException {
    JsonFileOptions options = Memory.options().withSegmentBytes(64 << 10);
    MemoryFiles running = new MemoryFiles();
    MemoryFiles crashed;
    try (ConversationStore store = Memory.front(Memory.engine(running, options), options)) {
      store.create(OWNER, NewConversation.ofId("chat"));
      for (int i = 0; i < 10; i++) {
        store.append(OWNER, "chat", Message.user("text " + i));
      }
      crashed = running.forcedOnly();
    }
    assertThat(texts(crashed.copy(), options)).hasSize(10);
    String log = Segments.name(1);
    byte[] bytes = crashed.bytes(log);
    int end = new String(bytes, StandardCharsets.UTF_8).stripTrailing().length();
    int lastLine = new String(bytes, 0, end, StandardCharsets.UTF_8).lastIndexOf('\n') + 1;
    for (int offset = 0; offset < end; offset++) {
      byte[] flipped = bytes.clone();
      flipped[offset] ^= (byte) (1 << offset * 5 % 8);
      if (mayBeHarmless(log, bytes[offset], flipped[offset])) {
        continue;
      }
      MemoryFiles files = crashed.copy();
      files.setBytes(log, flipped);
      Map<String, Integer> before = files.fingerprints();
      if (offset >= lastLine) {
        assertThat(texts(files, options)).as("byte " + offset).hasSize(9);
      } else {
        String where = log + ", byte " + offset + " of " + lastLine;
        StoreDamagedException damage =
            catchThrowableOfType(
                StoreDamagedException.class, () -> Memory.engine(files, options).close());
        assertThat(damage).as(where).isNotNull().hasMessageContaining(log);
        assertThat(files.fingerprints()).as(where).isEqualTo(before);
      }
    }
  }

  private static List<String> texts(MemoryFiles files, JsonFileOptions options) throws IOException {
    try (ConversationStore store = Memory.front(Memory.engine(files, options), options)) {
      return store.last(OWNER, "chat", 100).stream().map(StoredMessage::text).toList();
    }
  }

  @Test
  void everyLengthCutOff() {
    for (String name : sound.names()) {
      byte[] bytes = sound.bytes(name);
      IntStream.range(0, bytes.length)
          .parallel()
          .forEach(
              size -> {
                MemoryFiles files = sound.copy();
                files.setBytes(name, Arrays.copyOf(bytes, size));
                boolean harmless = name.equals("checkpoint");
                at(name, size, () -> check(files, name, harmless));
              });
    }
    report("cuts");
  }

  @Test
  void everyFileMissingOrTwice() {
    String next = Segments.name(Segments.number(sound.lastSegment()) + 1);
    for (String name : sound.names()) {
      MemoryFiles without = sound.copy();
      without.remove(name);
      at(name + " is missing", 0, () -> check(without, "", name.equals("checkpoint")));
      MemoryFiles twice = sound.copy();
      twice.setBytes(next, sound.bytes(name));
      at(name + " again as " + next, 0, () -> check(twice, next, name.equals("checkpoint")));
      for (String other : sound.names()) {
        MemoryFiles swapped = sound.copy();
        swapped.setBytes(name, sound.bytes(other));
        at(
            other + " in place of " + name,
            0,
            () -> check(swapped, "", name.equals(other) || name.equals("checkpoint")));
      }
    }
    report("files");
  }

  /** Its checksum is right, so only a program can have written it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SECRET",
        "[]",
        "{\"change\":\"messages_appended\",\"epoch\":\"SECRET\"}",
        "{\"change\":\"messages_appended\",\"id\":\"SECRET\",\"messages\":[]}",
        "{\"change\":\"messages_appended\",\"messages\":[{\"message\":{\"content\":\"SECRET\"}}]}",
        "{\"change\":\"message_edited\",\"content\":\"SECRET\"}",
        "{\"change\":\"SECRET\"}"
      })
  void lineOfAnotherShapeIsSetAside(String payload) throws IOException {
    MemoryFiles files = new MemoryFiles();
    Memory.store(files).close();
    String log = Segments.name(1);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(files.bytes(log));
    int end = bytes.size();
    byte[] head = LineFormat.head(1, 0, Instant.EPOCH, "\"apply\":");
    bytes.writeBytes(LineFormat.join(head, payload.getBytes(StandardCharsets.UTF_8)));
    files.setBytes(log, bytes.toByteArray());
    try (FileEngine engine = Memory.engine(files)) {
      assertThat(engine.health().checks())
          .filteredOn(check -> !check.passed())
          .singleElement()
          .satisfies(
              check ->
                  assertThat(check.detail()).contains(log + "-" + end).doesNotContain("SECRET"));
    }
    // Its owner is unknown, so any erasure removes it.
    assertThat(files.holds(payload)).isTrue();
    try (ConversationStore store = Memory.store(files)) {
      store.create(OWNER, NewConversation.ofId("chat"));
      store.erase(OWNER);
      assertThat(files.holds(payload)).isFalse();
    }
  }
}
