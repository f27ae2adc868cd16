package io.conversationstore.cli;

import io.conversationstore.Owner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a command that name the owner of conversations. */
final class OwnerOptions {

  private static final String DEFAULT = "default";

  @Option(
      names = {"-t", "--tenant"},
      paramLabel = "TENANT",
      description = "The tenant of the user; 'default' if not given.")
  @Nullable String tenant;

  @Option(
      names = {"-u", "--user"},
      paramLabel = "USER",
      description = "The user; 'default' if not given. 'conversations users' lists them.")
  @Nullable String user;

  /** Whether the user named an owner. */
  boolean isGiven() {
    return tenant != null || user != null;
  }

  Owner owner() {
    return Owner.of(tenant(), user == null ? DEFAULT : user);
  }

  String tenant() {
    return tenant == null ? DEFAULT : tenant;
  }
}
