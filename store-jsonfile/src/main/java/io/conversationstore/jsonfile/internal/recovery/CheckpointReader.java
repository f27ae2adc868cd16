package io.conversationstore.jsonfile.internal.recovery;

import io.conversationstore.ConversationStatus;
import io.conversationstore.Owner;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.jsonfile.internal.apply.LinePayloads;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.ErasureCounts;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.MessageTable;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.StateJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads what {@link CheckpointWriter} wrote. Not thread-safe. */
final class CheckpointReader {
  private static final int MOST_IN_A_BLOCK = 1 << 30;

  private final LogFiles.LogFile file;
  private final Index index = new Index();
  private long offset;
  private ByteBuffer in = ByteBuffer.allocate(0);
  private @Nullable OwnerRows owner;

  /**
   * @param offset where the blocks begin
   */
  CheckpointReader(LogFiles.LogFile file, long offset) {
    this.file = file;
    this.offset = offset;
  }

  /**
   * Reads the index.
   *
   * @throws IOException if it is incomplete
   */
  Index read() throws IOException {
    while (nextBlock()) {
      while (in.hasRemaining()) {
        readItem(in.get());
      }
    }
    return index;
  }

  private boolean nextBlock() throws IOException {
    ByteBuffer head = ByteBuffer.allocate(8);
    if (file.read(head, offset) < 8) {
      throw new IOException("the checkpoint ends early");
    }
    int length = head.getInt(0);
    if (length < 0 || length > MOST_IN_A_BLOCK || length > file.size() - offset - 8) {
      throw new IOException("the length of a block is wrong");
    }
    ByteBuffer block = ByteBuffer.allocate(length);
    if (file.read(block, offset + 8) < length
        || (length > 0 && Place.crc(block.array(), 0, length) != head.getInt(4))) {
      throw new IOException("a block is damaged");
    }
    offset += 8L + length;
    in = block.flip();
    return length > 0;
  }

  private void readItem(byte kind) throws IOException {
    switch (kind) {
      case CheckpointWriter.META -> readMeta();
      case CheckpointWriter.OWNER -> readOwnerRows();
      case CheckpointWriter.CONVERSATION -> readConversation();
      case CheckpointWriter.PENDING -> index.pending().add(readEntry());
      case CheckpointWriter.PARKED -> {
        PendingQueue.Entry entry = readEntry();
        byte[] settlement = readBytes();
        index
            .pending()
            .addParked(
                new PendingQueue.Parked(
                    entry,
                    LinePayloads.readSettlement(
                        Json.parse(settlement, 0, settlement.length).get(0))));
      }
      default -> throw new IOException("an item has an unknown kind");
    }
  }

  private void readMeta() {
    int flags = in.get();
    if ((flags & CheckpointWriter.STANDALONE) != 0) {
      index.markStandalone();
    }
    index.setFormerEpochs((flags & CheckpointWriter.FORMER_EPOCHS) != 0);
    long asOfMicros = in.getLong();
    index.followed(new FeedPosition(readText()), asOfMicros);
    int recent = in.getInt();
    for (int i = 0; i < recent; i++) {
      index.addRecent(readId());
    }
  }

  private void readOwnerRows() {
    OwnerRows rows = index.owner(readOwner());
    rows.startEpoch(in.getLong());
    int erasures = in.getInt();
    for (int i = 0; i < erasures; i++) {
      UUID id = readId();
      rows.erasures().put(id, new ErasureCounts(in.getLong(), in.getLong(), in.getLong()));
    }
    if (readBoolean()) {
      byte[] preferences = readBytes();
      rows.setPreferences(
          (PreferencesState) StateJson.read(Json.parse(preferences, 0, preferences.length)));
    }
    owner = rows;
  }

  private void readConversation() throws IOException {
    OwnerRows rows = owner;
    if (rows == null) {
      throw new IOException("a conversation has no owner");
    }
    String id = readText();
    long generation = in.getLong();
    long changedMicros = in.getLong();
    ConversationState header = readBoolean() ? readHeader(rows.owner(), id) : null;
    MessageTable messages = MessageTable.of(readLongs(), readLongs());
    ConversationRows conversation =
        ConversationRows.of(header, generation, changedMicros, messages);
    conversation.setEvicted(readBoolean());
    rows.conversations().put(id, conversation);
  }

