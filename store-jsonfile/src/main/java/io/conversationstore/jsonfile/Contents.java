package io.conversationstore.jsonfile;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.State.MessageState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads contents from disk, through a cache bounded in bytes. Thread-safe. */
final class Contents {
  private static final int ENTRY_OVERHEAD = 400;

  /**
   * What stands at a place; no message where it was deleted before a compaction.
   *
   * @param bytes of the JSON that it was read from: an edit keeps much of what it is an edit of
   */
  private record Content(String digest, @Nullable Message message, long bytes) {}

  private final Segments segments;
  private final Cache<Place, Content> cache;

  Contents(Segments segments, long cacheBytes) {
    this.segments = segments;
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(cacheBytes)
            .executor(Runnable::run)
            .weigher((Place place, Content content) -> ENTRY_OVERHEAD + 2 * weight(content))
            .build();
  }

  private static int weight(Content content) {
    return (int) Math.min(content.bytes, 1 << 29);
  }

  /** The states of messages, with the contents of those that are live, in the same order. */
  List<MessageState> states(List<MessageRef> refs) throws IOException {
    @Nullable Content[] cached = new Content[refs.size()];
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < cached.length; i++) {
      MessageRow row = refs.get(i).row();
      cached[i] = cache.getIfPresent(row.latest());
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

  /** The state of a message, its content read where it is live. */
  MessageState state(
      Owner owner, String conversationId, long epoch, long generation, MessageRow row)
      throws IOException {
    Content content = cache.getIfPresent(row.latest());
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

  private Content read(MessageRow row, NearbyReads reads) throws IOException {
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
    Content content = new Content(Json.string(json, "digest"), message, bytes);
    cache.put(row.latest(), content);
    return content;
  }

  /** A pending change as it stands now. */
  Change change(PendingQueue.Entry entry) throws IOException {
    byte[] json = segments.read(entry.place());
    return entry.rebased(ChangeJson.read(Json.parse(json, 0, json.length)));
  }

  void forgetAll() {
    cache.invalidateAll();
  }
}
