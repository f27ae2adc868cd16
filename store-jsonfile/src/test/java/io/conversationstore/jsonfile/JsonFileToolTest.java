package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoreLockedException;
import io.conversationstore.StoredMessage;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.jsonfile.internal.disk.DirectoryLock;
import io.conversationstore.jsonfile.internal.disk.DiskFiles;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonFileToolTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final int CONVERSATIONS = 4;
  private static final int MESSAGES = 60;

  @TempDir Path directory;

  private JsonFileOptions options() {
    return JsonFileOptions.in(directory).withSegmentBytes(8 << 10).withCompactionBytes(1 << 30);
  }

  /** Half of it is in a snapshot, half in the log; messages are numbered within a conversation. */
  @BeforeEach
  void fill() {
    JsonFileOptions options = options();
    FileEngine engine = (FileEngine) JsonFileStore.openEngine(options);
    try (ConversationStore store =
        new DefaultConversationStore(
            engine,
            StoreLimits.DEFAULT,
            options.clock(),
            options.ids(),
            engine.identity().node())) {
      for (int c = 0; c < CONVERSATIONS; c++) {
        store.create(ALICE, NewConversation.ofId("chat " + c));
      }
      for (int i = 0; i < MESSAGES; i++) {
        for (int c = 0; c < CONVERSATIONS; c++) {
          store.append(ALICE, "chat " + c, Message.user("text " + i));
        }
        if (i == MESSAGES / 2) {
          engine.compact();
        }
      }
    }
  }

  private Map<String, byte[]> contents() throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        contents.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return contents;
  }

  private List<String> dataFiles() throws IOException {
    return contents().keySet().stream().filter(name -> Segments.number(name) != 0).toList();
  }

  /** Opens the store and counts messages, which must be in order. */
  private int messages() {
    int count = 0;
    try (ConversationStore store = JsonFileStore.open(options())) {
      for (var conversation : store.list(ALICE, ConversationQuery.all())) {
        List<Integer> numbers = new ArrayList<>();
        for (StoredMessage message : store.last(ALICE, conversation.id(), 1_000)) {
          numbers.add(Integer.valueOf(message.text().substring(5)));
        }
        assertThat(numbers).isSorted().doesNotHaveDuplicates();
        count += numbers.size();
      }
      // Health reports set-aside lines until an operator has moved them away.
      assertThat(store.operator().health().checks())
          .filteredOn(check -> !check.name().equals("set-aside"))
          .allMatch(StoreHealth.Check::passed);
      store.createIfAbsent(ALICE, NewConversation.ofId("after"));
      store.append(ALICE, "after", Message.user("text 0"));
      assertThat(store.last(ALICE, "after", 1)).hasSize(1);
      store.delete(ALICE, "after");
    }
    return count;
  }

  @Test
  void soundDirectoryIsLeftAsItIs() throws IOException {
    DamageReport report = JsonFileTool.verify(directory);
    assertThat(report.findings()).isEmpty();
    assertThat(report.lines()).isGreaterThan(CONVERSATIONS * MESSAGES);
    Map<String, byte[]> before = contents();
    assertThat(JsonFileTool.repair(directory).isSound()).isTrue();
    assertThat(contents())
        .usingRecursiveComparison()
        .ignoringFields("LOCK.owner")
        .isEqualTo(before);
    assertThat(messages()).isEqualTo(CONVERSATIONS * MESSAGES);
  }

  /** Damages random bytes; undamaged lines must not be lost. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void damageIsFoundMovedAsideAndTheRestOpens(int seed) throws IOException {
    Random random = new Random(seed);
    List<String> names = dataFiles();
    Files.deleteIfExists(directory.resolve(FileNames.CHECKPOINT));
    int flips = 1 + random.nextInt(4);
    for (int i = 0; i < flips; i++) {
      Path file = directory.resolve(names.get(random.nextInt(names.size() - 1)));
      byte[] bytes = Files.readAllBytes(file);
      int at = random.nextInt(bytes.length);
      bytes[at] = (byte) (seed % 3 == 0 ? '\n' : bytes[at] ^ 0x15);
      Files.write(file, bytes);
    }
    DamageReport found = JsonFileTool.verify(directory);
    assertThat(found.isSound()).as("seed %d", seed).isFalse();
    assertThat(found.toString()).doesNotContain("text ");
    assertThatThrownBy(() -> JsonFileStore.open(options()))
        .isInstanceOf(StoreDamagedException.class);
    DamageReport repaired = JsonFileTool.repair(directory);
    assertThat(repaired.findings()).as("seed %d", seed).isNotEmpty();
    for (DamageReport.Finding finding : repaired.findings()) {
      if (finding.length() > 0) {
        assertThat(Files.size(directory.resolve(finding.movedTo()))).isEqualTo(finding.length());
      }
    }
    assertThat(JsonFileTool.verify(directory).isSound()).as("seed %d", seed).isTrue();
    int lost = 0;
    for (DamageReport.Finding finding : repaired.findings()) {
      lost += 1 + (int) (finding.length() / 200);
    }
    assertThat(messages())
        .as("seed %d", seed)
        .isLessThanOrEqualTo(CONVERSATIONS * MESSAGES)
        .isGreaterThanOrEqualTo(CONVERSATIONS * MESSAGES - Math.max(lost, MESSAGES * flips));
  }

  @Test
  void missingFilesAreFoundAndSaid() throws IOException {
    for (String name : dataFiles()) {
      Map<String, byte[]> before = contents();
      Files.delete(directory.resolve(name));
      Files.deleteIfExists(directory.resolve(FileNames.CHECKPOINT));
      assertThat(JsonFileTool.verify(directory).findings())
          .as(name)
          .anyMatch(finding -> finding.file().equals(name) && !finding.harmless());
      assertThat(JsonFileTool.repair(directory).isSound()).isFalse();
      assertThat(JsonFileTool.verify(directory).isSound()).as(name).isTrue();
      assertThat(messages()).as(name).isLessThan(CONVERSATIONS * MESSAGES);
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      for (Map.Entry<String, byte[]> file : before.entrySet()) {
        Files.write(directory.resolve(file.getKey()), file.getValue());
      }
    }
  }

  @Test
  void tornTailIsHarmless() throws IOException {
    byte[] running = Files.readAllBytes(directory.resolve(FileNames.MANIFEST));
    try (ConversationStore store = JsonFileStore.open(options())) {
      store.append(ALICE, "chat 0", Message.user("text " + MESSAGES));
    }
    tearLastLine();
    // A crash leaves it like this, because only closing records the end of the log.
    Files.write(directory.resolve(FileNames.MANIFEST), running);
    DamageReport report = JsonFileTool.verify(directory);
    assertThat(report.findings()).hasSize(1);
    assertThat(report.isSound()).isTrue();
    assertThat(messages()).isEqualTo(CONVERSATIONS * MESSAGES);
  }

  private void tearLastLine() throws IOException {
    String last =
        dataFiles().stream().filter(name -> name.startsWith("log-")).reduce((a, b) -> b).get();
    byte[] bytes = Files.readAllBytes(directory.resolve(last));
    Files.write(directory.resolve(last), Arrays.copyOf(bytes, bytes.length - 7));
    Files.deleteIfExists(directory.resolve(FileNames.CHECKPOINT));
  }

  @Test
  void whatWasThereWhenTheStoreWasClosedIsNotTorn() throws IOException {
    tearLastLine();
    assertThat(JsonFileTool.verify(directory).isSound()).isFalse();
    assertThatThrownBy(() -> JsonFileStore.open(options()))
        .isInstanceOf(StoreDamagedException.class);
    assertThat(JsonFileTool.repair(directory).findings()).hasSize(1);
    assertThat(JsonFileTool.verify(directory).isSound()).isTrue();
    assertThat(messages()).isEqualTo(CONVERSATIONS * MESSAGES - 1);
  }

  @Test
  void commandLineSaysWhatItFoundAndExits() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    assertThat(JsonFileTool.run(new String[] {"verify", directory.toString()}, out)).isZero();
    assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("0 findings, sound");
    Path file = directory.resolve(dataFiles().get(0));
    byte[] log = Files.readAllBytes(file);
    log[log.length / 2] ^= 1;
    Files.write(file, log);
    assertThat(JsonFileTool.run(new String[] {"verify", directory.toString()}, out)).isEqualTo(1);
    assertThat(JsonFileTool.run(new String[] {"repair", directory.toString()}, out)).isZero();
    assertThat(JsonFileTool.run(new String[] {"verify", directory.toString()}, out)).isZero();
    assertThat(JsonFileTool.run(new String[] {"verify"}, out)).isEqualTo(2);
    String nowhere = directory.resolve("nowhere").toString();
    assertThat(JsonFileTool.run(new String[] {"verify", nowhere}, out)).isEqualTo(2);
    assertThat(bytes.toString(StandardCharsets.UTF_8)).doesNotContain("text ");
  }

  /** Includes permissions and dates, of the directory as well as its files. */
  private Map<String, String> attributes() throws IOException {
    Map<String, String> attributes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.toList()) {
        attributes.put(
            directory.relativize(file).toString(),
            Files.readAttributes(file, "posix:permissions,lastModifiedTime,size").toString());
      }
    }
    return attributes;
  }

  private void setRights(String ofFiles, String ofDirectory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(ofFiles));
      }
    }
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(ofDirectory));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBackupThatCannotBeWrittenIsVerified(boolean withLock) throws IOException {
    if (!withLock) {
      Files.delete(directory.resolve(FileNames.LOCK));
    }
    setRights("r--r--r--", "r-xr-xr-x");
    try {
      Map<String, String> before = attributes();
      assertThat(JsonFileTool.verify(directory).isSound()).isTrue();
      assertThat(attributes()).isEqualTo(before);
    } finally {
      setRights("rw-------", "rwx------");
    }
  }

  /** Root may write in spite of permissions, so those prove nothing about a verification. */
  @Test
  void whatIsOpenedToBeReadCannotBeWritten() throws IOException {
    DiskFiles files = DiskFiles.toRead(directory);
    assertThatThrownBy(() -> files.create("new")).isInstanceOf(ReadOnlyFileSystemException.class);
    assertThatThrownBy(() -> files.delete(FileNames.MANIFEST))
        .isInstanceOf(ReadOnlyFileSystemException.class);
    try (LogFiles.LogFile file = files.open(FileNames.MANIFEST)) {
      assertThatThrownBy(() -> file.append(ByteBuffer.wrap(new byte[1])))
          .isInstanceOf(NonWritableChannelException.class);
    }
  }

  @Test
  void aDirectoryThatIsNoStoresIsLeftAsItIs(@TempDir Path another) throws IOException {
    Files.writeString(another.resolve("theirs"), "theirs");
    Files.setPosixFilePermissions(another, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<Executable> calls =
        List.of(() -> JsonFileTool.verify(another), () -> JsonFileTool.repair(another));
    for (Executable call : calls) {
      assertThatThrownBy(call::execute).isInstanceOf(StoreConfigurationException.class);
    }
    assertThat(another.toFile().list()).containsExactly("theirs");
    assertThat(Files.getPosixFilePermissions(another))
        .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void whileItIsVerifiedNoStoreOpensIt() throws IOException {
    try (DirectoryLock lock = DirectoryLock.takeToRead(directory, Duration.ZERO, () -> false)) {
      assertThat(lock).isNotNull();
      assertThatThrownBy(() -> JsonFileStore.open(options().withLockWait(Duration.ZERO)))
          .isInstanceOf(StoreLockedException.class);
    }
    assertThat(messages()).isEqualTo(CONVERSATIONS * MESSAGES);
  }

  @Test
  void openStoreIsLeftAlone() {
    try (ConversationStore store = JsonFileStore.open(options())) {
      assertThat(store.count(ALICE).messages()).isPositive();
      assertThatThrownBy(() -> JsonFileTool.repair(directory))
          .isInstanceOf(StoreLockedException.class);
      assertThatThrownBy(() -> JsonFileTool.verify(directory))
          .isInstanceOf(StoreLockedException.class);
      assertThat(store.count(ALICE).messages()).isPositive();
    }
  }
}
