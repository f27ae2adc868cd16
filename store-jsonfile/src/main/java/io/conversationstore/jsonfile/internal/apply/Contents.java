package io.conversationstore.jsonfile.internal.apply;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoredMessage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.jsonfile.internal.disk.NearbyReads;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineOutline;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.MessageRef;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.State.MessageState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads contents from disk, through a cache bounded in bytes. Thread-safe. */
public final class Contents {
  private static final Logger LOG = LoggerFactory.getLogger(Contents.class);
  private static final int ENTRY_OVERHEAD = 400;

  /**
   * The content at a place. The message is null if it was deleted before a compaction.
   *
   * @param bytes the size of the JSON it was read from; an edit shares much of the original message
   */
  private record Content(String digest, @Nullable Message message, long bytes) {}

  /** The approximate size in bytes of one message in a change without contents. */
  private static final int PER_HEAD = 150;

  private final Segments segments;

  /** Contents of messages, and pending changes without contents, before rebasing. */
  private final Cache<Place, Object> cache;

  public Contents(Segments segments, long cacheBytes) {
    this.segments = segments;
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(cacheBytes)
            .executor(Runnable::run)
            .weigher((Place place, Object cached) -> ENTRY_OVERHEAD + weight(cached))
            .build();
  }

  private static int weight(Object cached) {
    long bytes =
        cached instanceof Content content
            ? 2 * content.bytes
            : cached instanceof Change head ? PER_HEAD * messages(head) : 0;
    return (int) Math.min(bytes, 1 << 30);
  }

  private static long messages(Change head) {
    return switch (head.kind()) {
      case BULK -> head.parts().stream().mapToLong(Contents::messages).sum();
      case MESSAGES_APPENDED -> ((Change.MessagesAppended) head).messages().size();
      case CONVERSATION_CREATED,
          CONVERSATION_UPDATED,
          CONVERSATION_DELETED,
          MESSAGE_EDITED,
          MESSAGE_DELETED,
          PREFERENCES_PUT,
          OWNER_ERASED ->
          1;
    };
  }

  private @Nullable Content cached(MessageRow row) {
    return cache.getIfPresent(row.latest()) instanceof Content content ? content : null;
  }

