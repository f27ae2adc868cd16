package io.conversationstore.langchain4j;

import dev.langchain4j.data.message.ChatMessage;
import io.conversationstore.Message;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The message objects that reads have made, by identity, with what is stored for each. An object
 * stands for one stored message as long as anybody holds it, so a list with it never stores it
 * again, however old the list is. Not thread-safe.
 */
final class KnownMessages {

  private final Map<Key, Stored> stored = new HashMap<>();
  private final ReferenceQueue<ChatMessage> gone = new ReferenceQueue<>();

  /** Compares by identity; a key whose object is gone equals only itself. */
  private static final class Key extends WeakReference<ChatMessage> {
    private final int hash;

    Key(ChatMessage message, @Nullable ReferenceQueue<ChatMessage> queue) {
      super(message, queue);
      hash = System.identityHashCode(message);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      if (this == other) {
        return true;
      }
      ChatMessage message = get();
      return message != null && other instanceof Key that && that.get() == message;
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  /** An entry without its object, which only others hold. */
  private record Stored(UUID id, Message plain) {}

  void add(Entry entry) {
    for (Reference<?> key = gone.poll(); key != null; key = gone.poll()) {
      stored.remove(key);
    }
    stored.put(new Key(entry.message(), gone), new Stored(entry.id(), entry.plain()));
  }

  /** The entry of this very object, or null. */
  @Nullable Entry find(ChatMessage message) {
    Stored known = stored.get(new Key(message, null));
    return known == null ? null : new Entry(known.id(), message, known.plain());
  }
}
