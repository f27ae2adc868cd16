package io.conversationstore.testkit;

import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Fields;
import io.conversationstore.spi.State.Live;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A generation of a conversation in the reference model. Count and usage are summed from the
 * messages each time, and the rules are rewritten here instead of taken from {@code
 * spi.Transitions}: an oracle that shares code with its subject would share its faults.
 */
final class ModelConversation {

  final String id;
  final long epoch;
  final long generation;
  final UUID createdBy;
  final Instant createdAt;
  final List<ModelMessage> messages = new ArrayList<>();
  long version = 1;
  boolean deleted;
  String title;
  ConversationStatus status = ConversationStatus.ACTIVE;
  Map<String, @Nullable Object> settings;
  Map<String, @Nullable Object> metadata;
  List<String> tags;
  boolean pinned;
  @Nullable Instant expiresAt;
  Instant updatedAt;
  Instant lastMessageAt;
  final Map<String, Instant> written = new HashMap<>();

  ModelConversation(
      String id, long epoch, long generation, UUID createdBy, Instant at, NewConversation header) {
    this.id = id;
    this.epoch = epoch;
    this.generation = generation;
    this.createdBy = createdBy;
    this.createdAt = at;
    this.updatedAt = at;
    this.lastMessageAt = at;
    this.title = header.title();
    this.settings = header.settings();
    this.metadata = header.metadata();
    this.tags = header.tags();
    this.pinned = header.pinned();
    this.expiresAt = header.expiresAt();
  }

  private ModelConversation(ModelConversation from) {
    this.id = from.id;
    this.epoch = from.epoch;
    this.generation = from.generation;
    this.createdBy = from.createdBy;
    this.createdAt = from.createdAt;
    this.version = from.version;
    this.deleted = from.deleted;
    this.title = from.title;
    this.status = from.status;
    this.settings = from.settings;
    this.metadata = from.metadata;
    this.tags = from.tags;
    this.pinned = from.pinned;
    this.expiresAt = from.expiresAt;
    this.updatedAt = from.updatedAt;
    this.lastMessageAt = from.lastMessageAt;
    this.messages.addAll(from.messages);
    this.written.putAll(from.written);
  }

  ModelConversation copy() {
    return new ModelConversation(this);
  }

  /** Writes the fields of the update; a replay only overwrites older values. */
  void update(ConversationUpdate update, Instant at, boolean replay) {
    String newTitle = update.title();
    if (newTitle != null && wins(Fields.TITLE, at, replay)) {
      title = newTitle;
    }
    ConversationStatus newStatus = update.status();
    if (newStatus != null && wins(Fields.STATUS, at, replay)) {
      status = newStatus;
    }
    Map<String, @Nullable Object> newSettings = update.settings();
    if (newSettings != null && wins(Fields.SETTINGS, at, replay)) {
      settings = newSettings;
    }
    Map<String, @Nullable Object> newMetadata = update.metadata();
    if (newMetadata != null && wins(Fields.METADATA, at, replay)) {
      metadata = newMetadata;
    }
    List<String> newTags = update.tags();
    if (newTags != null && wins(Fields.TAGS, at, replay)) {
      tags = newTags;
    }
    Boolean newPinned = update.pinned();
    if (newPinned != null && wins(Fields.PINNED, at, replay)) {
      pinned = newPinned;
    }
    if ((update.clearExpiry() || update.expiresAt() != null)
        && wins(Fields.EXPIRES_AT, at, replay)) {
      expiresAt = update.expiresAt();
    }
    use(at);
  }

  private boolean wins(String field, Instant at, boolean replay) {
    Instant before = written.getOrDefault(field, createdAt);
    if (replay && !at.isAfter(before)) {
      return false;
    }
    written.put(field, later(before, at));
    return true;
  }

  /** Appends a message whose id is new here. */
  void append(NewMessage message, Instant at) {
    Instant given = message.createdAt();
    Instant time = given != null ? given : later(lastMessageAt, at);
    long seq = messages.size() + 1L;
    messages.add(
        new ModelMessage(
            message.id(),
            seq,
            message.digest(),
            1,
            new StoredMessage(id, message.id(), seq, time, null, message.message())));
    lastMessageAt = later(lastMessageAt, time);
    use(at);
  }

  /** Edits a live message; false if a replayed edit is older than the content. */
  boolean edit(ModelMessage message, MessageEdit edit, Instant at, boolean replay) {
    StoredMessage before = message.live();
    Instant lastEdit = before.editedAt();
    if (replay && lastEdit != null && !at.isAfter(lastEdit)) {
      return false;
    }
    put(
        message.with(
            new StoredMessage(
                id,
                message.id(),
                message.seq(),
                before.createdAt(),
                lastEdit == null ? at : later(lastEdit, at),
                before.message().withContent(edit.content()))));
    use(at);
    return true;
  }

  void deleteMessage(ModelMessage message) {
    put(message.with(null));
    version++;
  }

  void delete() {
    messages.replaceAll(message -> message.isLive() ? message.with(null) : message);
    deleted = true;
    version++;
  }

  @Nullable ModelMessage message(UUID messageId) {
    for (ModelMessage message : messages) {
      if (message.id().equals(messageId)) {
        return message;
      }
    }
    return null;
  }

  List<ModelMessage> liveMessages() {
    return messages.stream().filter(ModelMessage::isLive).toList();
  }

  ConversationState state(Owner owner) {
    return new ConversationState(
        owner, id, epoch, generation, version, deleted ? null : live(), messages.size(), createdBy);
  }

  /**
   * NullAway is off here because javac omits the type annotations of a compact constructor's
   * parameters from the class file.
   */
  @SuppressWarnings("NullAway")
  private Live live() {
    TokenUsage usage = TokenUsage.NONE;
    long count = 0;
    for (ModelMessage message : liveMessages()) {
      count++;
      TokenUsage used = message.live().message().usage();
      usage = used == null ? usage : usage.plus(used);
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
        expiresAt,
        count,
        usage,
        lastMessageAt,
        written);
  }

  private void put(ModelMessage message) {
    messages.set(Math.toIntExact(message.seq() - 1), message);
  }

  private void use(Instant at) {
    updatedAt = later(updatedAt, at);
    version++;
  }

  private static Instant later(Instant a, Instant b) {
    return a.isBefore(b) ? b : a;
  }
}
