package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.Segments;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each system call on each kind of file fails or is delayed while a real process opens, closes,
 * erases, compacts and writes checkpoints; sometimes it is killed right after. {@code
 * -Dfaults.minutes} sets the duration (1), {@code -Dstore.seed} the order.
 */
class FileKindFaultsIT {
  private static final int SEGMENT = 8 << 10;
  private static final int LIVES = 24;

  private enum Kind {
    LOG,
    SNAPSHOT,
    CHECKPOINT,
    MANIFEST,
    ERASURE,
    LOCK,
    DIRECTORY;

    List<String> paths(Path directory) {
      Stream<String> names =
          switch (this) {
            case LOG ->
                Stream.concat(
                    Stream.of(FileNames.SEGMENT_TEMPORARY),
                    IntStream.rangeClosed(1, 300).mapToObj(Segments::name));
            case SNAPSHOT -> IntStream.rangeClosed(1, 100).mapToObj(n -> Segments.name(-n));
            case CHECKPOINT -> Stream.of(FileNames.CHECKPOINT, FileNames.CHECKPOINT + ".tmp");
            case MANIFEST -> Stream.of(FileNames.MANIFEST, FileNames.MANIFEST_TEMPORARY);
            case ERASURE ->
                Stream.of(
                    FileNames.ERASURE_TEMPORARY,
                    FileNames.OVERWRITES,
                    FileNames.OVERWRITES_TEMPORARY);
            case LOCK -> FileNames.LOCK_FILES.stream();
            case DIRECTORY -> Stream.of("");
          };
      return names.map(name -> directory.resolve(name).toString()).toList();
    }
  }

  private enum Phase {
    OPENING,
    CLOSING,
    ERASURE,
    COMPACTION,
    CHECKPOINT
  }

  /** One fault at one place. */
  private record Cell(String call, Kind kind, Phase phase, String fault) {}

  @TempDir Path temporary;

  private final Set<Integer> attempted = new TreeSet<>();
  private final Set<Integer> acknowledged = new TreeSet<>();
  private final Set<Integer> deleted = new HashSet<>();
  private final Set<Integer> maybeDeleted = new HashSet<>();
  private int next;
  private int secrets;

  /** The cells whose fault met a call. */
  private final Set<String> met = new TreeSet<>();

  private long cycles;
  private long injected;
  private long acked;
  private long refused;
  private long kills;
  private long lost;
  private long doubled;
  private long reordered;
  private long resurrected;
  private long textLeft;
  private long untyped;

