package io.conversationstore.spi;

import io.conversationstore.ConversationQuery;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The conditions of a {@link ConversationQuery}, without its cursor. Immutable. */
public final class ConversationFilter {

  private final ConversationQuery query;
  private final @Nullable String title;

  public ConversationFilter(ConversationQuery query) {
    this.query = query;
    this.title = query.titleContains() == null ? null : SearchTokens.fold(query.titleContains());
  }

  /** Whether a conversation is live and all conditions hold. */
  public boolean matches(ConversationState conversation) {
    Live live = conversation.live();
    return live != null
        && (query.status() == null || query.status() == live.status())
        && (query.tag() == null || live.tags().contains(query.tag()))
        && (query.pinned() == null || query.pinned() == live.pinned())
        && isWithin(live.updatedAt(), query.updatedFrom(), query.updatedBefore())
        && isWithin(live.createdAt(), query.createdFrom(), query.createdBefore())
        && holdsMetadata(live.metadata())
        && matchesTitle(conversation);
  }

  /** Whether the condition on the title, if there is one, holds for a live conversation. */
  public boolean matchesTitle(ConversationState conversation) {
    return title == null || SearchTokens.fold(conversation.requireLive().title()).contains(title);
  }

  private boolean holdsMetadata(Map<String, @Nullable Object> metadata) {
    return query.metadata().entrySet().stream()
        .allMatch(
            entry ->
                entry.getValue() != null && entry.getValue().equals(metadata.get(entry.getKey())));
  }

  private static boolean isWithin(Instant time, @Nullable Instant from, @Nullable Instant before) {
    return (from == null || !time.isBefore(from)) && (before == null || time.isBefore(before));
  }
}
