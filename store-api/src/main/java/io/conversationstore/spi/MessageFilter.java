package io.conversationstore.spi;

import io.conversationstore.Message;
import io.conversationstore.Role;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages that {@link StoreEngine#search} looks for. Immutable; {@code toString} shows no
 * content.
 */
public sealed interface MessageFilter {

  /** Only in this conversation, or null for all of the owner's. */
  @Nullable String conversationId();

  /** Whether a message matches, regardless of its conversation. */
  boolean matches(Message message);

  /**
   * Messages that contain all these words.
   *
   * @param tokens words returned by {@link SearchTokens#ofQuery}; at least one
   * @param role only messages of this role, or null for all
   */
  record Words(Set<String> tokens, @Nullable String conversationId, @Nullable Role role)
      implements MessageFilter {

    public Words {
      tokens = Set.copyOf(tokens);
      if (tokens.isEmpty()) {
        throw new IllegalArgumentException("a search needs at least one letter or digit");
      }
    }

    @Override
    public boolean matches(Message message) {
      return (role == null || role == message.role()) && SearchTokens.holdsAll(message, tokens);
    }

    @Override
    public String toString() {
      return "Words[" + tokens.size() + " in " + conversationId + "]";
    }
  }

  /** Messages that call the tool with this name. */
  record Tool(String name, @Nullable String conversationId) implements MessageFilter {
    @Override
    public boolean matches(Message message) {
      return message.toolCalls().stream().anyMatch(call -> call.name().equals(name));
    }
  }
}