  private static List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (String call : List.of("rename", "unlink", "openat", "fsync", "fdatasync")) {
      for (Kind kind : Kind.values()) {
        for (Phase phase : Phase.values()) {
          for (String fault :
              List.of("error=EIO:when=1", "error=ENOSPC:when=1+", "delay_enter=30000:when=1+")) {
            cells.add(new Cell(call, kind, phase, fault));
          }
        }
      }
    }
    return cells;
  }

  /** A process with a store; see {@link FaultChild}. */
  private final class Child implements AutoCloseable {
    final Process process;
    private final Path errors = temporary.resolve("errors");
    private final PrintStream commands;
    private final BufferedReader answers;

    Child(Path directory) throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Xmx128m"));
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.addAll(List.of(FaultChild.class.getName(), directory.toString()));
      command.add(String.valueOf(SEGMENT));
      process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      // Bounds the wait for an answer.
      CompletableFuture.delayedExecutor(300, TimeUnit.SECONDS).execute(process::destroyForcibly);
      commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.US_ASCII);
      answers = process.inputReader(StandardCharsets.US_ASCII);
    }

    String ask(String command) throws IOException {
      commands.println(command);
      String answer = answers.readLine();
      if (answer == null) {
        throw new IOException("the process ended: " + Files.readString(errors));
      }
      return answer;
    }

    void require(String command, String answer) throws IOException {
      assertThat(ask(command)).as(command).isEqualTo(answer);
    }

    @Override
    public void close() throws InterruptedException {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void noFailedOrSlowCallLosesOrBringsBackAnything() throws Exception {
    assumeTrue(Strace.isUsable(), "strace is not there or may not trace");
    long seed = Long.getLong("store.seed", System.nanoTime());
    Random random = new Random(seed);
    long end = System.nanoTime() + Duration.ofMinutes(Long.getLong("faults.minutes", 1)).toNanos();
    List<Cell> left = new ArrayList<>();
    try {
      while (System.nanoTime() < end) {
        Path directory = temporary.resolve("store-" + cycles);
        begin();
        Child child = new Child(directory);
        try {
          child.require("open", "ok");
          for (int i = 0; i < LIVES && System.nanoTime() < end; i++) {
            if (left.isEmpty()) {
              left.addAll(cells());
              Collections.shuffle(left, random);
            }
            Cell cell = left.remove(left.size() - 1);
            boolean kills = random.nextInt(8) == 0;
            run(child, directory, cell);
            if (kills) {
              this.kills++;
              child.close();
              child = new Child(directory);
              child.require("open", "ok");
            }
            check(child, directory, cell);
          }
        } finally {
          child.close();
        }
      }
    } finally {
      System.out.printf("%d places met: %s; -Dstore.seed=%d%n", met.size(), met, seed);
      System.out.printf(
          "FAULTS cycles=%d injected=%d kills=%d acked=%d refused=%d lost=%d doubled=%d"
              + " reordered=%d resurrected=%d text-left=%d untyped=%d%n",
          cycles,
          injected,
          kills,
          acked,
          refused,
          lost,
          doubled,
          reordered,
          resurrected,
          textLeft,
          untyped);
    }
    assertThat(injected).as("faults that met a call").isPositive();
    assertThat(lost + doubled + reordered + resurrected + textLeft + untyped)
        .as("faults of the store; seed %d", seed)
        .isZero();
  }

  private void begin() {
    attempted.clear();
    acknowledged.clear();
    deleted.clear();
    maybeDeleted.clear();
    next = 0;
  }

  /** Runs the cell; the process has an open store before and after. */
  private void run(Child child, Path directory, Cell cell) throws Exception {
    cycles++;
    secrets++;
    child.require("secret SECRET-" + secrets + "-", "ok");
    note(child.ask("write " + reserve(3) + " 3"), cell);
    if (cell.phase == Phase.OPENING) {
      child.require("close", "ok");
    }
    Path log = temporary.resolve("strace");
    String answer;
    try (Strace strace =
        Strace.injecting(
            cell.call, cell.fault, cell.kind.paths(directory), log, child.process.pid())) {
      assertThat(strace).isNotNull();
      answer =
          switch (cell.phase) {
            case OPENING -> child.ask("open");
            case CLOSING -> child.ask("close");
            case ERASURE -> during(child, "erase", cell);
            case COMPACTION -> during(child, "compact", cell);
            case CHECKPOINT -> {
              note(child.ask("write " + reserve(12) + " 12"), cell);
              yield "ok";
            }
          };
    }
    String traced = Files.readString(log, StandardCharsets.ISO_8859_1);
    if (traced.contains("INJECTED") || traced.contains("DELAYED")) {
      injected++;
      met.add(cell.call + " of " + cell.kind + " at " + cell.phase);
    }
    refused += answer.equals("refused") ? 1 : 0;
    if (!answer.equals("ok") && !answer.equals("refused")) {
      untyped++;
      System.out.println(cell + " ended with " + answer);
    }
    if (cell.phase == Phase.ERASURE && answer.equals("ok")) {
      requireErased(directory, cell);
    }
    if (cell.phase == Phase.OPENING && !answer.equals("ok")) {
      reopen(child, cell);
    } else if (cell.phase == Phase.CLOSING) {
      reopen(child, cell);
    }
  }

  private String during(Child child, String what, Cell cell) throws IOException {
    String[] both = child.ask("during " + what + " " + reserve(6) + " 6").split("\\|", 2);
    note(both[1], cell);
    return both[0];
  }

  private int reserve(int count) {
    int from = next;
    next += count;
    for (int number = from; number < next; number++) {
      attempted.add(number);
    }
    return from;
  }

  private void note(String done, Cell cell) {
    if (done.startsWith("error")) {
      untyped++;
      System.out.println(cell + " ended a write with " + done);
      return;
    }
    for (String word : done.split(" ")) {
      int number = Integer.parseInt(word.substring(1));
      switch (word.charAt(0)) {
        case 'A' -> acknowledged.add(number);
        case 'D' -> deleted.add(number);
        case 'd' -> maybeDeleted.add(number);
        default -> refused++;
      }
      acked += Character.isUpperCase(word.charAt(0)) ? 1 : 0;
    }
  }

  private void reopen(Child child, Cell cell) throws IOException {
    String opened = child.ask("open");
    if (!opened.equals("ok")) {
      lost++;
      System.out.println(cell + " left a directory that does not open: " + opened);
      throw new IOException("the directory does not open: " + opened);
    }
  }

  /** Checks the content before and after a new opening, and that everything works again. */
  private void check(Child child, Path directory, Cell cell) throws Exception {
    compare(child.ask("numbers"), cell);
    child.require("close", "ok");
    reopen(child, cell);
    compare(child.ask("numbers"), cell);
    assertThat(child.ask("healthy")).as("healthy after %s", cell).isEqualTo("true");
    child.require("erase", "ok");
    requireErased(directory, cell);
  }

  private void compare(String answer, Cell cell) {
    List<Integer> there =
        answer.isEmpty() ? List.of() : Stream.of(answer.split(" ")).map(Integer::valueOf).toList();
    Set<Integer> missing = new TreeSet<>(acknowledged);
    missing.removeAll(there);
    missing.removeAll(deleted);
    missing.removeAll(maybeDeleted);
    Set<Integer> back = new TreeSet<>(there);
    back.retainAll(deleted);
    lost += missing.size();
    resurrected += back.size();
    doubled += there.size() - new HashSet<>(there).size();
    boolean ordered = there.equals(there.stream().sorted().toList());
    reordered += ordered ? 0 : 1;
    if (!missing.isEmpty() || !back.isEmpty() || !ordered || !attempted.containsAll(there)) {
      System.out.println(cell + " lost " + missing + " and brought back " + back);
    }
  }

  private void requireErased(Path directory, Cell cell) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        if (holdsSecret(file)) {
          textLeft++;
          System.out.println(cell + " left text in " + file.getFileName());
        }
      }
    }
  }

  private static boolean holdsSecret(Path file) throws IOException {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1).contains("SECRET-");
    } catch (NoSuchFileException e) {
      // The store may have removed the file meanwhile: a file without a name exposes no text.
      return false;
    }
  }
}
