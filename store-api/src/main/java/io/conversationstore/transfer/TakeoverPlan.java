package io.conversationstore.transfer;

import io.conversationstore.ConversationDocument.Entry;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What has to be known of a file before the first of its conversations is saved: times, which may
 * stand behind the messages, and which place of an id is the last. Keeps some 200 bytes for each
 * conversation, and the headers of those that are saved in several parts. For one thread.
 */
final class TakeoverPlan implements FileReader.Receiver {

  /** All places of one id. */
  static final class Planned {
    private final Instant now;
    private int places;
    private @Nullable Instant createdAt;
    private @Nullable Instant updatedAt;
    private @Nullable Instant firstMessage;
    private @Nullable Instant lastMessage;

    /** Of a conversation that is saved in several parts; else null. */
    private LenientHeaders.@Nullable Header header;

    private int part;

    private Planned(Instant now) {
      this.now = now;
    }

    LenientHeaders.@Nullable Header header() {
      return header;
    }

    /** The number of the next part. */
    int nextPart() {
      return part++;
    }

    /** Ends a place; returns whether it was the last one of this id. */
    boolean isLastPlace() {
      places--;
      return places == 0;
    }

    /**
     * When it was created: as the file says, else at its first message, else when it was last used.
     *
     * @param otherwise where the file has no time of it
     */
    Instant createdAt(Instant otherwise) {
      Instant time = createdAt != null ? createdAt : firstMessage;
      return notLater(time != null ? time : updatedAt != null ? updatedAt : otherwise);
    }

    /**
     * When it was last used: as the file says, else at its last message; never before it was made.
     */
    Instant updatedAt(Instant otherwise) {
      Instant made = createdAt(otherwise);
      Instant time = updatedAt != null ? updatedAt : lastMessage;
      return time == null || time.isBefore(made) ? made : notLater(time);
    }

    private Instant notLater(Instant time) {
      return (time.isAfter(now) ? now : time).truncatedTo(ChronoUnit.MICROS);
    }
  }

  private final int batchBytes;
  private final Counts counts;
  private final Instant now;
  private final Map<String, Planned> conversations = new HashMap<>();
  private long bytes;

  TakeoverPlan(TransferOptions options, Counts counts, Instant now) {
    this.batchBytes = options.batchBytes();
    this.counts = counts;
    this.now = now;
  }

  Planned of(String id) {
    return conversations.computeIfAbsent(id, absent -> new Planned(now));
  }

  @Override
  public void message(
      OpenConversation conversation,
      Supplier<LenientHeaders.Header> header,
      Entry message,
      long size) {
    counts.messages(1);
    bytes += size;
    Instant time = message.createdAt();
    if (time != null) {
      Planned planned = of(conversation.id());
      planned.firstMessage = earlier(planned.firstMessage, time);
      planned.lastMessage = later(planned.lastMessage, time);
    }
  }

  @Override
  public void end(OpenConversation conversation, LenientHeaders.Header header) {
    counts.conversations(1);
    Planned planned = of(conversation.id());
    planned.places++;
    if (header.createdAt() != null) {
      planned.createdAt = earlier(planned.createdAt, header.createdAt());
    }
    if (header.updatedAt() != null) {
      planned.updatedAt = later(planned.updatedAt, header.updatedAt());
    }
    if (bytes > batchBytes) {
      planned.header = header;
    }
    bytes = 0;
  }

  private static Instant earlier(@Nullable Instant one, Instant other) {
    return one == null || other.isBefore(one) ? other : one;
  }

  private static Instant later(@Nullable Instant one, Instant other) {
    return one == null || other.isAfter(one) ? other : one;
  }
}
