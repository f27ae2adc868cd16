package io.conversationstore;

import org.jspecify.annotations.Nullable;

/**
 * Preferences to change; a field that is not set stays. Immutable; the {@code with…} methods return
 * a changed copy.
 */
public final class PreferencesUpdate {

  private static final PreferencesUpdate NONE =
      new PreferencesUpdate(new Fields(false, null, false, null));

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(
      boolean setsActiveConversation,
      @Nullable String activeConversation,
      boolean setsSelectedModel,
      @Nullable String selectedModel) {}

  private PreferencesUpdate(Fields fields) {
    this.fields = fields;
  }

  /** Changes nothing. */
  public static PreferencesUpdate none() {
    return NONE;
  }

  /** Whether to write {@link #activeConversation()}; null clears it. */
  public boolean setsActiveConversation() {
    return fields.setsActiveConversation;
  }

  /** The new active conversation. */
  public @Nullable String activeConversation() {
    return fields.activeConversation;
  }

  /** Whether to write {@link #selectedModel()}; null clears it. */
  public boolean setsSelectedModel() {
    return fields.setsSelectedModel;
  }

  /** The new selected model. */
  public @Nullable String selectedModel() {
    return fields.selectedModel;
  }

  /**
   * Sets the active conversation, which must exist, or clears it.
   *
   * @param conversationId 1 to 255 characters; null clears it
   */
  public PreferencesUpdate withActiveConversation(@Nullable String conversationId) {
    if (conversationId != null) {
      Canonical.requireIdentifier("activeConversation", conversationId);
    }
    return new PreferencesUpdate(
        new Fields(true, conversationId, fields.setsSelectedModel, fields.selectedModel));
  }

  /**
   * Sets or clears the selected model.
   *
   * @param model 1 to 255 characters; null clears it
   */
  public PreferencesUpdate withSelectedModel(@Nullable String model) {
    if (model != null) {
      Canonical.requireName("selectedModel", model);
    }
    return new PreferencesUpdate(
        new Fields(fields.setsActiveConversation, fields.activeConversation, true, model));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PreferencesUpdate that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  @Override
  public String toString() {
    return "PreferencesUpdate" + fields.toString().substring("Fields".length());
  }
}
