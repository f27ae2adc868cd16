package io.conversationstore;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A conversation to create.
 *
 * @param id 1 to 255 characters chosen by the caller, unique within the owner; null for a UUIDv7
 * @param title up to 500 characters; may be empty
 * @param settings any JSON object, see {@link Message} for its canonical form
 * @param metadata any JSON object
 * @param tags sorted, without duplicates; each 1 to 255 characters
 * @param pinned exempt from retention
 * @param expiresAt when it may be removed by retention, or null to keep it
 */
public record NewConversation(
    @Nullable String id,
    String title,
    Map<String, @Nullable Object> settings,
    Map<String, @Nullable Object> metadata,
    List<String> tags,
    boolean pinned,
    @Nullable Instant expiresAt) {

  /** The longest title, in characters (UTF-16 code units). */
  public static final int MAX_TITLE_LENGTH = 500;

  public NewConversation {
    if (id != null) {
      Canonical.requireIdentifier("conversation id", id);
    }
    title = requireTitle(title);
    settings = Canonical.object("settings", settings);
    metadata = Canonical.object("metadata", metadata);
    tags = requireTags(tags);
    expiresAt = expiresAt == null ? null : Canonical.time("expiresAt", expiresAt);
  }

  public static NewConversation titled(String title) {
    return new NewConversation(null, title, Map.of(), Map.of(), List.of(), false, null);
  }

  /** A conversation with an id chosen by the caller, without a title. */
  public static NewConversation withId(String id) {
    return titled("").id(id);
  }

  public NewConversation id(@Nullable String newId) {
    return new NewConversation(newId, title, settings, metadata, tags, pinned, expiresAt);
  }

  public NewConversation title(String newTitle) {
    return new NewConversation(id, newTitle, settings, metadata, tags, pinned, expiresAt);
  }

  public NewConversation settings(Map<String, @Nullable Object> newSettings) {
    return new NewConversation(id, title, newSettings, metadata, tags, pinned, expiresAt);
  }

  public NewConversation metadata(Map<String, @Nullable Object> newMetadata) {
    return new NewConversation(id, title, settings, newMetadata, tags, pinned, expiresAt);
  }

  public NewConversation tags(String... newTags) {
    return new NewConversation(id, title, settings, metadata, List.of(newTags), pinned, expiresAt);
  }

  public NewConversation pinned(boolean newPinned) {
    return new NewConversation(id, title, settings, metadata, tags, newPinned, expiresAt);
  }

  public NewConversation expiresAt(@Nullable Instant newExpiresAt) {
    return new NewConversation(id, title, settings, metadata, tags, pinned, newExpiresAt);
  }

  static String requireTitle(String title) {
    return Canonical.requireClean("title", title, MAX_TITLE_LENGTH);
  }

  static List<String> requireTags(Collection<String> tags) {
    tags.forEach(tag -> Canonical.requireName("tag", tag));
    return List.copyOf(new TreeSet<>(tags));
  }

  @Override
  public String toString() {
    return "NewConversation[" + id + "]";
  }
}
