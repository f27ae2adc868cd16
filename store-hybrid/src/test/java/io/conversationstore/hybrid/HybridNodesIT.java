package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.testkit.SmallDisk;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Three processes with a directory each and one database, for {@code -Dfaults.minutes} (ten cycles
 * if that is 0): nodes and server are killed, and stopped for up to 30 s (3 s if that is 0), clocks
 * are off by up to an hour, older copies of the database are put back, the disk of one node is full
 * (where a test may mount one). {@code -Dstore.seed} gives the choices. Logs of the nodes are in
 * {@code target/hybrid-nodes}. At the end the test looks for every acknowledged write.
 */
class HybridNodesIT {

  private static final int NODES = 3;
  private static final int CHATS = 4;
  private static final int STEPS = 8;
  private static final Pattern SECRET = Pattern.compile("TEXT-(secret[0-9]+)-");
  private static final Owner SHARED = Owner.of("nodes", "shared");

  /** A message that some node was asked to append. */
  private static final class Sent {
    final UUID id = UUID.randomUUID();
    final int node;
    final String chat;
    boolean acknowledged;
    boolean mayBeDeleted;
    boolean deleted;

    Sent(int node, String chat) {
      this.node = node;
      this.chat = chat;
    }
  }

  private final Random random = new Random(Long.getLong("store.seed", 1));
  private final List<Sent> sent = new ArrayList<>();
  private final List<String> toErase = new ArrayList<>();
  private final Map<String, Boolean> erased = new LinkedHashMap<>();
  private final NodeProcess[] nodes = new NodeProcess[NODES];
  private final List<String> findings = new ArrayList<>();
  private @Nullable SmallDisk disk;
  private boolean hasBackup;
  private int cycles;
  private int owners;

  @Test
  void row_1_4_nothingIsLostDoubledReorderedOrBroughtBackAmongProcesses() throws Exception {
    Path root = TestDirectories.create();
    long minutes = Long.getLong("faults.minutes", 0);
    long end = System.nanoTime() + Duration.ofMinutes(minutes).toNanos();
    Duration longest = Duration.ofSeconds(minutes == 0 ? 3 : 30);
    disk = SmallDisk.tmpfsIfPossible(root, "size=64m").orElse(null);
    try (TestPostgres server = TestPostgres.builder().start()) {
      String database = server.createDatabase();
      try (ConversationStore direct = direct(server, database)) {
        for (int i = 0; i < CHATS; i++) {
          direct.createIfAbsent(SHARED, NewConversation.ofId("chat" + i));
        }
        for (int i = 0; i < NODES; i++) {
          nodes[i] =
              new NodeProcess(
                  server, database, directory(root, i), log(i), (i - 1) * random.nextInt(3_600));
          nodes[i].awaitCaughtUp();
        }
        while (cycles < 10 || System.nanoTime() - end < 0) {
          cycle(server, root.resolve("older"), longest);
        }
        // Twice: what one has sent the others copy.
        for (int i = 0; i < 2; i++) {
          for (NodeProcess node : nodes) {
            node.awaitCaughtUp();
          }
        }
        check(direct, root);
      } finally {
        for (NodeProcess node : nodes) {
          if (node != null) {
            node.kill();
          }
        }
      }
    } finally {
      if (disk != null) {
        disk.close();
      }
      TestDirectories.delete(root);
    }
  }

  private Path directory(Path root, int node) {
    return node == 0 && disk != null ? disk.resolve("node0") : root.resolve("node" + node);
  }

  /** What a node logs stays there after the test. */
  private static Path log(int node) throws IOException {
    Path directory = Files.createDirectories(Path.of("target", "hybrid-nodes"));
    Path log = directory.resolve("node" + node + ".log");
    Files.deleteIfExists(log);
    return log;
  }

