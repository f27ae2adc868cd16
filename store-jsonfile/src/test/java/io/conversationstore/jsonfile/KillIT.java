package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.MessageQuery;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.Segments;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a real writing process again and again, and checks the files afterwards. {@code
 * -Dfaults.minutes} sets the duration (1), {@code -Dstore.seed} the seed.
 */
class KillIT {
  @TempDir Path temporary;

  private final List<List<Integer>> acknowledged = new ArrayList<>();
  private final char[] attempted = new char[KilledMain.WRITERS];
  private final int[] attemptedNumber = new int[KilledMain.WRITERS];
  private final int[] next = new int[KilledMain.WRITERS];
  private final Set<String> erased = new HashSet<>();
  private long crashes;
  private long acked;
  private long lost;
  private long unnoticed;
  private long flips;

  @Test
  void nothingAcknowledgedIsLostAndNoDamageGoesUnnoticed() throws Exception {
    long seed = Long.getLong("store.seed", System.nanoTime());
    long minutes = Long.getLong("faults.minutes", 1);
    Random random = new Random(seed);
    Path directory = temporary.resolve("store");
    for (int w = 0; w < KilledMain.WRITERS; w++) {
      acknowledged.add(new ArrayList<>());
    }
    long end = System.nanoTime() + Duration.ofMinutes(minutes).toNanos();
    try {
      do {
        live(directory, random);
        check(directory);
        if (crashes % 3 == 0) {
          flip(directory, random);
        }
      } while (System.nanoTime() < end);
    } catch (StoreDamagedException e) {
      // The test did not damage the directory itself: a crash must never leave it like this.
      lost++;
      throw e;
    } finally {
      System.out.printf("%d bytes were flipped, -Dstore.seed=%d%n", flips, seed);
      System.out.printf(
          "FAULTS crashes=%d acked=%d lost=%d damaged-unnoticed=%d%n",
          crashes, acked, lost, unnoticed);
    }
    assertThat(acked).as("acknowledged; seed %d", seed).isPositive();
    assertThat(lost).as("lost; seed %d", seed).isZero();
    assertThat(unnoticed).as("damage that nobody noticed; seed %d", seed).isZero();
  }

  private static void kill(Process child) {
    // Under strace, the writing process is a child of the started one. Killing through the handle
    // keeps the output readable.
    child.descendants().forEach(ProcessHandle::destroyForcibly);
    child.toHandle().destroyForcibly();
  }

