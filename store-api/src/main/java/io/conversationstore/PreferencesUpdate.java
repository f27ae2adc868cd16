package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * Preferences to change; a field that is not set stays.
 *
 * @param setsActiveConversation whether to write {@code activeConversation}; null clears it
 * @param setsSelectedModel whether to write {@code selectedModel}; null clears it
 */
public record PreferencesUpdate(
    boolean setsActiveConversation,
    @Nullable String activeConversation,
    boolean setsSelectedModel,
    @Nullable String selectedModel) {

  public PreferencesUpdate {
    if (activeConversation != null) {
      Canonical.requireIdentifier("activeConversation", activeConversation);
    }
    if (selectedModel != null) {
      Canonical.requireName("selectedModel", selectedModel);
    }
  }

  public static PreferencesUpdate none() {
    return new PreferencesUpdate(false, null, false, null);
  }

  /** Sets the active conversation, which must exist, or clears it. */
  public PreferencesUpdate activeConversation(@Nullable String conversationId) {
    return new PreferencesUpdate(true, conversationId, setsSelectedModel, selectedModel);
  }

  /** Sets or clears the selected model. */
  public PreferencesUpdate selectedModel(@Nullable String model) {
    return new PreferencesUpdate(setsActiveConversation, activeConversation, true, model);
  }
}
