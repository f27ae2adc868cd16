package io.conversationstore.postgres;

import io.conversationstore.StoreHealth;
import io.conversationstore.StoreUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Checks that the database answers and has the schema that the store needs. From data tables,
 * checks read at most the keys of the 1,000 rows changed last. Thread-safe.
 */
final class Health {

  private static final String IDENTITIES_HOLD = "above the keys of the last changed rows";
  private static final String POLICIES_HOLD = "the policies are in force";

  private final Database database;
  private final Reads reads;
  private final Sql sql;
  private final String schema;

  Health(Database database, Reads reads, Sql sql, String schema) {
    this.database = database;
    this.reads = reads;
    this.sql = sql;
    this.schema = schema;
  }

  StoreHealth check() {
    List<StoreHealth.Check> checks = new ArrayList<>();
    checks.add(
        check(
            "reachable",
            () -> reads.query(null, "SELECT 1", in -> {}, row -> row.next() ? "it responds" : ""),
            "it responds"));
    if (!checks.get(0).passed()) {
      // Further checks would wait as long and fail the same way.
      return StoreHealth.of(checks);
    }
    for (Conditions.Condition condition : Conditions.ofTheDatabase()) {
      checks.add(check(condition));
    }
    checks.add(
        check(
            "schema",
            () -> "version " + database.read(database::schemaVersion),
            "version " + database.latestSchema()));
    if (database.rowSecurity()) {
      checks.add(check("row-level security", this::policies, POLICIES_HOLD));
    }
    for (Conditions.Condition condition : Conditions.ofTheSchema(database.rowSecurity())) {
      checks.add(check(condition));
    }
    SchemaObjects objects;
    try {
      objects =
          reads.query(
              null,
              SchemaObjects.CATALOGUE,
              in -> SchemaObjects.bind(in, schema),
              SchemaObjects::new);
    } catch (StoreUnavailableException e) {
      checks.add(new StoreHealth.Check("objects", false, String.valueOf(e.getMessage())));
      return StoreHealth.of(checks);
    }
    checks.add(objects(objects, "orphans", "foreign-key", "none: the foreign keys are enforced"));
    checks.add(objects(objects, "constraints", "constraint", "all enforced"));
    checks.add(objects(objects, "indexes", "index", "all valid"));
    checks.add(objects(objects, "triggers", "trigger", "all enabled"));
    checks.add(objects(objects, "functions", "function", "all present"));
    checks.add(check("identities", this::identities, IDENTITIES_HOLD));
    return StoreHealth.of(checks);
  }

  private String identities() {
    return reads.query(
        null,
        sql.identitiesBehind,
        in -> {},
        row -> {
          String behind = row.next() ? row.getString(1) : null;
          return behind == null
              ? IDENTITIES_HOLD
              : "rows have keys that their sequence has not reached: "
                  + behind
                  + "; call advance_identities() in the schema";
        });
  }

  private StoreHealth.Check check(Conditions.Condition condition) {
    return check(
        condition.name(),
        () ->
            reads.query(null, condition.query(), in -> condition.bind(in, schema), condition::read),
        condition.good());
  }

  private String policies() {
    return reads.query(
        null,
        Policies.NOT_IN_FORCE,
        in -> in.text(schema),
        row -> Objects.requireNonNullElse(Policies.fault(row), POLICIES_HOLD));
  }

  private static StoreHealth.Check objects(
      SchemaObjects objects, String name, String kind, String good) {
    String faults = objects.faults(kind);
    return new StoreHealth.Check(name, faults.isEmpty(), faults.isEmpty() ? good : faults);
  }

  private static StoreHealth.Check check(String name, Supplier<String> run, String good) {
    try {
      String found = run.get();
      return new StoreHealth.Check(name, found.equals(good), found);
    } catch (StoreUnavailableException e) {
      return new StoreHealth.Check(name, false, String.valueOf(e.getMessage()));
    }
  }
}
