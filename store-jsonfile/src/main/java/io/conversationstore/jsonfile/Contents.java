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
import org.jspecify.annotations.Nullable;

/** Reads contents from disk, through a cache bounded in bytes. Thread-safe. */
final class Contents {
  private static final int ENTRY_OVERHEAD = 400;

  /** What stands at a place; no message where it was deleted before a compaction. */
  private record Content(String digest, @Nullable Message message) {}

  private final Segments segments;
  private final Cache<Place, Content> cache;

  Contents(Segments segments, long cacheBytes) {
    this.segments = segments;
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(cacheBytes)
            .executor(Runnable::run)
            .weigher((Place place, Content content) -> ENTRY_OVERHEAD + 2 * weight(place))
            .build();
  }

  private static int weight(Place place) {
    return Math.min(place.length(), 1 << 29);
  }

  /** The state of a message, its content read where it is live. */
  MessageState state(
      Owner owner, String conversationId, long epoch, long generation, MessageRow row)
      throws IOException {
    Content content = content(row);
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

  private Content content(MessageRow row) throws IOException {
    Place edit = row.edit();
    Place key = edit == null ? row.content() : edit;
    Content cached = cache.getIfPresent(key);
    if (cached != null) {
      return cached;
    }
    JsonNode json = json(row.content());
    JsonNode written = Json.field(json, "message");
    Message message = written == null ? null : ModelJson.readMessage(written);
    if (message != null && edit != null) {
      JsonNode edited = json(edit);
      JsonNode another = Json.field(edited, "message");
      message =
          message.withContent(
              another == null
                  ? ModelJson.readContent(edited)
                  : ModelJson.readMessage(another).content());
    }
    Content content = new Content(Json.string(json, "digest"), message);
    cache.put(key, content);
    return content;
  }

  /** A pending change as it stands now. */
  Change change(PendingQueue.Entry entry) throws IOException {
    return entry.rebased(ChangeJson.read(json(entry.place())));
  }

  void forgetAll() {
    cache.invalidateAll();
  }

  private JsonNode json(Place place) throws IOException {
    byte[] bytes = segments.read(place);
    return Json.parse(bytes, 0, bytes.length);
  }
}
