package io.conversationstore.jsonfile.internal.recovery;

import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.apply.LinePayloads;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.ErasureCounts;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.MessageTable;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes an index as blocks of items, as docs/format-jsonfile.md describes them; {@link
 * CheckpointReader} reads them. Not thread-safe.
 */
final class CheckpointWriter {
  static final byte META = 'M';
  static final byte OWNER = 'O';
  static final byte CONVERSATION = 'C';
  static final byte PENDING = 'P';
  static final byte PARKED = 'K';

  /** Flag: changes were applied after the last {@code unmet} line. */
  static final int STANDALONE = 1;

  /** Flag: the files may hold rows of earlier epochs of their owner. */
  static final int FORMER_EPOCHS = 2;

  /** The field that holds a JSON object. */
  static final String JSON = "json";

  private static final int BLOCK = 1 << 20;

  private final LogFiles.LogFile file;
  private final Segments segments;
  private final ByteArrayOutputStream block = new ByteArrayOutputStream(BLOCK + (BLOCK >> 3));
  private final DataOutputStream out = new DataOutputStream(block);

  /**
   * @param segments resolve the current places of abandoned lines
   */
  CheckpointWriter(LogFiles.LogFile file, Segments segments) {
    this.file = file;
    this.segments = segments;
  }

  /** Writes the whole index, then the block that marks the end. */
  void write(Index index) throws IOException {
    writeMeta(index);
    for (OwnerRows owner : index.owners()) {
      writeOwner(owner);
      for (Map.Entry<String, ConversationRows> entry : owner.conversations().entrySet()) {
        writeConversation(entry.getKey(), entry.getValue());
        endItem();
      }
    }
    for (PendingQueue.Parked parked : index.pending().parked()) {
      out.writeByte(PARKED);
      writeEntry(parked.entry());
      writeBytes(LinePayloads.settlements(List.of(parked.settlement())));
      endItem();
    }
    for (PendingQueue.Entry entry : index.pending().all()) {
      out.writeByte(PENDING);
      writeEntry(entry);
      endItem();
    }
    flush();
    file.append(ByteBuffer.allocate(8));
  }

  private void endItem() throws IOException {
    if (block.size() >= BLOCK) {
      flush();
    }
  }

  /** A block is its length, its CRC-32C, and its bytes. */
  private void flush() throws IOException {
    byte[] bytes = block.toByteArray();
    block.reset();
    if (bytes.length > 0) {
      ByteBuffer buffer = ByteBuffer.allocate(bytes.length + 8);
      buffer.putInt(bytes.length).putInt(Place.crc(bytes, 0, bytes.length)).put(bytes).flip();
      file.append(buffer);
    }
  }

  private void writeMeta(Index index) throws IOException {
    out.writeByte(META);
    out.writeByte(
        (index.standaloneContent() ? STANDALONE : 0)
            | (index.hasFormerEpochs() ? FORMER_EPOCHS : 0));
    out.writeLong(index.mirrorAsOfMicros());
    writeText(index.position().token());
    out.writeInt(index.recent().size());
    for (UUID id : index.recent()) {
      writeId(id);
    }
    endItem();
  }

  private void writeOwner(OwnerRows rows) throws IOException {
    out.writeByte(OWNER);
    writeOwner(rows.owner());
    out.writeLong(rows.epoch());
    out.writeInt(rows.erasures().size());
    for (Map.Entry<UUID, ErasureCounts> entry : rows.erasures().entrySet()) {
      writeId(entry.getKey());
      out.writeLong(entry.getValue().atMicros());
      out.writeLong(entry.getValue().conversations());
      out.writeLong(entry.getValue().messages());
    }
    boolean written = rows.hasPreferences();
    out.writeBoolean(written);
    if (written) {
      writeBytes(LinePayloads.row(rows.preferences()));
    }
    endItem();
  }

