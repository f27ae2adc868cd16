package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * An owner's latest choices.
 *
 * @param activeConversation the id of a conversation; null also if it was deleted since
 * @param selectedModel up to 255 characters
 */
public record Preferences(@Nullable String activeConversation, @Nullable String selectedModel) {

  public static final Preferences NONE = new Preferences(null, null);
}