  private static ConversationStore direct(TestPostgres server, String database) {
    return PostgresStore.open(
        PostgresOptions.url(server.jdbcUrl(database))
            .withLogin(server.user(), server.password())
            .withPoolSize(0, 2)
            .withNetworkTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(20)));
  }

  private void cycle(TestPostgres server, Path older, Duration longest) throws IOException {
    cycles++;
    int fault = random.nextInt(disk == null ? 6 : 8);
    NodeProcess victim = nodes[random.nextInt(NODES)];
    switch (fault) {
      case 0 -> server.kill();
      case 1 -> server.pause();
      case 2 -> victim.killDuring("append " + SHARED.userId() + " chat0 " + UUID.randomUUID());
      case 3 -> victim.pause(true);
      case 4 -> server.stop();
      case 5 -> fill();
      case 6 -> {
        fill();
        server.kill();
      }
      default -> {
        // Without a fault.
      }
    }
    boolean pause = fault == 1 || fault == 3;
    long pauseEnd =
        System.nanoTime() + 1_000_000L * (1_000 + random.nextInt((int) longest.toMillis() - 999));
    for (int i = 0; i < STEPS || (pause && System.nanoTime() - pauseEnd < 0); i++) {
      step();
    }
    switch (fault) {
      case 0 -> server.restart();
      case 1 -> server.resume();
      case 2 -> victim.start();
      case 3 -> victim.pause(false);
      case 4 -> {
        boolean backUp = !hasBackup || random.nextInt(3) == 0;
        if (backUp) {
          if (hasBackup) {
            TestDirectories.delete(older);
          }
          server.backup(older);
          hasBackup = true;
        } else {
          server.restore(older);
        }
        server.restart();
      }
      case 5 -> free();
      case 6 -> {
        free();
        server.restart();
      }
      default -> {
        // Without a fault.
      }
    }
  }

  private void fill() throws IOException {
    if (disk != null) {
      disk.fill();
    }
  }

  private void free() throws IOException {
    if (disk != null) {
      disk.free();
    }
  }

  /** One call of each node, all at once. */
  private void step() {
    List<Runnable> answers = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      NodeProcess node = nodes[i];
      if (!node.answers()) {
        continue;
      }
      int choice = random.nextInt(20);
      if (choice < 15 || sent.isEmpty()) {
        Sent message = new Sent(i, "chat" + random.nextInt(CHATS));
        sent.add(message);
        node.ask("append " + SHARED.userId() + " " + message.chat + " " + message.id);
        answers.add(() -> message.acknowledged = node.answer());
      } else if (choice < 18) {
        Sent message = sent.get(random.nextInt(sent.size()));
        message.mayBeDeleted = true;
        node.ask("delete " + SHARED.userId() + " " + message.chat + " " + message.id);
        answers.add(() -> message.deleted |= node.answer());
      } else if (choice < 19 || toErase.isEmpty()) {
        String owner = "secret" + ++owners;
        node.ask("secret " + owner);
        answers.add(
            () -> {
              if (node.answer()) {
                toErase.add(owner);
              }
            });
      } else {
        // Of another step, and perhaps of another node that has not sent it yet.
        String owner = toErase.remove(0);
        node.ask("erase " + owner);
        answers.add(() -> erased.put(owner, node.answer()));
      }
    }
    answers.forEach(Runnable::run);
  }

  private void check(ConversationStore direct, Path root) throws IOException {
    long lost = 0;
    long doubled = 0;
    long reordered = 0;
    long resurrected = 0;
    long diverged = 0;
    Map<String, List<UUID>> there = new LinkedHashMap<>();
    for (int i = 0; i < CHATS; i++) {
      String chat = "chat" + i;
      List<UUID> ids = ids(direct, chat);
      there.put(chat, ids);
      Set<UUID> once = new HashSet<>(ids);
      doubled += ids.size() - once.size();
      for (int n = 0; n < NODES; n++) {
        int writer = n;
        List<UUID> wanted =
            sent.stream()
                .filter(m -> m.node == writer && m.chat.equals(chat))
                .filter(m -> m.acknowledged && once.contains(m.id))
                .map(m -> m.id)
                .toList();
        List<UUID> found = ids.stream().filter(new HashSet<>(wanted)::contains).toList();
        if (!found.equals(wanted)) {
          reordered++;
          findings.add(chat + " of node " + n + ": " + wanted + " but " + found);
        }
      }
    }
    for (Sent message : sent) {
      boolean isThere = there.getOrDefault(message.chat, List.of()).contains(message.id);
      if (message.acknowledged && !message.mayBeDeleted && !isThere) {
        lost++;
        findings.add("lost " + message.id + " of node " + message.node);
      }
      if (message.deleted && isThere) {
        resurrected++;
        findings.add("deleted, but there: " + message.id);
      }
    }
    for (NodeProcess node : nodes) {
      node.close();
    }
    for (int n = 0; n < NODES; n++) {
      Path directory = directory(root, n);
      try (LocalStore copy = JsonFileStore.openEngine(JsonFileOptions.in(directory))) {
        for (Map.Entry<String, List<UUID>> chat : there.entrySet()) {
          List<UUID> ids =
              copy.mirroredMessages(SHARED, chat.getKey(), 0, 100_000).stream()
                  .filter(MessageState::isLive)
                  .map(MessageState::messageId)
                  .toList();
          if (!ids.equals(chat.getValue())) {
            diverged++;
            findings.add("node " + n + " " + chat.getKey() + ": " + ids);
          }
        }
      }
    }
    Map<String, List<String>> left = places(root);
    for (Map.Entry<String, Boolean> secret : erased.entrySet()) {
      boolean isThere = direct.count(Owner.of("nodes", secret.getKey())).messages() > 0;
      List<String> places = new ArrayList<>(left.getOrDefault(secret.getKey(), List.of()));
      if (isThere) {
        places.add("the database");
      }
      if (secret.getValue() && !places.isEmpty()) {
        resurrected++;
        findings.add("erased, but there: " + secret.getKey() + " in " + places);
      }
    }
    long acked = sent.stream().filter(message -> message.acknowledged).count();
    System.out.printf(
        "FAULTS cycles=%d acked=%d lost=%d doubled=%d reordered=%d resurrected=%d diverged=%d%n",
        cycles, acked, lost, doubled, reordered, resurrected, diverged);
    assertThat(findings).isEmpty();
    assertThat(lost + doubled + reordered + resurrected + diverged).isZero();
  }

  private static List<UUID> ids(ConversationStore store, String chat) {
    List<UUID> ids = new ArrayList<>();
    MessageQuery query = MessageQuery.first(1_000);
    Page<StoredMessage> page;
    do {
      page = store.messages(SHARED, chat, query);
      page.forEach(message -> ids.add(message.id()));
      query = page.cursor() == null ? query : query.withCursor(page.cursor());
    } while (page.hasMore());
    return ids;
  }

  /** Where each owner's text is: the file and the kind of line, but nothing of the text. */
  private static Map<String, List<String>> places(Path root) throws IOException {
    Map<String, List<String>> places = new HashMap<>();
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path file : tree.filter(path -> path.toString().endsWith(".jsonl")).toList()) {
        String content = Files.readString(file, StandardCharsets.ISO_8859_1);
        Matcher text = SECRET.matcher(content);
        while (text.find()) {
          places
              .computeIfAbsent(text.group(1), owner -> new ArrayList<>())
              .add(root.relativize(file) + ", " + FileLines.kindAt(content, text.start()));
        }
      }
    }
    return places;
  }
}
