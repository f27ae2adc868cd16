package io.conversationstore.hybrid.internal.overlay;

import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.hybrid.internal.support.LocalFailureException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.ConversationVisitor;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.ToConversation;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.NewMessage;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Reads the contents of pending messages, change by change, when they are shown. Keeps the changes
 * read last, because neighbouring messages often come from one change. Not thread-safe.
 */
public final class PendingContents {

  /** Characters and bytes of content kept beyond the last two changes: 1 MiB. */
  private static final long MAX_KEPT = 1L << 20;

  /** An edit is compared with the previous content, which is in another change. */
  private static final int ALWAYS_KEPT = 2;

  /**
   * The location of a pending message's content.
   *
   * @param change the id of the change in the queue
   * @param part the id of its part if the change is a bulk; otherwise the same
   */
  record Source(UUID change, UUID part, UUID messageId) {}

  /** The change named by a source has left the queue: data read from it is outdated. */
  public static final class MovedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    MovedException(UUID change) {
      super("change " + change + " is no longer pending", null, false, false);
    }
  }

  private record Key(UUID part, UUID messageId) {}

  private record Kept(Map<Key, Message> appended, Map<Key, List<ContentPart>> edited, long size)
      implements ConversationVisitor<Void, RuntimeException> {
    @Override
    public Void conversationUpdated(ConversationUpdated update) {
      return null;
    }

    @Override
    public Void conversationDeleted(ConversationDeleted delete) {
      return null;
    }

    @Override
    public Void messagesAppended(MessagesAppended append) {
      for (NewMessage message : append.messages()) {
        appended.putIfAbsent(new Key(append.id(), message.id()), message.message());
      }
      return null;
    }

    @Override
    public Void messageEdited(MessageEdited edit) {
      edited.put(new Key(edit.id(), edit.messageId()), edit.edit().content());
      return null;
    }

    @Override
    public Void messageDeleted(MessageDeleted delete) {
      return null;
    }
  }

  private final LocalStore local;
  private final Map<UUID, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
  private long size;

  PendingContents(LocalStore local) {
    this.local = local;
  }

  /**
   * The message as it was appended.
   *
   * @throws MovedException if the change is no longer pending, or is unreadable
   */
  Message message(Source source) {
    Message message = read(source).appended.get(new Key(source.part, source.messageId));
    if (message == null) {
      throw new IllegalStateException("change " + source.change + " lacks one of its messages");
    }
    return message;
  }

  /**
   * The content given to a message by an edit or by a save over it.
   *
   * @throws MovedException if the change is no longer pending, or is unreadable
   */
  List<ContentPart> content(Source source) {
    List<ContentPart> content = read(source).edited.get(new Key(source.part, source.messageId));
    return content == null ? message(source).content() : content;
  }

  /** Keeps a change that is about to be queued. */
  void keep(Change change) {
    kept(change);
  }

  private Kept kept(Change change) {
    Kept read = new Kept(new HashMap<>(), new HashMap<>(), ContentSize.of(change));
    collect(change, read);
    Kept before = kept.put(change.id(), read);
    size += read.size - (before == null ? 0 : before.size);
    Iterator<Kept> eldest = kept.values().iterator();
    while (size > MAX_KEPT && kept.size() > ALWAYS_KEPT) {
      size -= eldest.next().size;
      eldest.remove();
    }
    return read;
  }

  /** Drops all contents read so far. */
  void clear() {
    kept.clear();
    size = 0;
  }

  private Kept read(Source source) {
    Kept before = kept.get(source.change);
    return before != null
        ? before
        : kept(
            LocalFailureException.guard(() -> local.pendingChange(source.change))
                .orElseThrow(() -> new MovedException(source.change)));
  }

  private static void collect(Change change, Kept into) {
    for (Change part : change.parts()) {
      if (part instanceof ToConversation one) {
        one.acceptInConversation(into);
      }
    }
  }
}
