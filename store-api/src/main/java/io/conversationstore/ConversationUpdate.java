package io.conversationstore;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Changes to a conversation; a null field keeps its value. Metadata, settings and tags are replaced
 * as a whole, each as one field. An empty update is a touch: it moves {@link
 * Conversation#updatedAt()}. Immutable; the {@code with…} methods return a changed copy.
 */
public final class ConversationUpdate {

  private static final ConversationUpdate TOUCH =
      new ConversationUpdate(new Fields(null, null, null, null, null, null, null, false));

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(
      @Nullable String title,
      @Nullable ConversationStatus status,
      @Nullable Map<String, @Nullable Object> settings,
      @Nullable Map<String, @Nullable Object> metadata,
      @Nullable List<String> tags,
      @Nullable Boolean pinned,
      @Nullable Instant expiresAt,
      boolean clearExpiry) {}

  private ConversationUpdate(Fields fields) {
    this.fields = fields;
  }

  /** Changes nothing but the time of last use. */
  public static ConversationUpdate touch() {
    return TOUCH;
  }

  /** The new title. */
  public @Nullable String title() {
    return fields.title;
  }

  /** The new status. */
  public @Nullable ConversationStatus status() {
    return fields.status;
  }

  /** The new settings. */
  public @Nullable Map<String, @Nullable Object> settings() {
    return fields.settings;
  }

  /** The new metadata. */
  public @Nullable Map<String, @Nullable Object> metadata() {
    return fields.metadata;
  }

  /** The new tags, sorted and without duplicates. */
  public @Nullable List<String> tags() {
    return fields.tags;
  }

  /** Whether the conversation becomes exempt from retention. */
  public @Nullable Boolean pinned() {
    return fields.pinned;
  }

  /** When retention may remove it. */
  public @Nullable Instant expiresAt() {
    return fields.expiresAt;
  }

  /** Whether the conversation is kept permanently from now on. */
  public boolean clearExpiry() {
    return fields.clearExpiry;
  }

  /**
   * Sets the title; null keeps it.
   *
   * @param value up to 500 characters; may be empty
   */
  public ConversationUpdate withTitle(@Nullable String value) {
    return new ConversationUpdate(
        new Fields(
            value == null ? null : NewConversation.requireTitle(value),
            fields.status,
            fields.settings,
            fields.metadata,
            fields.tags,
            fields.pinned,
            fields.expiresAt,
            fields.clearExpiry));
  }

  /** Sets the status; null keeps it. */
  public ConversationUpdate withStatus(@Nullable ConversationStatus value) {
    return new ConversationUpdate(
        new Fields(
            fields.title,
            value,
            fields.settings,
            fields.metadata,
            fields.tags,
            fields.pinned,
            fields.expiresAt,
            fields.clearExpiry));
  }

  /** Replaces the settings; null keeps them. */
  public ConversationUpdate withSettings(@Nullable Map<String, ? extends @Nullable Object> value) {
    return new ConversationUpdate(
        new Fields(
            fields.title,
            fields.status,
            value == null ? null : Canonical.object("settings", value),
            fields.metadata,
            fields.tags,
            fields.pinned,
            fields.expiresAt,
            fields.clearExpiry));
  }

  /** Replaces the metadata; null keeps it. */
  public ConversationUpdate withMetadata(@Nullable Map<String, ? extends @Nullable Object> value) {
    return new ConversationUpdate(
        new Fields(
            fields.title,
            fields.status,
            fields.settings,
            value == null ? null : Canonical.object("metadata", value),
            fields.tags,
            fields.pinned,
            fields.expiresAt,
            fields.clearExpiry));
  }

  /**
   * Replaces the tags; null keeps them.
   *
   * @param value each 1 to 255 characters
   */
  public ConversationUpdate withTags(@Nullable Collection<String> value) {
    return new ConversationUpdate(
        new Fields(
            fields.title,
            fields.status,
            fields.settings,
            fields.metadata,
            value == null ? null : NewConversation.requireTags(value),
            fields.pinned,
            fields.expiresAt,
            fields.clearExpiry));
  }

  /** Sets whether the conversation is exempt from retention; null keeps this. */
  public ConversationUpdate withPinned(@Nullable Boolean value) {
    return new ConversationUpdate(
        new Fields(
            fields.title,
            fields.status,
            fields.settings,
            fields.metadata,
            fields.tags,
            value,
            fields.expiresAt,
            fields.clearExpiry));
  }

  /**
   * Replaces the tags.
   *
   * @param value each 1 to 255 characters
   */
  public ConversationUpdate withTags(String... value) {
    return withTags(List.of(value));
  }

  /** Sets when retention may remove it; null keeps the time of before. */
  public ConversationUpdate withExpiresAt(@Nullable Instant value) {
    return withExpiry(value == null ? null : Canonical.time("expiresAt", value), false);
  }

  /** Keeps the conversation permanently. */
  public ConversationUpdate withoutExpiry() {
    return withExpiry(null, true);
  }

  private ConversationUpdate withExpiry(@Nullable Instant expiresAt, boolean clear) {
    return new ConversationUpdate(
        new Fields(
            fields.title,
            fields.status,
            fields.settings,
            fields.metadata,
            fields.tags,
            fields.pinned,
            expiresAt,
            clear));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ConversationUpdate that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  /** Leaves out the content. */
  @Override
  public String toString() {
    return "ConversationUpdate";
  }
}
