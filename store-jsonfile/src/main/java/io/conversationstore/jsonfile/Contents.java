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

/** Reads contents from disk, through a cache bounded in bytes. Thread-safe. */
final class Contents {
  private static final int ENTRY_OVERHEAD = 400;

  private final Segments segments;
  private final Cache<Place, Message> cache;

  Contents(Segments segments, long cacheBytes) {
    this.segments = segments;
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(cacheBytes)
            .executor(Runnable::run)
            .weigher((Place place, Message message) -> ENTRY_OVERHEAD + 2 * weight(place))
            .build();
  }

  private static int weight(Place place) {
    return Math.min(place.length(), 1 << 29);
  }

  /** The state of a message, its content read where it is live. */
  MessageState state(
      Owner owner, String conversationId, long epoch, long generation, MessageRow row)
      throws IOException {
    StoredMessage stored = null;
    if (row.content() != null) {
      stored =
          new StoredMessage(
              conversationId,
              row.id(),
              row.seq(),
              Micros.instant(row.createdMicros()),
              row.changedMicros() == MessageRow.NEVER ? null : Micros.instant(row.changedMicros()),
              message(row));
    }
    return new MessageState(
        owner,
        conversationId,
        epoch,
        generation,
        row.version(),
        row.seq(),
        row.id(),
        row.digest(),
        stored);
  }

  private Message message(MessageRow row) throws IOException {
    Place content = row.content();
    if (content == null) {
      throw new IllegalStateException("message " + row.id() + " is deleted");
    }
    Place edit = row.edit();
    Place key = edit == null ? content : edit;
    Message cached = cache.getIfPresent(key);
    if (cached != null) {
      return cached;
    }
    Message message = ModelJson.readMessage(json(content));
    if (edit != null) {
      JsonNode edited = json(edit);
      message =
          message.withContent(
              edited.isObject()
                  ? ModelJson.readMessage(edited).content()
                  : ModelJson.readContent(edited));
    }
    cache.put(key, message);
    return message;
  }

  /** A pending change as it stands now. */
  Change change(PendingQueue.Entry entry) throws IOException {
    return entry.rebased(ChangeJson.read(json(entry.place())));
  }

  private JsonNode json(Place place) throws IOException {
    byte[] bytes = segments.read(place);
    return Json.parse(bytes, 0, bytes.length);
  }

  void forgetAll() {
    cache.invalidateAll();
  }
}
