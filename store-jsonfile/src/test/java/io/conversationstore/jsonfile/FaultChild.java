package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.StringJoiner;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Another process that executes commands on a store. It reads one command a line and answers each
 * with one line: {@code ok}, {@code refused} if the store is unavailable, {@code error} and the
 * class, or the requested value.
 */
public final class FaultChild {
  static final Owner OWNER = Owner.of("acme", "alice");
  private static final Owner ERASED = Owner.of("acme", "erased");

  private final JsonFileOptions options;
  private final Deque<FileInputStream> hogged = new ArrayDeque<>();
  private FileEngine engine;
  private ConversationStore store;
  private UUID last;

  private FaultChild(Path directory, long segmentBytes) {
    options =
        JsonFileOptions.in(directory)
            .withSegmentBytes(segmentBytes)
            .withCompactionBytes(Math.max(segmentBytes, 64 << 10));
  }

  /** Arguments: the directory and the size at which a segment is full. */
  public static void main(String[] arguments) throws Exception {
    loadClasses();
    FaultChild child = new FaultChild(Path.of(arguments[0]), Long.parseLong(arguments[1]));
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      System.out.println(child.answer(line.split(" ")));
    }
    // Like a kill: nothing is closed.
    Runtime.getRuntime().halt(0);
  }

  /** Loading a class from a directory opens a file: later there may be no handles left. */
  private static void loadClasses() throws Exception {
    for (Class<?> one : List.of(JsonFileStore.class, ConversationStore.class)) {
      Path root = Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (!Files.isDirectory(root)) {
        continue;
      }
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.filter(each -> each.toString().endsWith(".class")).toList()) {
          String name = root.relativize(file).toString().replace('/', '.');
          if (!name.startsWith("module-info")) {
            Class.forName(name.substring(0, name.length() - ".class".length()));
          }
        }
      }
    }
  }

  private String answer(String... command) throws IOException {
    try {
      return switch (command[0]) {
        case "open" -> {
          engine = (FileEngine) JsonFileStore.openEngine(options);
          store =
              new DefaultConversationStore(
                  engine,
                  options.limits(),
                  options.clock(),
                  options.ids(),
                  engine.identity().node());
          store.createIfAbsent(OWNER, NewConversation.ofId("chat"));
          yield "ok";
        }
        case "append" -> {
          String text = command[1] + " " + "x".repeat(1_000);
          last = store.append(OWNER, "chat", Message.user(text)).get(0).id();
          yield "ok";
        }
        case "delete" -> {
          store.deleteMessage(OWNER, "chat", last);
          yield "ok";
        }
        case "numbers" ->
            store.last(OWNER, "chat", 1_000).stream()
                .map(StoredMessage::text)
                .map(text -> text.substring(0, text.indexOf(' ')))
                .collect(Collectors.joining(" "));
        case "healthy" -> String.valueOf(store.operator().health().healthy());
        case "reason" -> String.valueOf(store.state().reason());
        case "close" -> {
          store.close();
          yield "ok";
        }
        case "secret" -> {
          store.createIfAbsent(ERASED, NewConversation.ofId("secret"));
          store.append(ERASED, "secret", Message.user(command[1]));
          yield "ok";
        }
        case "erase" -> {
          store.erase(ERASED);
          yield "ok";
        }
        case "compact" -> {
          engine.compact();
          yield "ok";
        }
        case "write" -> write(Integer.parseInt(command[1]), Integer.parseInt(command[2]));
        case "during" -> during(command[1], "write", command[2], command[3]);
        case "hog" -> hog(Integer.parseInt(command[1]));
        case "free" -> free(Integer.MAX_VALUE);
        default -> "unknown";
      };
    } catch (StoreUnavailableException e) {
      return "refused";
    } catch (ConversationStoreException | Error e) {
      return "error " + e;
    }
  }

  /** Runs one command in its own thread during another one, and answers with both results. */
  private String during(String other, String... command) throws IOException {
    FutureTask<String> task = new FutureTask<>(() -> answer(other));
    new Thread(task, "other").start();
    String said = answer(command);
    try {
      return task.get() + "|" + said;
    } catch (InterruptedException | ExecutionException e) {
      return "error " + e + "|" + said;
    }
  }

  /**
   * Appends {@code count} messages from a number on and deletes every fourth; answers with the
   * results.
   */
  private String write(int from, int count) throws IOException {
    StringJoiner done = new StringJoiner(" ");
    for (int number = from; number < from + count; number++) {
      String appended = answer("append", String.valueOf(number));
      done.add((appended.equals("ok") ? "A" : "a") + number);
      if (!appended.equals("ok") && !appended.equals("refused")) {
        return appended;
      }
      if (appended.equals("ok") && number % 4 == 0) {
        String deleted = answer("delete", String.valueOf(number));
        done.add((deleted.equals("ok") ? "D" : "d") + number);
        if (!deleted.equals("ok") && !deleted.equals("refused")) {
          return deleted;
        }
      }
    }
    return done.toString();
  }

  /** Opens files until only {@code left} more can be opened. */
  private String hog(int left) throws IOException {
    try {
      while (true) {
        hogged.add(new FileInputStream("/dev/null"));
      }
    } catch (IOException tooMany) {
      return free(left);
    }
  }

  private String free(int most) throws IOException {
    for (int i = 0; i < most && !hogged.isEmpty(); i++) {
      hogged.remove().close();
    }
    return "ok";
  }
}