  /** The states of messages in the same order, with the contents of live messages. */
  public List<MessageState> states(List<MessageRef> refs) throws IOException {
    @Nullable Content[] cached = new Content[refs.size()];
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < cached.length; i++) {
      MessageRow row = refs.get(i).row();
      cached[i] = cached(row);
      if (cached[i] == null) {
        places.add(row.content());
      }
    }
    NearbyReads reads = new NearbyReads(segments, places);
    List<MessageState> states = new ArrayList<>(cached.length);
    for (int i = 0; i < cached.length; i++) {
      MessageRef ref = refs.get(i);
      Content content = cached[i];
      if (content == null) {
        content = read(ref.row(), reads);
      }
      states.add(
          state(
              ref.owner(),
              ref.conversationId(),
              ref.epoch(),
              ref.generation(),
              ref.row(),
              content));
    }
    return states;
  }

  /** The state of a message; reads the content if the message is live. */
  MessageState state(
      Owner owner, String conversationId, long epoch, long generation, MessageRow row)
      throws IOException {
    Content content = cached(row);
    if (content == null) {
      content = read(row, new NearbyReads(segments, List.of()));
    }
    return state(owner, conversationId, epoch, generation, row, content);
  }

  private MessageState state(
      Owner owner,
      String conversationId,
      long epoch,
      long generation,
      MessageRow row,
      Content content) {
    StoredMessage stored = null;
    if (row.live()) {
      if (content.message == null) {
        throw segments.damaged(row.content(), "a message has no content");
      }
      stored =
          new StoredMessage(
              conversationId,
              row.id(),
              row.seq(),
              Micros.instant(row.createdMicros()),
              row.changedMicros() == MessageRow.NEVER ? null : Micros.instant(row.changedMicros()),
              content.message);
    }
    return new MessageState(
        owner,
        conversationId,
        epoch,
        generation,
        row.version(),
        row.seq(),
        row.id(),
        content.digest,
        stored);
  }

  /**
   * Reads the content at a place.
   *
   * @throws StoreDamagedException if the bytes differ from those written, or are not a readable
   *     message
   */
  private Content read(MessageRow row, NearbyReads reads) throws IOException {
    Content content;
    try {
      content = parsed(row, reads);
    } catch (IllegalArgumentException e) {
      LOG.debug("The line does not contain a message", e);
      throw segments.damaged(row.content(), "the message cannot be read");
    }
    cache.put(row.latest(), content);
    return content;
  }

  private Content parsed(MessageRow row, NearbyReads reads) throws IOException {
    Place edit = row.edit();
    JsonNode json = reads.json(row.content());
    JsonNode written = Json.field(json, "message");
    Message message = written == null ? null : ModelJson.readMessage(written);
    long bytes = row.content().length();
    if (message != null && edit != null) {
      JsonNode edited = reads.json(edit);
      bytes += edit.length();
      JsonNode another = Json.field(edited, "message");
      message =
          message.withContent(
              another == null
                  ? ModelJson.readContent(edited)
                  : ModelJson.readMessage(another).content());
    }
    return new Content(Json.string(json, "digest"), message, bytes);
  }

  /**
   * The row of a message for a snapshot. Intact bytes that are not a readable message are copied
   * unchanged, for a later version or an operator.
   */
  public byte[] row(Owner owner, String conversationId, long epoch, long generation, MessageRow row)
      throws IOException {
    try {
      return LinePayloads.row(state(owner, conversationId, epoch, generation, row));
    } catch (StoreDamagedException damage) {
      try {
        return asItStands(owner, conversationId, epoch, generation, row);
      } catch (IllegalArgumentException e) {
        damage.addSuppressed(e);
        throw damage;
      }
    }
  }

  private byte[] asItStands(
      Owner owner, String conversationId, long epoch, long generation, MessageRow row)
      throws IOException {
    NearbyReads reads = new NearbyReads(segments, List.of());
    JsonNode json = reads.json(row.content());
    ObjectNode state = JsonNodeFactory.instance.objectNode();
    state.put("state", "message");
    state.put("tenant_id", owner.tenantId());
    state.put("user_id", owner.userId());
    state.put("epoch", epoch);
    state.put("conversation_id", conversationId);
    state.put("generation", generation);
    state.put("version", row.version());
    state.put("seq", row.seq());
    state.put("message_id", row.id().toString());
    state.put("digest", Json.string(json, "digest"));
    if (!row.live()) {
      state.putNull("message");
    } else if (Json.required(json, "message") instanceof ObjectNode message) {
      Place edit = row.edit();
      if (edit != null) {
        JsonNode edited = reads.json(edit);
        JsonNode another = Json.field(edited, "message");
        message.set("content", another == null ? edited : another.get("content"));
        message.put("edited_at", Json.time(Micros.instant(row.changedMicros())));
      }
      message.put("id", row.id().toString());
      message.put("conversation_id", conversationId);
      message.put("seq", row.seq());
      message.put("created_at", Json.time(Micros.instant(row.createdMicros())));
      state.set("message", message);
    } else {
      throw new IllegalArgumentException("message is not an object");
    }
    return state.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * A pending change in its current, rebased form.
   *
   * @throws StoreDamagedException if it cannot be read
   */
  public Change change(PendingQueue.Entry entry) throws IOException {
    if (!entry.hasContent()) {
      throw new StoreDamagedException(
          "change " + entry.id() + " is unreadable; its line was moved to a file damaged-*", null);
    }
    byte[] json = segments.read(entry.place());
    try {
      return entry.rebased(ChangeJson.read(Json.parse(json, 0, json.length)));
    } catch (IllegalArgumentException e) {
      LOG.debug("The line does not contain a change", e);
      throw segments.damaged(entry.place(), "the change cannot be read");
    }
  }

  /**
   * Like {@link #change}, without the contents of its messages and edits.
   *
   * @throws StoreDamagedException if it cannot be read
   */
  public Change head(PendingQueue.Entry entry, LineOutline.Owners owners) throws IOException {
    if (!entry.hasContent()) {
      return change(entry);
    }
    if (cache.getIfPresent(entry.place()) instanceof Change head) {
      return entry.rebased(head);
    }
    byte[] json = segments.read(entry.place());
    try {
      Change head = LineOutline.change(json, owners);
      cache.put(entry.place(), head);
      return entry.rebased(head);
    } catch (IllegalArgumentException e) {
      LOG.debug("The line does not contain a change", e);
      throw segments.damaged(entry.place(), "the change cannot be read");
    }
  }

  /** A pending change for a snapshot; an unreadable change is copied unchanged. */
  public byte[] changeLine(PendingQueue.Entry entry) throws IOException {
    try {
      return LinePayloads.change(change(entry));
    } catch (StoreDamagedException damage) {
      LOG.debug("An unreadable change is copied unchanged if its checksum is right", damage);
      return segments.read(entry.place());
    }
  }

  public void forgetAll() {
    cache.invalidateAll();
  }
}