  private ConversationState readHeader(Owner of, String id) {
    long epoch = in.getLong();
    long generation = in.getLong();
    long version = in.getLong();
    long lastSeq = in.getLong();
    UUID createdBy = readId();
    Live live = readBoolean() ? readLive() : null;
    return new ConversationState(of, id, epoch, generation, version, live, lastSeq, createdBy);
  }

  // javac leaves the type annotations of a compact constructor's parameters out of the class file
  @SuppressWarnings("NullAway")
  private Live readLive() {
    String title = readText();
    ConversationStatus status = ConversationStatus.ofWireName(readText());
    Map<String, @Nullable Object> settings = readJson();
    Map<String, @Nullable Object> metadata = readJson();
    List<String> tags = readTexts();
    boolean pinned = readBoolean();
    Instant createdAt = readTime();
    Instant updatedAt = readTime();
    long expires = in.getLong();
    long messageCount = in.getLong();
    TokenUsage usage = new TokenUsage(in.getLong(), in.getLong(), in.getLong());
    Instant lastMessageAt = readTime();
    int count = in.getInt();
    Map<String, Instant> fieldTimes = new HashMap<>();
    for (int i = 0; i < count; i++) {
      fieldTimes.put(readText(), readTime());
    }
    return new Live(
        title,
        status,
        settings,
        metadata,
        tags,
        pinned,
        createdAt,
        updatedAt,
        expires == MessageRow.NEVER ? null : Micros.instant(expires),
        messageCount,
        usage,
        lastMessageAt,
        fieldTimes);
  }

  private PendingQueue.Entry readEntry() {
    UUID id = readId();
    Owner of = readOwner();
    LinkedHashSet<String> conversations = new LinkedHashSet<>(readTexts());
    Set<String> created = Set.copyOf(readTexts());
    boolean createsAnyway = readBoolean();
    Map<String, Long> least = readGenerations();
    boolean erases = readBoolean();
    boolean deletes = readBoolean();
    boolean preferences = readBoolean();
    Instant time = readTime();
    Place place = new Place(in.getInt(), in.getLong(), in.getInt(), in.getInt());
    long madeEpoch = in.getLong();
    long epoch = in.getLong();
    Instant notBefore = readTime();
    Map<String, Long> generations = readGenerations();
    return new PendingQueue.Entry(
        id,
        of,
        conversations,
        created,
        createsAnyway,
        least,
        erases,
        deletes,
        preferences,
        time,
        place,
        madeEpoch,
        epoch,
        notBefore,
        generations);
  }

  private Map<String, Long> readGenerations() {
    int count = in.getInt();
    Map<String, Long> generations = new HashMap<>();
    for (int i = 0; i < count; i++) {
      generations.put(readText(), in.getLong());
    }
    return generations;
  }

  private Owner readOwner() {
    String tenantId = readText();
    return Owner.of(tenantId, readText());
  }

  private Map<String, @Nullable Object> readJson() {
    byte[] json = readBytes();
    return json.length == 0
        ? Map.of()
        : ModelJson.readObject(Json.parse(json, 0, json.length), CheckpointWriter.JSON);
  }

  private List<String> readTexts() {
    int count = in.getInt();
    List<String> texts = new ArrayList<>(Math.min(count, 1_000));
    for (int i = 0; i < count; i++) {
      texts.add(readText());
    }
    return List.copyOf(texts);
  }

  private String readText() {
    return new String(readBytes(), StandardCharsets.UTF_8);
  }

  private byte[] readBytes() {
    byte[] bytes = new byte[in.getInt()];
    in.get(bytes);
    return bytes;
  }

  private long[] readLongs() {
    long[] longs = new long[in.getInt()];
    in.asLongBuffer().get(longs);
    in.position(in.position() + longs.length * Long.BYTES);
    return longs;
  }

  private UUID readId() {
    return new UUID(in.getLong(), in.getLong());
  }

  private boolean readBoolean() {
    return in.get() != 0;
  }

  private Instant readTime() {
    return Micros.instant(in.getLong());
  }
}