  private void writeConversation(String id, ConversationRows rows) throws IOException {
    out.writeByte(CONVERSATION);
    writeText(id);
    out.writeLong(rows.generation());
    out.writeLong(rows.changedMicros());
    ConversationState header = rows.header();
    out.writeBoolean(header != null);
    if (header != null) {
      writeHeader(header);
    }
    MessageTable messages = rows.messages();
    writeLongs(messages.rows(segments::resolve));
    writeLongs(messages.changed(segments::resolve));
    out.writeBoolean(rows.isEvicted());
  }

  private void writeHeader(ConversationState header) throws IOException {
    out.writeLong(header.epoch());
    out.writeLong(header.generation());
    out.writeLong(header.version());
    out.writeLong(header.lastSeq());
    writeId(header.createdBy());
    Live live = header.live();
    out.writeBoolean(live != null);
    if (live == null) {
      return;
    }
    writeText(live.title());
    writeText(live.status().wireName());
    writeJson(live.settings());
    writeJson(live.metadata());
    writeTexts(live.tags());
    out.writeBoolean(live.pinned());
    out.writeLong(Micros.of(live.createdAt()));
    out.writeLong(Micros.of(live.updatedAt()));
    Instant expiresAt = live.expiresAt();
    out.writeLong(expiresAt == null ? MessageRow.NEVER : Micros.of(expiresAt));
    out.writeLong(live.messageCount());
    out.writeLong(live.usage().promptTokens());
    out.writeLong(live.usage().completionTokens());
    out.writeLong(live.usage().totalTokens());
    out.writeLong(Micros.of(live.lastMessageAt()));
    out.writeInt(live.fieldTimes().size());
    for (Map.Entry<String, Instant> entry : live.fieldTimes().entrySet()) {
      writeText(entry.getKey());
      out.writeLong(Micros.of(entry.getValue()));
    }
  }

  private void writeEntry(PendingQueue.Entry entry) throws IOException {
    writeId(entry.id());
    writeOwner(entry.owner());
    writeTexts(entry.conversations());
    writeTexts(List.copyOf(entry.created()));
    out.writeBoolean(entry.createsAnyway());
    writeGenerations(entry.least());
    out.writeBoolean(entry.erases());
    out.writeBoolean(entry.deletes());
    out.writeBoolean(entry.preferences());
    out.writeLong(Micros.of(entry.time()));
    Place place = segments.resolve(entry.place());
    out.writeInt(place.segment());
    out.writeLong(place.offset());
    out.writeInt(place.length());
    out.writeInt(place.crc());
    out.writeLong(entry.madeEpoch());
    out.writeLong(entry.epoch());
    out.writeLong(Micros.of(entry.notBefore()));
    writeGenerations(entry.generations());
  }

  private void writeGenerations(Map<String, Long> generations) throws IOException {
    out.writeInt(generations.size());
    for (Map.Entry<String, Long> generation : generations.entrySet()) {
      writeText(generation.getKey());
      out.writeLong(generation.getValue());
    }
  }

  private void writeOwner(Owner owner) throws IOException {
    writeText(owner.tenantId());
    writeText(owner.userId());
  }

  private void writeJson(Map<String, @Nullable Object> json) throws IOException {
    writeBytes(
        json.isEmpty() ? new byte[0] : Json.bytes(to -> Json.writeValue(to, Map.of(JSON, json))));
  }

  private void writeTexts(Collection<String> texts) throws IOException {
    out.writeInt(texts.size());
    for (String text : texts) {
      writeText(text);
    }
  }

  private void writeText(String text) throws IOException {
    writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  private void writeBytes(byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private void writeId(UUID id) throws IOException {
    out.writeLong(id.getMostSignificantBits());
    out.writeLong(id.getLeastSignificantBits());
  }

  private void writeLongs(long[] longs) throws IOException {
    out.writeInt(longs.length);
    ByteBuffer buffer = ByteBuffer.allocate(longs.length * Long.BYTES);
    buffer.asLongBuffer().put(longs);
    out.write(buffer.array());
  }
}
