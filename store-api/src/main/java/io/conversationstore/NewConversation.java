package io.conversationstore;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A conversation to create. Immutable; the {@code with…} methods return a changed copy. See {@link
 * Message} for the canonical form of JSON objects.
 */
public final class NewConversation {

  /** The longest title, in characters (UTF-16 code units). */
  public static final int MAX_TITLE_LENGTH = 500;

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(
      @Nullable String id,
      String title,
      Map<String, @Nullable Object> settings,
      Map<String, @Nullable Object> metadata,
      List<String> tags,
      boolean pinned,
      @Nullable Instant expiresAt) {}

  private NewConversation(Fields fields) {
    this.fields = fields;
  }

  /**
   * A conversation with a title; the store chooses the id.
   *
   * @param title up to 500 characters; may be empty
   */
  public static NewConversation titled(String title) {
    return new NewConversation(
        new Fields(null, requireTitle(title), Map.of(), Map.of(), List.of(), false, null));
  }

  /**
   * A conversation with an id chosen by the caller, without a title.
   *
   * @param id 1 to 255 characters, unique within the owner
   */
  public static NewConversation ofId(String id) {
    return titled("").withId(id);
  }

  /** The id, unique within the owner; null for a UUIDv7 that the store chooses. */
  public @Nullable String id() {
    return fields.id;
  }

  /** The title; may be empty. */
  public String title() {
    return fields.title;
  }

  /** Any JSON object. */
  public Map<String, @Nullable Object> settings() {
    return fields.settings;
  }

  /** Any JSON object. */
  public Map<String, @Nullable Object> metadata() {
    return fields.metadata;
  }

  /** The tags, sorted and without duplicates. */
  public List<String> tags() {
    return fields.tags;
  }

  /** Whether the conversation is exempt from retention. */
  public boolean pinned() {
    return fields.pinned;
  }

  /** When retention may remove it; null to keep it. */
  public @Nullable Instant expiresAt() {
    return fields.expiresAt;
  }

  /**
   * Sets the id, unique within the owner; null for a UUIDv7 that the store chooses.
   *
   * @param value 1 to 255 characters
   */
  public NewConversation withId(@Nullable String value) {
    return new NewConversation(
        new Fields(
            value == null ? null : Canonical.requireIdentifier("conversation id", value),
            fields.title,
            fields.settings,
            fields.metadata,
            fields.tags,
            fields.pinned,
            fields.expiresAt));
  }

  /**
   * Sets the title.
   *
   * @param value up to 500 characters; may be empty
   */
  public NewConversation withTitle(String value) {
    return new NewConversation(
        new Fields(
            fields.id,
            requireTitle(value),
            fields.settings,
            fields.metadata,
            fields.tags,
            fields.pinned,
            fields.expiresAt));
  }

  /** Sets any JSON object. */
  public NewConversation withSettings(Map<String, ? extends @Nullable Object> value) {
    return new NewConversation(
        new Fields(
            fields.id,
            fields.title,
            Canonical.object("settings", value),
            fields.metadata,
            fields.tags,
            fields.pinned,
            fields.expiresAt));
  }

  /** Sets any JSON object. */
  public NewConversation withMetadata(Map<String, ? extends @Nullable Object> value) {
    return new NewConversation(
        new Fields(
            fields.id,
            fields.title,
            fields.settings,
            Canonical.object("metadata", value),
            fields.tags,
            fields.pinned,
            fields.expiresAt));
  }

  /**
   * Replaces the tags.
   *
   * @param value each 1 to 255 characters
   */
  public NewConversation withTags(Collection<String> value) {
    return new NewConversation(
        new Fields(
            fields.id,
            fields.title,
            fields.settings,
            fields.metadata,
            requireTags(value),
            fields.pinned,
            fields.expiresAt));
  }

  /** Sets whether the conversation is exempt from retention. */
  public NewConversation withPinned(boolean value) {
    return new NewConversation(
        new Fields(
            fields.id,
            fields.title,
            fields.settings,
            fields.metadata,
            fields.tags,
            value,
            fields.expiresAt));
  }

  /** Sets when retention may remove it; null to keep it. */
  public NewConversation withExpiresAt(@Nullable Instant value) {
    return new NewConversation(
        new Fields(
            fields.id,
            fields.title,
            fields.settings,
            fields.metadata,
            fields.tags,
            fields.pinned,
            value == null ? null : Canonical.time("expiresAt", value)));
  }

  /**
   * Replaces the tags.
   *
   * @param value each 1 to 255 characters
   */
  public NewConversation withTags(String... value) {
    return withTags(List.of(value));
  }

  static String requireTitle(String title) {
    return Canonical.requireClean("title", title, MAX_TITLE_LENGTH);
  }

  static List<String> requireTags(Collection<String> tags) {
    tags.forEach(tag -> Canonical.requireName("tag", tag));
    return List.copyOf(new TreeSet<>(tags));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof NewConversation that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  /** Names the conversation without its content. */
  @Override
  public String toString() {
    return "NewConversation[" + fields.id + "]";
  }
}
