package io.conversationstore;

import io.conversationstore.internal.Forks;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A conversation without its messages. Equality ignores the source of the answer ({@link
 * #provenance()}).
 *
 * @param id unique within the owner
 * @param generation 1 at first, one more each time the id is created again after a delete; 0 while
 *     the conversation is pending and its generation is not known yet
 * @param settings see {@link NewConversation}
 * @param createdAt when this generation was created
 * @param updatedAt when it was last appended to, changed or touched
 * @param expiresAt when retention may remove it, or null
 * @param messageCount messages that are not deleted, pending ones included
 * @param usage the token usage of these messages, added up
 */
public record Conversation(
    Owner owner,
    String id,
    long generation,
    String title,
    ConversationStatus status,
    Map<String, @Nullable Object> settings,
    Map<String, @Nullable Object> metadata,
    List<String> tags,
    boolean pinned,
    Instant createdAt,
    Instant updatedAt,
    @Nullable Instant expiresAt,
    long messageCount,
    TokenUsage usage,
    Provenance provenance) {

  /** The key of the metadata under which a fork keeps where it comes from. */
  public static final String FORKED_FROM = "forked_from";

  /**
   * Where this conversation left another one, if it began as a fork ({@link
   * ConversationStore#fork}) and its metadata still says so.
   */
  public Optional<ForkOrigin> forkedFrom() {
    return Forks.origin(metadata);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Conversation that
        && owner.equals(that.owner)
        && id.equals(that.id)
        && generation == that.generation
        && title.equals(that.title)
        && status == that.status
        && settings.equals(that.settings)
        && metadata.equals(that.metadata)
        && tags.equals(that.tags)
        && pinned == that.pinned
        && createdAt.equals(that.createdAt)
        && updatedAt.equals(that.updatedAt)
        && Objects.equals(expiresAt, that.expiresAt)
        && messageCount == that.messageCount
        && usage.equals(that.usage);
  }

  @Override
  public int hashCode() {
    return Objects.hash(owner, id, generation, updatedAt, messageCount);
  }

  /** Names the conversation; title and metadata are content and are left out. */
  @Override
  public String toString() {
    return "Conversation[" + owner + "/" + id + ", " + messageCount + " messages]";
  }
}
