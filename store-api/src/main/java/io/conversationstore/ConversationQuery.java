package io.conversationstore;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which of an owner's conversations to list, most recently used first (by {@link
 * Conversation#updatedAt()} descending, then id ascending by Unicode code point). All conditions
 * must hold.
 *
 * <pre>{@code
 * store.list(alice, ConversationQuery.all().withMetadata("ticket", 4711));
 * store.list(alice, ConversationQuery.all().withTitleContaining("coffee").withUpdatedFrom(monday));
 * }</pre>
 *
 * <p>A list reads the owner's conversations in this order until the page is full: a condition that
 * few of them meet costs as much as reading all of them. No store has an index of titles or
 * metadata.
 *
 * <p>Immutable; the {@code with…} methods return a changed copy.
 */
public final class ConversationQuery {

  /** The default number of conversations per page. */
  public static final int DEFAULT_LIMIT = 50;

  private static final class Values {
    private @Nullable ConversationStatus status;
    private @Nullable String tag;
    private @Nullable Boolean pinned;
    private Map<String, @Nullable Object> metadata = Map.of();
    private @Nullable String titleContains;
    private @Nullable Instant updatedFrom;
    private @Nullable Instant updatedBefore;
    private @Nullable Instant createdFrom;
    private @Nullable Instant createdBefore;
    private @Nullable Cursor cursor;
    private int limit = DEFAULT_LIMIT;

    private Values() {}

    private Values(Values other) {
      status = other.status;
      tag = other.tag;
      pinned = other.pinned;
      metadata = other.metadata;
      titleContains = other.titleContains;
      updatedFrom = other.updatedFrom;
      updatedBefore = other.updatedBefore;
      createdFrom = other.createdFrom;
      createdBefore = other.createdBefore;
      cursor = other.cursor;
      limit = other.limit;
    }

    private List<@Nullable Object> all() {
      return Arrays.asList(
          status,
          tag,
          pinned,
          metadata,
          titleContains,
          updatedFrom,
          updatedBefore,
          createdFrom,
          createdBefore,
          cursor,
          limit);
    }
  }

  private final Values values;

  private ConversationQuery(Values values) {
    this.values = values;
  }

  /** All conversations, 50 per page. */
  public static ConversationQuery all() {
    return new ConversationQuery(new Values());
  }

  /** Only conversations with this status; null for all. */
  public ConversationQuery withStatus(@Nullable ConversationStatus status) {
    Values next = new Values(values);
    next.status = status;
    return new ConversationQuery(next);
  }

  /** Only conversations with this tag; null for all. No U+0000 and no lone surrogate. */
  public ConversationQuery withTag(@Nullable String tag) {
    if (tag != null) {
      Canonical.requireClean("tag", tag, Integer.MAX_VALUE);
    }
    Values next = new Values(values);
    next.tag = tag;
    return new ConversationQuery(next);
  }

  /** Only the pinned conversations or only the others; null for all. */
  public ConversationQuery withPinned(@Nullable Boolean pinned) {
    Values next = new Values(values);
    next.pinned = pinned;
    return new ConversationQuery(next);
  }

  /**
   * Only conversations whose metadata has this value under this key at the top level. Numbers are
   * equal if their values are (1 and 1.0); a string equals no number. Calls with several keys add
   * up, a second call with the same key replaces the first.
   *
   * @param value a {@link String}, a {@link Number} or a {@link Boolean}
   * @throws IllegalArgumentException for any other value
   */
  public ConversationQuery withMetadata(String key, Object value) {
    if (!(value instanceof CharSequence || value instanceof Number || value instanceof Boolean)) {
      throw new IllegalArgumentException(
          "a list is filtered by metadata that is a string, a number or a boolean, but the value"
              + " given is a "
              + value.getClass().getName());
    }
    Map<String, @Nullable Object> more = new TreeMap<>(values.metadata);
    more.putAll(Canonical.object("metadata", Map.of(key, value)));
    Values next = new Values(values);
    next.metadata = Collections.unmodifiableMap(more);
    return new ConversationQuery(next);
  }

