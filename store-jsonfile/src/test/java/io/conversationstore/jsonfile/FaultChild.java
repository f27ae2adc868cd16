package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Another process that does with a store what it reads from its input, a command a line, and
 * answers each with a line: {@code ok}, {@code refused} where the store is unavailable, {@code
 * error} and the class, or what was asked for.
 */
final class FaultChild {
  static final Owner OWNER = Owner.of("acme", "alice");

  private final JsonFileOptions options;
  private final Deque<FileInputStream> hogged = new ArrayDeque<>();
  private ConversationStore store;

  private FaultChild(Path directory, long segmentBytes) {
    options = JsonFileOptions.in(directory).withSegmentBytes(segmentBytes);
  }

  /** Directory, and the size at which a segment is full. */
  public static void main(String[] arguments) throws Exception {
    loadClasses();
    FaultChild child = new FaultChild(Path.of(arguments[0]), Long.parseLong(arguments[1]));
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      System.out.println(child.answer(line.split(" ")));
    }
    // As a kill: what is not closed is left as it is.
    Runtime.getRuntime().halt(0);
  }

  /** Each class in a directory is a file to open: later there may be too many of them. */
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
          store = JsonFileStore.open(options);
          store.createIfAbsent(OWNER, NewConversation.withId("chat"));
          yield "ok";
        }
        case "append" -> {
          store.append(OWNER, "chat", Message.user(command[1] + " " + "x".repeat(1_000)));
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

  /** Opens files until so many more are possible. */
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
