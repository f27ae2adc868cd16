package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.testkit.CommandSequences;
import io.conversationstore.testkit.TestPostgres;
import java.io.StringWriter;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What docs/scaling.md says of partitions: a DBA can cut the large tables by tenant. */
class PartitionedTest {

  private static final String SCHEMA = PostgresOptions.DEFAULT_SCHEMA;

  @Test
  void theLargeTablesCanBePartitionedByTenant() throws Exception {
    Assumptions.assumeTrue(
        Integer.parseInt(TestPostgres.shared().version().split("\\.")[0]) >= 17,
        "partitioned tables have identity columns from PostgreSQL 17 on");
    Databases databases = Databases.create();
    StringWriter written = new StringWriter();
    PostgresStore.writeSchema(written, SCHEMA);
    String ddl = written.toString();
    for (String table : new String[] {"conversations", "messages"}) {
      ddl = partitioned(ddl, table);
    }
    databases.text(ddl);
    try (ConversationStore store = PostgresStore.open(databases.options().withMigration(false))) {
      CommandSequences.compare(1, 200, store);
      assertThat(store.operator().health().healthy()).isTrue();
      assertThat(store.operator().tableSizes())
          .filteredOn(size -> size.table().startsWith("messages"))
          .singleElement()
          .satisfies(size -> assertThat(size.tableBytes()).isPositive());
    }
    assertThat(
            databases.text(
                "SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                    + " WHERE c.relkind = 'r'"))
        .isEqualTo("8");
  }

  /** The DDL with this table in four partitions. */
  private static String partitioned(String ddl, String table) {
    String name = "\"" + SCHEMA + "\"." + table;
    String end = ");\nCOMMENT ON TABLE " + name + " IS";
    assertThat(ddl).containsOnlyOnce(end);
    StringBuilder partitions = new StringBuilder(") PARTITION BY HASH (tenant_id);\n");
    for (int i = 0; i < 4; i++) {
      partitions.append(
          "CREATE TABLE %s_%d PARTITION OF %s FOR VALUES WITH (MODULUS 4, REMAINDER %d);\n"
              .formatted(name, i, name, i));
    }
    return ddl.replace(end, partitions + "COMMENT ON TABLE " + name + " IS");
  }
}