  /**
   * Only conversations whose title contains this text; null for all. Case and equivalent forms of
   * characters make no difference: both are folded like the words of a search ({@code
   * docs/search.md}). Blanks and punctuation count.
   *
   * @param text up to 500 characters
   */
  public ConversationQuery withTitleContaining(@Nullable String text) {
    Values next = new Values(values);
    next.titleContains = text == null ? null : NewConversation.requireTitle(text);
    return new ConversationQuery(next);
  }

  /** Only conversations last used at this time or later; null for all. */
  public ConversationQuery withUpdatedFrom(@Nullable Instant time) {
    Values next = new Values(values);
    next.updatedFrom = time("updatedFrom", time);
    return new ConversationQuery(next);
  }

  /** Only conversations last used before this time; null for all. */
  public ConversationQuery withUpdatedBefore(@Nullable Instant time) {
    Values next = new Values(values);
    next.updatedBefore = time("updatedBefore", time);
    return new ConversationQuery(next);
  }

  /** Only conversations created at this time or later; null for all. */
  public ConversationQuery withCreatedFrom(@Nullable Instant time) {
    Values next = new Values(values);
    next.createdFrom = time("createdFrom", time);
    return new ConversationQuery(next);
  }

  /** Only conversations created before this time; null for all. */
  public ConversationQuery withCreatedBefore(@Nullable Instant time) {
    Values next = new Values(values);
    next.createdBefore = time("createdBefore", time);
    return new ConversationQuery(next);
  }

  /**
   * Continues after the page that has this {@link Page#cursor()}; null begins at the first page.
   */
  public ConversationQuery withCursor(@Nullable Cursor cursor) {
    Values next = new Values(values);
    next.cursor = cursor;
    return new ConversationQuery(next);
  }

  /** At most this many conversations per page: 1 to 1,000. */
  public ConversationQuery withLimit(int limit) {
    Page.requireLimit(limit);
    Values next = new Values(values);
    next.limit = limit;
    return new ConversationQuery(next);
  }

  public @Nullable ConversationStatus status() {
    return values.status;
  }

  public @Nullable String tag() {
    return values.tag;
  }

  public @Nullable Boolean pinned() {
    return values.pinned;
  }

  /** The required keys of the metadata with their values, in canonical form; empty for none. */
  public Map<String, @Nullable Object> metadata() {
    return values.metadata;
  }

  public @Nullable String titleContains() {
    return values.titleContains;
  }

  /** With microseconds, as are the times of conversations. */
  public @Nullable Instant updatedFrom() {
    return values.updatedFrom;
  }

  public @Nullable Instant updatedBefore() {
    return values.updatedBefore;
  }

  public @Nullable Instant createdFrom() {
    return values.createdFrom;
  }

  public @Nullable Instant createdBefore() {
    return values.createdBefore;
  }

  public @Nullable Cursor cursor() {
    return values.cursor;
  }

  public int limit() {
    return values.limit;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ConversationQuery that && values.all().equals(that.values.all());
  }

  @Override
  public int hashCode() {
    return values.all().hashCode();
  }

  /** Names the conditions without the title and the metadata, which are content. */
  @Override
  public String toString() {
    return "ConversationQuery[status="
        + values.status
        + ", tag="
        + values.tag
        + ", pinned="
        + values.pinned
        + ", "
        + values.metadata.size()
        + " keys of metadata, title="
        + (values.titleContains != null)
        + ", updated="
        + values.updatedFrom
        + "/"
        + values.updatedBefore
        + ", created="
        + values.createdFrom
        + "/"
        + values.createdBefore
        + ", cursor="
        + values.cursor
        + ", limit="
        + values.limit
        + "]";
  }

  /** Rounds up: a stored time, in microseconds, is before a time if it is before the next one. */
  private static @Nullable Instant time(String what, @Nullable Instant time) {
    if (time == null) {
      return null;
    }
    Instant micros = Canonical.time(what, time);
    return micros.equals(time) ? micros : micros.plus(1, ChronoUnit.MICROS);
  }
}
