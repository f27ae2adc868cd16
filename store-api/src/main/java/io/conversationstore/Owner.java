package io.conversationstore;

/**
 * The owner of conversations: one user within one tenant. The same user in two tenants is two
 * owners with two separate histories.
 *
 * <p>The calls of a {@link ConversationStore} are scoped by an owner and cannot read or change
 * another owner's data.
 *
 * @param tenantId 1 to 255 characters, not blank, without U+0000 and lone surrogates
 * @param userId 1 to 255 characters, not blank, without U+0000 and lone surrogates
 */
public record Owner(String tenantId, String userId) {

  /** The longest tenant, user and conversation id, in characters (UTF-16 code units). */
  public static final int MAX_ID_LENGTH = 255;

  public Owner {
    Canonical.requireIdentifier("tenantId", tenantId);
    Canonical.requireIdentifier("userId", userId);
  }

  /** Returns the owner {@code userId} within {@code tenantId}. */
  public static Owner of(String tenantId, String userId) {
    return new Owner(tenantId, userId);
  }

  @Override
  public String toString() {
    return tenantId + "/" + userId;
  }
}
