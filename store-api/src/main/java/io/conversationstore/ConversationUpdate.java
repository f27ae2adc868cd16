package io.conversationstore;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Changes to a conversation; a null field keeps its value. Metadata, settings and tags are replaced
 * as a whole, each as one field. An empty update is a touch: it moves {@link
 * Conversation#updatedAt()}.
 *
 * @param expiresAt a new time; ignored if {@code clearExpiry} is set
 * @param clearExpiry whether to keep the conversation permanently
 */
public record ConversationUpdate(
    @Nullable String title,
    @Nullable ConversationStatus status,
    @Nullable Map<String, @Nullable Object> settings,
    @Nullable Map<String, @Nullable Object> metadata,
    @Nullable List<String> tags,
    @Nullable Boolean pinned,
    @Nullable Instant expiresAt,
    boolean clearExpiry) {

  private static final ConversationUpdate TOUCH =
      new ConversationUpdate(null, null, null, null, null, null, null, false);

  public ConversationUpdate {
    title = title == null ? null : NewConversation.requireTitle(title);
    settings = settings == null ? null : Canonical.object("settings", settings);
    metadata = metadata == null ? null : Canonical.object("metadata", metadata);
    tags = tags == null ? null : NewConversation.requireTags(tags);
    expiresAt = clearExpiry || expiresAt == null ? null : Canonical.time("expiresAt", expiresAt);
  }

  /** Changes nothing but the time of last use. */
  public static ConversationUpdate touch() {
    return TOUCH;
  }

  public ConversationUpdate title(String newTitle) {
    return new ConversationUpdate(
        newTitle, status, settings, metadata, tags, pinned, expiresAt, clearExpiry);
  }

  public ConversationUpdate status(ConversationStatus newStatus) {
    return new ConversationUpdate(
        title, newStatus, settings, metadata, tags, pinned, expiresAt, clearExpiry);
  }

  public ConversationUpdate settings(Map<String, @Nullable Object> newSettings) {
    return new ConversationUpdate(
        title, status, newSettings, metadata, tags, pinned, expiresAt, clearExpiry);
  }

  public ConversationUpdate metadata(Map<String, @Nullable Object> newMetadata) {
    return new ConversationUpdate(
        title, status, settings, newMetadata, tags, pinned, expiresAt, clearExpiry);
  }

  public ConversationUpdate tags(Collection<String> newTags) {
    return new ConversationUpdate(
        title, status, settings, metadata, List.copyOf(newTags), pinned, expiresAt, clearExpiry);
  }

  public ConversationUpdate pinned(boolean newPinned) {
    return new ConversationUpdate(
        title, status, settings, metadata, tags, newPinned, expiresAt, clearExpiry);
  }

  public ConversationUpdate expiresAt(Instant newExpiresAt) {
    return new ConversationUpdate(
        title, status, settings, metadata, tags, pinned, newExpiresAt, false);
  }

  /** Keeps the conversation permanently. */
  public ConversationUpdate neverExpires() {
    return new ConversationUpdate(title, status, settings, metadata, tags, pinned, null, true);
  }

  /** Leaves out the content. */
  @Override
  public String toString() {
    return "ConversationUpdate";
  }
}
