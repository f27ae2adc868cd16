package io.conversationstore.cli;

import io.conversationstore.ActiveUser;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoreOperator;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State.OwnerState;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Lists the owners of a store. */
final class Owners {

  private static final Comparator<Owner> ORDER =
      Comparator.comparing(Owner::tenantId).thenComparing(Owner::userId);

  private Owners() {}

  /**
   * The owners with data, in order. Files list all; a database lists those of one tenant who have
   * messages. The store is opened for it and closed again.
   *
   * @param tenant null for all
   * @throws CommandException if a database is asked for all tenants, or has more users than a call
   *     returns
   */
  static List<Owner> of(StoreLocation place, @Nullable String tenant, Context context) {
    TreeSet<Owner> owners = new TreeSet<>(ORDER);
    if (!place.hasDatabase()) {
      JsonFileOptions files = JsonFileOptions.in(place.requireDirectory());
      try (LocalStore local = JsonFileStore.openEngine(files)) {
        local.mirroredOwners().stream()
            .map(OwnerState::owner)
            .filter(owner -> local.count(owner).conversations() > 0)
            .forEach(owners::add);
        owners.addAll(local.pendingOwners());
      }
      owners.removeIf(owner -> tenant != null && !owner.tenantId().equals(tenant));
      return List.copyOf(owners);
    }
    if (tenant == null) {
      throw new CommandException(
          ExitCode.USAGE, "a database lists the users of one tenant; name it with --tenant");
    }
    try (OpenStore opened = place.open(StoreLocation.Use.EXISTING)) {
      opened.warnIfOffline(context.screen());
      List<ActiveUser> users =
          opened.store().operator().activeUsers(tenant, StoreOperator.LONGEST_AGE, Page.MAX_LIMIT);
      if (users.size() == Page.MAX_LIMIT) {
        throw new CommandException(
            ExitCode.USAGE,
            "tenant "
                + tenant
                + " has "
                + Page.MAX_LIMIT
                + " users or more, which a database does not list; name one with --user");
      }
      users.forEach(user -> owners.add(user.owner()));
      return List.copyOf(owners);
    }
  }
}
