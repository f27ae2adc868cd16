package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;

/**
 * Writes to a store until it is killed or its files fail. Each line of its output is a planned
 * action (lower case) or an acknowledged one (upper case): {@code a 3 17} appends message 17 of
 * writer 3, {@code d} deletes it, {@code e} erases the text of that number.
 */
final class KilledMain {
  static final int WRITERS = 4;

  static final Pattern MARKER = Pattern.compile("MARKER-\\d+-\\d+\\.");

  private KilledMain() {}

  static JsonFileOptions options(Path directory, Durability durability) {
    return JsonFileOptions.in(directory)
        .withDurability(durability)
        .withSegmentBytes(32 << 10)
        .withCompactionBytes(64 << 10)
        .withCacheBytes(1 << 20);
  }

  static Owner owner(int writer) {
    return Owner.of("acme", "writer-" + writer);
  }

  static String marker(int writer, int number) {
    return "MARKER-" + writer + "-" + number + ".";
  }

  /** Arguments: the directory, the durability, a seed, and the next number of each writer. */
  public static void main(String[] arguments) throws InterruptedException {
    ConversationStore store =
        JsonFileStore.open(options(Path.of(arguments[0]), Durability.valueOf(arguments[1])));
    long seed = Long.parseLong(arguments[2]);
    List<Thread> threads = new ArrayList<>();
    for (int w = 0; w < WRITERS; w++) {
      int writer = w;
      int start = Integer.parseInt(arguments[3 + w]);
      threads.add(new Thread(() -> write(store, writer, start, new Random(seed + writer))));
    }
    System.out.println("open");
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    System.exit(3);
  }

  private static void say(char what, int writer, int number) {
    System.out.println(what + " " + writer + " " + number);
  }

  private static void write(ConversationStore store, int writer, int start, Random random) {
    Owner owner = owner(writer);
    Owner erased = Owner.of("acme", "erased-" + writer);
    try {
      store.createIfAbsent(owner, NewConversation.ofId("chat"));
      for (int number = start; ; number++) {
        say('a', writer, number);
        String text = number + " " + "x".repeat(random.nextInt(400));
        List<StoredMessage> appended = store.append(owner, "chat", Message.user(text));
        say('A', writer, number);
        if (random.nextInt(4) == 0) {
          say('d', writer, number);
          store.deleteMessage(owner, "chat", appended.get(0).id());
          say('D', writer, number);
        }
        if (random.nextInt(60) == 0) {
          String marker = marker(writer, number);
          store.createIfAbsent(erased, NewConversation.ofId(marker));
          store.append(erased, marker, Message.user(marker));
          say('e', writer, number);
          store.erase(erased);
          say('E', writer, number);
        }
      }
    } catch (StoreUnavailableException e) {
      say('x', writer, 0);
    }
  }
}
