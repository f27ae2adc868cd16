package io.conversationstore.examples.chat.web;

import io.conversationstore.Owner;
import io.conversationstore.examples.chat.ChatOptions;
import io.javalin.http.Context;

/**
 * Who asks. A stand-in for authentication: a proxy in front authenticates the request, sets the
 * header with the user, and removes that header from requests of clients. Nothing else of the server
 * knows where the owner comes from.
 */
final class Owners {

  private final ChatOptions options;

  Owners(ChatOptions options) {
    this.options = options;
  }

  Owner of(Context context) {
    String user = context.header(options.userHeader());
    if (user == null || user.isBlank()) {
      throw new Problem(
          401, "owner-missing", "The header " + options.userHeader() + " names no user.");
    }
    String tenant = context.header(options.tenantHeader());
    try {
      return Owner.of(tenant == null || tenant.isBlank() ? options.tenant() : tenant, user);
    } catch (IllegalArgumentException malformed) {
      throw new Problem(401, "owner-malformed", String.valueOf(malformed.getMessage()));
    }
  }
}
