package io.conversationstore.jsonfile;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code store.json}: who the directory is, and which segments count. Immutable.
 *
 * <p>It is replaced as a whole (temporary file, fsync, atomic rename, fsync of the directory), so
 * after a crash it is the old one or the new one.
 *
 * @param node the node's id
 * @param ownHistory the history of positions while the directory is not bound
 * @param storeId the database the directory is bound to, or null
 * @param history the database's history at the last contact, or null
 * @param counter the node's counter at the last contact
 * @param clockOffsetMicros the database's clock minus the node's, at the last contact
 * @param firstSegment segments of lower numbers are leftovers
 * @param lastSnapshotSegment the last segment of the snapshot that the log begins with, or 0
 * @param snapshotEnd the number of the snapshot's last line, or 0
 */
record Manifest(
    UUID node,
    UUID ownHistory,
    @Nullable UUID storeId,
    @Nullable UUID history,
    long counter,
    long clockOffsetMicros,
    int firstSegment,
    int lastSnapshotSegment,
    long snapshotEnd) {

  /** Nobody knows which file a crash would leave. */
  static final class UncertainException extends IOException {
    private static final long serialVersionUID = 1;

    UncertainException(IOException cause) {
      super("store.json may be the old one or the new one", cause);
    }
  }

  static final int FORMAT = 1;
  static final String NAME = "store.json";
  private static final String TEMPORARY = "store.json.tmp";

  static Manifest fresh(UUID node, UUID history) {
    return new Manifest(node, history, null, null, 0, 0, 1, 0, 0);
  }

  /** The history that positions belong to. */
  UUID presentHistory() {
    return history != null ? history : ownHistory;
  }

  Manifest withContact(UUID newStoreId, UUID newHistory, long newCounter, long newOffset) {
    return new Manifest(
        node,
        ownHistory,
        newStoreId,
        newHistory,
        newCounter,
        newOffset,
        firstSegment,
        lastSnapshotSegment,
        snapshotEnd);
  }

  Manifest withSnapshot(int first, int last, long end) {
    return new Manifest(
        node, ownHistory, storeId, history, counter, clockOffsetMicros, first, last, end);
  }

  /** Reads it; null where there is none. Changes nothing. */
  static @Nullable Manifest read(LogFiles files) throws IOException {
    if (!files.list().contains(NAME)) {
      return null;
    }
    byte[] bytes;
    try (LogFiles.LogFile file = files.open(NAME)) {
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(file.size(), 1 << 16));
      bytes = new byte[file.read(buffer, 0)];
      buffer.flip().get(bytes);
    }
    try {
      JsonNode json = Json.parse(bytes, 0, bytes.length);
      long format = Json.number(json, "format", 0);
      requireKnown(files, NAME, format);
      if (bytes[bytes.length - 1] != '\n' || !Line.isWhole(bytes, bytes.length - 1)) {
        throw new IllegalArgumentException("its checksum is wrong");
      }
      return new Manifest(
          Json.uuid(json, "node"),
          Json.uuid(json, "own_history"),
          Json.optionalUuid(json, "store_id"),
          Json.optionalUuid(json, "history"),
          Json.number(json, "counter", 0),
          Json.number(json, "clock_offset_micros", 0),
          (int) Json.number(json, "first_segment", 1),
          (int) Json.number(json, "last_snapshot_segment", 0),
          Json.number(json, "snapshot_end", 0));
    } catch (IllegalArgumentException e) {
      throw new StoreDamagedException(
          NAME + " in " + files.describe() + ", byte 0: the file is damaged; nothing was changed",
          e);
    }
  }

  static void requireKnown(LogFiles files, String name, long format) {
    if (format > FORMAT) {
      throw new StoreConfigurationException(
          name
              + " in "
              + files.describe()
              + " has the format version "
              + format
              + "; this library reads up to "
              + FORMAT
              + ". Use a newer version of the library; nothing was changed");
    }
    if (format < 1) {
      throw new IllegalArgumentException("format is missing");
    }
  }

  /**
   * Replaces the file, durably. After an exception it is the old one.
   *
   * @throws UncertainException if it is the old one or the new one, and the next start will tell
   */
  void write(LogFiles files) throws IOException {
    byte[] json =
        Json.bytes(
            out -> {
              out.writeStartObject();
              out.writeNumberField("format", FORMAT);
              out.writeStringField("node", node.toString());
              out.writeStringField("own_history", ownHistory.toString());
              if (storeId != null) {
                out.writeStringField("store_id", storeId.toString());
              }
              if (history != null) {
                out.writeStringField("history", history.toString());
              }
              out.writeNumberField("counter", counter);
              out.writeNumberField("clock_offset_micros", clockOffsetMicros);
              out.writeNumberField("first_segment", firstSegment);
              out.writeNumberField("last_snapshot_segment", lastSnapshotSegment);
              out.writeNumberField("snapshot_end", snapshotEnd);
              out.writeEndObject();
            });
    files.delete(TEMPORARY);
    try (LogFiles.LogFile file = files.create(TEMPORARY)) {
      file.append(ByteBuffer.wrap(Line.of(json)));
      file.force();
    }
    try {
      files.rename(TEMPORARY, NAME);
      files.forceDirectory();
    } catch (IOException e) {
      throw new UncertainException(e);
    }
  }
}