  private void live(Path directory, Random random) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    int way = random.nextInt(4);
    boolean traced = way > 0 && Strace.isUsable();
    if (traced) {
      String[] calls = {"fdatasync", "fsync", "rename", "pwrite64", "write", "openat", "unlink"};
      String call = calls[random.nextInt(calls.length)];
      // A call that fails before the store is open fails the start: a life without a write.
      int when = 20 + random.nextInt(call.equals("openat") ? 2_000 : 300);
      String fault = way == 1 ? "signal=KILL" : "error=" + (way == 2 ? "EIO" : "ENOSPC");
      command.addAll(List.of(Strace.PROGRAM, "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null"));
      command.addAll(
          List.of("-e", "trace=" + call, "-e", "inject=" + call + ":" + fault + ":when=" + when));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx96m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(KilledMain.class.getName(), directory.toString()));
    // A killed process loses nothing, even without an fsync for each write.
    Durability[] settings = Durability.values();
    command.add(settings[random.nextInt(settings.length)].name());
    command.add(String.valueOf(random.nextLong()));
    for (int number : next) {
      command.add(String.valueOf(number));
    }
    Process child =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    // A hanging process is killed too, and counts.
    CompletableFuture.delayedExecutor(120, TimeUnit.SECONDS).execute(() -> kill(child));
    // Many short lives, because the crashes matter; the files outlive them and still grow.
    int lines = 20 + random.nextInt(random.nextInt(4) == 0 ? 4_000 : 400);
    try (BufferedReader out = child.inputReader(StandardCharsets.UTF_8)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        hear(line);
        if (lines-- == 0) {
          kill(child);
        }
      }
    } finally {
      kill(child);
    }
    child.waitFor();
    crashes++;
  }

  private void hear(String line) {
    String[] words = line.split(" ");
    if (words.length != 3) {
      return;
    }
    int writer = Integer.parseInt(words[1]);
    int number = Integer.parseInt(words[2]);
    List<Integer> numbers = acknowledged.get(writer);
    switch (words[0]) {
      case "a", "d" -> {
        attempted[writer] = words[0].charAt(0);
        attemptedNumber[writer] = number;
        next[writer] = number + 1;
      }
      case "A" -> {
        numbers.add(number);
        attempted[writer] = 0;
        acked++;
      }
      case "D" -> {
        numbers.remove(Integer.valueOf(number));
        attempted[writer] = 0;
        acked++;
      }
      case "E" -> {
        erased.add(KilledMain.marker(writer, number));
        acked++;
      }
      default -> {}
    }
  }

  /** Requires the acknowledged content, with or without the last attempted change. */
  private void check(Path directory) throws IOException {
    try (ConversationStore store =
        JsonFileStore.open(KilledMain.options(directory, Durability.EACH_WRITE))) {
      for (int w = 0; w < KilledMain.WRITERS; w++) {
        List<Integer> actual = numbers(store, w);
        List<Integer> expected = acknowledged.get(w);
        if (!actual.equals(expected) && !actual.equals(withAttempt(w))) {
          lost++;
          System.out.println("writer " + w + " has " + actual + " but should have " + expected);
        }
        acknowledged.set(w, new ArrayList<>(actual));
        attempted[w] = 0;
      }
      assertThat(store.operator().health().healthy()).isTrue();
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        Matcher markers = KilledMain.MARKER.matcher(text);
        while (markers.find()) {
          if (erased.contains(markers.group())) {
            lost++;
            System.out.println(markers.group() + " is still in " + file.getFileName());
          }
        }
      }
    }
  }

  private List<Integer> withAttempt(int writer) {
    List<Integer> numbers = new ArrayList<>(acknowledged.get(writer));
    if (attempted[writer] == 'a') {
      numbers.add(attemptedNumber[writer]);
    } else if (attempted[writer] == 'd') {
      numbers.remove(Integer.valueOf(attemptedNumber[writer]));
    }
    return numbers;
  }

  private static List<Integer> numbers(ConversationStore store, int writer) {
    List<Integer> numbers = new ArrayList<>();
    try {
      MessageQuery query = MessageQuery.first(1_000);
      boolean more = true;
      while (more) {
        var page = store.messages(KilledMain.owner(writer), "chat", query);
        for (StoredMessage message : page) {
          numbers.add(Integer.valueOf(message.text().split(" ", 2)[0]));
        }
        more = page.hasMore();
        query = query.withCursor(page.cursor());
      }
    } catch (ConversationNotFoundException e) {
      assertThat(numbers).as("of a conversation that is not there").isEmpty();
    }
    return numbers;
  }

  /** Flips a byte of one file in a copy: it must be detected, or change nothing. */
  private void flip(Path directory, Random random) throws IOException {
    Path copy = Files.createDirectories(temporary.resolve("copy"));
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        Files.copy(file, copy.resolve(name));
        if (Segments.number(name) != 0
            || name.equals(FileNames.CHECKPOINT)
            || name.equals(FileNames.MANIFEST)) {
          names.add(name);
        }
      }
    }
    String name = names.get(random.nextInt(names.size()));
    byte[] bytes = Files.readAllBytes(copy.resolve(name));
    int at = random.nextInt(bytes.length);
    bytes[at] ^= (byte) (1 + random.nextInt(255));
    Files.write(copy.resolve(name), bytes);
    flips++;
    if (!isNoticed(copy)) {
      unnoticed++;
      System.out.println("byte " + at + " of " + name + " is another, and nobody noticed");
    }
    deleteAll(copy);
  }

  private static void deleteAll(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private boolean isNoticed(Path copy) {
    try {
      if (!JsonFileTool.verify(copy).isSound()) {
        return true;
      }
      try (ConversationStore store =
          JsonFileStore.open(KilledMain.options(copy, Durability.EACH_WRITE))) {
        boolean same = true;
        for (int w = 0; w < KilledMain.WRITERS; w++) {
          same &= numbers(store, w).equals(acknowledged.get(w));
        }
        return same;
      }
    } catch (ConversationStoreException e) {
      return true;
    }
  }
}
