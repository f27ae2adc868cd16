package io.conversationstore.examples.chat.web;

import io.conversationstore.Owner;
import io.conversationstore.examples.chat.ChatOptions;
import org.jspecify.annotations.Nullable;

/**
 * Who asks. A stand-in for authentication: a proxy in front authenticates the request, sets the
 * header with the user, and removes that header from requests of clients. Nothing else of the
 * server knows where the owner comes from.
 */
final class Owners {

  private final ChatOptions options;

  /** The headers of a request. */
  interface Headers {
    /** The value of a header, or null. */
    @Nullable String get(String name);
  }

  Owners(ChatOptions options) {
    this.options = options;
  }

  /** The owner, of the headers of a request by their names. */
  Owner of(Headers headers) {
    String user = headers.get(options.userHeader());
    if (user == null || user.isBlank()) {
      throw new Problem(
          401, "owner-missing", "The header " + options.userHeader() + " names no user.");
    }
    String tenant = headers.get(options.tenantHeader());
    try {
      return Owner.of(tenant == null || tenant.isBlank() ? options.tenant() : tenant, user);
    } catch (IllegalArgumentException malformed) {
      throw new Problem(401, "owner-malformed", String.valueOf(malformed.getMessage()));
    }
  }
}
