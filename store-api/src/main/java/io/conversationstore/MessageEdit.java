package io.conversationstore;

import java.util.List;

/**
 * A replacement of a message's content. Role, tool calls, usage and metadata stay.
 *
 * @param content the new parts
 */
public record MessageEdit(List<ContentPart> content) {

  public MessageEdit {
    content = List.copyOf(content);
  }

  public static MessageEdit text(String text) {
    return new MessageEdit(List.of(new ContentPart.Text(text)));
  }
}
