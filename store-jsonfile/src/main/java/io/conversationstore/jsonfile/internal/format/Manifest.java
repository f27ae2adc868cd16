package io.conversationstore.jsonfile.internal.format;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.spi.DatabaseIdentity;
import io.conversationstore.spi.Handshake;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code store.json}: the identity of the directory and the files that count. Immutable.
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
 * @param database where the database was at the last contact, or null if unknown
 * @param place host, port and name of the database for people, or null if unknown
 * @param firstSegment segments of the log with lower numbers are leftovers
 * @param lastSegment segments up to this one exist
 * @param firstSnapshot the first file of the snapshot that the log begins with
 * @param lastSnapshot the last one, lower than the first if there is none
 * @param snapshotLines the number of lines in all snapshot files
 * @param snapshotEnd the number of the last line that the snapshot covers, or 0
 * @param erasedThrough the text of erasures up to this line is removed from all files
 * @param forcedThrough lines up to this one were on the disk when the directory was last closed
 * @param mirrorDue a repair has begun, and the mirror of the database must be rebuilt
 */
public record Manifest(
    UUID node,
    UUID ownHistory,
    @Nullable UUID storeId,
    @Nullable UUID history,
    long counter,
    long clockOffsetMicros,
    @Nullable DatabaseIdentity database,
    @Nullable String place,
    int firstSegment,
    int lastSegment,
    int firstSnapshot,
    int lastSnapshot,
    long snapshotLines,
    long snapshotEnd,
    long erasedThrough,
    long forcedThrough,
    boolean mirrorDue) {

  /** It is unknown which file a crash would leave. */
  public static final class UncertainException extends IOException {
    private static final long serialVersionUID = 1;

    UncertainException(IOException cause) {
      super("store.json has either its old or its new contents", cause);
    }
  }

  static Manifest fresh(UUID node, UUID history) {
    return new Manifest(node, history, null, null, 0, 0, null, null, 1, 0, 1, 0, 0, 0, 0, 0, false);
  }

  /** The history that positions belong to. */
  public UUID presentHistory() {
    return history != null ? history : ownHistory;
  }

  /** Values unknown at this contact keep their earlier values. */
  public Manifest withContact(Handshake contact, long newOffset) {
    return with(
        copy -> {
          copy.storeId = contact.storeId();
          copy.history = contact.history();
          copy.counter = contact.counter();
          copy.clockOffsetMicros = newOffset;
          copy.database = contact.databaseAfter(database);
        });
  }

  /** Sets the place of the database that the directory belongs to or waits for. */
  public Manifest withPlace(String newPlace) {
    return with(copy -> copy.place = newPlace);
  }

  /** Makes the directory another node, with no contact yet. */
  public Manifest withNode(UUID newNode) {
    return with(
        copy -> {
          copy.node = newNode;
          copy.counter = 0;
        });
  }

  public Manifest withLastSegment(int segment) {
    return with(copy -> copy.lastSegment = segment);
  }

  /** Sets the snapshot, which covers the lines up to {@code end}. */
  public Manifest withSnapshot(int first, int last, long lines, long end, int newFirstSegment) {
    return with(
        copy -> {
          copy.firstSegment = newFirstSegment;
          copy.lastSegment = Math.max(lastSegment, newFirstSegment);
          copy.firstSnapshot = first;
          copy.lastSnapshot = last;
          copy.snapshotLines = lines;
          copy.snapshotEnd = end;
        });
  }

  public Manifest withErasedThrough(long line) {
    return with(copy -> copy.erasedThrough = line);
  }

  /** Records that lines up to this one are on the disk. */
  public Manifest withForcedThrough(long line) {
    return with(copy -> copy.forcedThrough = Math.max(forcedThrough, line));
  }

  /** Begins a repair: positions issued before become invalid. */
  public Manifest withRepair(UUID newHistory) {
    return with(
        copy -> {
          copy.ownHistory = newHistory;
          copy.mirrorDue = storeId != null;
        });
  }

  /** Records that the rebuild of the mirror has begun. */
  public Manifest withMirrorBegun() {
    return with(copy -> copy.mirrorDue = false);
  }

  private Manifest with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.toManifest();
  }

  /** The mutable fields of a changed manifest. */
  private static final class Copy {
    private UUID node;
    private UUID ownHistory;
    private @Nullable UUID storeId;
    private @Nullable UUID history;
    private long counter;
    private long clockOffsetMicros;
    private @Nullable DatabaseIdentity database;
    private @Nullable String place;
    private int firstSegment;
    private int lastSegment;
    private int firstSnapshot;
    private int lastSnapshot;
    private long snapshotLines;
    private long snapshotEnd;
    private long erasedThrough;
    private long forcedThrough;
    private boolean mirrorDue;

    Copy(Manifest of) {
      node = of.node;
      ownHistory = of.ownHistory;
      storeId = of.storeId;
      history = of.history;
      counter = of.counter;
      clockOffsetMicros = of.clockOffsetMicros;
      database = of.database;
      place = of.place;
      firstSegment = of.firstSegment;
      lastSegment = of.lastSegment;
      firstSnapshot = of.firstSnapshot;
      lastSnapshot = of.lastSnapshot;
      snapshotLines = of.snapshotLines;
      snapshotEnd = of.snapshotEnd;
      erasedThrough = of.erasedThrough;
      forcedThrough = of.forcedThrough;
      mirrorDue = of.mirrorDue;
    }

    Manifest toManifest() {
      return new Manifest(
          node,
          ownHistory,
          storeId,
          history,
          counter,
          clockOffsetMicros,
          database,
          place,
          firstSegment,
          lastSegment,
          firstSnapshot,
          lastSnapshot,
          snapshotLines,
          snapshotEnd,
          erasedThrough,
          forcedThrough,
          mirrorDue);
    }
  }

  /**
   * Whether a file counts, that is, is not a leftover. The number is from {@link Segments#number}.
   */
  public boolean counts(int file) {
    return file > 0 ? file >= firstSegment : -file >= firstSnapshot && -file <= lastSnapshot;
  }

  boolean hasSnapshot() {
    return lastSnapshot >= firstSnapshot;
  }

  /**
   * Reads it, or makes one for a directory that no store has used.
   *
   * @throws StoreDamagedException if it is lost: files exist that only a manifest can have named
   */
  public static Manifest readOrMake(LogFiles files, Supplier<UUID> ids) throws IOException {
    Manifest manifest = read(files);
    if (manifest != null) {
      return manifest;
    }
    for (String name : files.list()) {
      if (Segments.number(name) != 0 || name.startsWith(FileNames.SET_ASIDE_PREFIX)) {
        throw new StoreDamagedException(
            FileNames.MANIFEST
                + " in "
                + files.describe()
                + " is missing, but "
                + name
                + " exists; nothing was changed. Restore the file from a copy of the directory",
            null);
      }
    }
    Manifest fresh = fresh(ids.get(), ids.get());
    fresh.write(files);
    return fresh;
  }

  /** Reads it; null if there is none. Changes nothing. */
  public static @Nullable Manifest read(LogFiles files) throws IOException {
    if (!files.list().contains(FileNames.MANIFEST)) {
      return null;
    }
    byte[] bytes;
    try (LogFiles.LogFile file = files.open(FileNames.MANIFEST)) {
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(file.size(), 1 << 16));
      bytes = new byte[file.read(buffer, 0)];
      buffer.flip().get(bytes);
    }
    int length = bytes.length - 1;
    if (length < 0 || bytes[length] != '\n' || !LineFormat.isWhole(bytes, length)) {
      throw damaged(files, null);
    }
    try {
      JsonNode json = LineFormat.parse(bytes, length);
      requireKnown(files, FileNames.MANIFEST, Json.number(json, "format", 0));
      return new Manifest(
          Json.uuid(json, "node"),
          Json.uuid(json, "own_history"),
          Json.optionalUuid(json, "store_id"),
          Json.optionalUuid(json, "history"),
          Json.number(json, "counter", 0),
          Json.number(json, "clock_offset_micros", 0),
          database(json),
          Json.optionalString(json, "place"),
          (int) Json.number(json, "first_segment", 1),
          (int) Json.number(json, "last_segment", 0),
          (int) Json.number(json, "first_snapshot", 1),
          (int) Json.number(json, "last_snapshot", 0),
          Json.number(json, "snapshot_lines", 0),
          Json.number(json, "snapshot_end", 0),
          Json.number(json, "erased_through", 0),
          Json.number(json, "forced_through", 0),
          Json.bool(json, "mirror_due"));
    } catch (IllegalArgumentException e) {
      throw damaged(files, e);
    }
  }

  private static @Nullable DatabaseIdentity database(JsonNode json) {
    String name = Json.optionalString(json, "database_name");
    return name == null
        ? null
        : new DatabaseIdentity(
            json.has("system_identifier") ? Json.number(json, "system_identifier", 0) : null,
            Json.number(json, "database_oid", 0),
            name,
            json.has("timeline") ? (int) Json.number(json, "timeline", 0) : null);
  }

  private static void write(JsonGenerator out, DatabaseIdentity database) throws IOException {
    Long system = database.systemIdentifier();
    if (system != null) {
      out.writeNumberField("system_identifier", system);
    }
    out.writeNumberField("database_oid", database.database());
    out.writeStringField("database_name", database.name());
    Integer timeline = database.timeline();
    if (timeline != null) {
      out.writeNumberField("timeline", timeline);
    }
  }

  private static StoreDamagedException damaged(LogFiles files, @Nullable Throwable cause) {
    return new StoreDamagedException(
        FileNames.MANIFEST
            + " in "
            + files.describe()
            + ", byte 0: the file is damaged; nothing was changed. Only this file names the node"
            + " and the database of the directory, so it is not created again. Restore it from a"
            + " copy of the directory",
        cause);
  }

  public static void requireKnown(LogFiles files, String name, long format) {
    if (format > LineFormat.FORMAT) {
      throw new StoreConfigurationException(
          name
              + " in "
              + files.describe()
              + " has the format version "
              + format
              + "; this library reads up to "
              + LineFormat.FORMAT
              + ". Use a newer version of the library; nothing was changed");
    }
    if (format < 1) {
      throw new IllegalArgumentException("format is missing");
    }
  }

  /** The file's bytes: one line like those of the log. */
  byte[] bytes() {
    String fields =
        Json.text(
            out -> {
              out.writeStartObject();
              out.writeNumberField("format", LineFormat.FORMAT);
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
              if (database != null) {
                write(out, database);
              }
              if (place != null) {
                out.writeStringField("place", place);
              }
              out.writeNumberField("first_segment", firstSegment);
              out.writeNumberField("last_segment", lastSegment);
              out.writeNumberField("first_snapshot", firstSnapshot);
              out.writeNumberField("last_snapshot", lastSnapshot);
              out.writeNumberField("snapshot_lines", snapshotLines);
              out.writeNumberField("snapshot_end", snapshotEnd);
              out.writeNumberField("erased_through", erasedThrough);
              out.writeNumberField("forced_through", forcedThrough);
              if (mirrorDue) {
                out.writeBooleanField("mirror_due", true);
              }
              out.writeEndObject();
            });
    return LineFormat.join(LineFormat.open(fields.substring(1, fields.length() - 1)), new byte[0]);
  }

  /**
   * Replaces the file, durably. After any other exception it is the old one.
   *
   * @throws UncertainException if it is the old one or the new one; the next start resolves this
   */
  public void write(LogFiles files) throws IOException {
    files.write(FileNames.MANIFEST_TEMPORARY, file -> file.append(ByteBuffer.wrap(bytes())));
    try {
      files.rename(FileNames.MANIFEST_TEMPORARY, FileNames.MANIFEST);
      files.forceDirectory();
    } catch (IOException e) {
      throw new UncertainException(e);
    }
  }
}
