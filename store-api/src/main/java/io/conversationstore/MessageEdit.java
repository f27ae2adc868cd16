package io.conversationstore;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A replacement of a message's content. Role, tool calls, usage and metadata stay. Immutable; the
 * {@code with…} methods return a changed copy.
 */
public final class MessageEdit {

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(List<ContentPart> content) {}

  private MessageEdit(Fields fields) {
    this.fields = fields;
  }

  /** Replaces the content with these parts. */
  public static MessageEdit of(List<ContentPart> content) {
    return new MessageEdit(new Fields(List.copyOf(content)));
  }

  /** Replaces the content with plain text. */
  public static MessageEdit text(String text) {
    return of(List.of(new ContentPart.Text(text)));
  }

  /** The new parts. */
  public List<ContentPart> content() {
    return fields.content;
  }

  /** Sets the new parts. */
  public MessageEdit withContent(List<ContentPart> value) {
    return new MessageEdit(new Fields(List.copyOf(value)));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof MessageEdit that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  /** Leaves out the content. */
  @Override
  public String toString() {
    return "MessageEdit[" + fields.content.size() + " parts]";
  }
}
