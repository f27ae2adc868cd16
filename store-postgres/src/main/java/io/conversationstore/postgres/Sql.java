package io.conversationstore.postgres;

import java.util.Collections;
import java.util.List;

/**
 * The statements for one schema. Each statement on an owner names tenant and user.
 *
 * <p>Statements that find a row by key test for live rows with {@code num_nulls(deleted_at) <> 0}.
 * With {@code IS NULL}, the planner may use a partial index instead and read all rows of a tenant,
 * in tables that were never analysed. For {@code = 1} it would estimate hardly any row.
 */
final class Sql {

  private static final String C = Rows.columns(Rows.CONVERSATION, "c");
  private static final String M = Rows.columns(Rows.MESSAGE, "m");
  private static final String WRITTEN_COLUMNS =
      "w.dropped, w.changed, w.given, "
          + Rows.columns(Rows.CONVERSATION, "(w.conversation)")
          + ", "
          + Rows.columns(Rows.MESSAGE, "(w.message)");

  /** The first column of a conversation in a written row; a message follows. */
  static final int WRITTEN_CONVERSATION = 4;

  static final int WRITTEN_MESSAGE = WRITTEN_CONVERSATION + Rows.CONVERSATION.size();

  /** In a batch, the column with the number of a row's change, from 1. */
  static final int WRITTEN_PLACE = WRITTEN_MESSAGE + Rows.MESSAGE.size();

  final String create;
  final String append;
  final String appendOrCreate;
  final String appendNew;
  final String appendNewOne;
  final String appendAll;
  final String createAll;
  final String lockTimeout;
  final String takeOver;
  final String appendPlain;
  final String update;
  final String delete;
  final String edit;
  final String deleteMessage;
  final String putPreferences;
  final String erase;
  final String contact;
  final String beginHistory;
  final String identitiesBehind;
  final String erasuresSince;
  final String headerLandings;
  final String recordJoin;
  final String editLanding;
  final String preferencesLanding;
  final String erasureLanding;
  final String firstGeneration;
  final String find;
  final String messagesForward;
  final String messagesBackward;
  final String messagesFromForward;
  final String messagesFromBackward;
  final String message;
  final String historyForward;
  final String historyBackward;
  final String searchWords;
  final String searchWordsOfOwner;
  final String searchTool;
  final String unindexed;
  final String index;
  final String conversations;
  final String preferences;
  final String count;
  final String statistics;
  final String tableSizes;
  final String activeUsers;
  final String blankBefore;
  final String archiveBefore;
  final String purgeDeleted;
  final String claimJob;
  final String jobAge;
  final String renewJob;
  final String feedHead;
  final String feedOwners;
  final String feedConversations;
  final String feedMessages;
  final String feedPreferences;

  private final String schema;

  Sql(String schemaName) {
    this.schema = '"' + schemaName + '"';
    create = written("create_conversation(?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)");
    append = written("append_messages(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::json)");
    appendOrCreate = written("append_or_create(?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?::json)");
    appendNew = appendNew("?, ?, ?, ?, ?, ?");
    // The driver is slower with six arrays of one than with six values.
    appendNewOne =
        appendNew(
            """
            ARRAY[?::uuid], ARRAY[?::bytea], ARRAY[?::text], ARRAY[?::text], ARRAY[?::text],
            ARRAY[?::jsonb]""");
    // A lateral join calls the function for each row in turn.
    appendAll =
        in(
            """
            SELECT %s, b.place
              FROM unnest(?::text[], ?::text[], ?::text[], ?::int8[], ?::text[], ?::int8[],
                ?::bool[], ?::text[]) WITH ORDINALITY AS b (tenant_id, user_id, conversation_id,
                epoch, at, generation, edit_existing, messages, place)
              CROSS JOIN LATERAL $.append_messages(?, b.tenant_id, b.user_id, b.conversation_id,
                b.epoch, b.generation, true, b.at::timestamptz, false, NULL, b.edit_existing,
                b.messages::json) w"""
                .formatted(WRITTEN_COLUMNS));
    createAll =
        in(
            """
            SELECT %s, b.place
              FROM unnest(?::text[], ?::text[], ?::text[], ?::int8[], ?::text[], ?::text[],
                ?::text[]) WITH ORDINALITY AS b (tenant_id, user_id, conversation_id, epoch, at,
                change, new, place)
              CROSS JOIN LATERAL $.create_conversation(?, b.tenant_id, b.user_id,
                b.conversation_id, b.change::uuid, b.epoch, true, b.at::timestamptz, false,
                b.new::jsonb) w"""
                .formatted(WRITTEN_COLUMNS));
    lockTimeout = "SELECT set_config('lock_timeout', ?, true)";
    takeOver =
        in(
            """
            INSERT INTO $.taken_over (tenant_id, change_id) VALUES (?, ?)
              ON CONFLICT (tenant_id, change_id) DO NOTHING RETURNING change_id""");
    appendPlain =
        in(
            """
            SELECT w.tenant_id, w.user_id, w.conversation_id, w.epoch, w.generation, w.seq,
                w.created_at, %s
              FROM $.append_plain(?, ?, ?, ?, ?, ?, ?, ?) w"""
                .formatted(Rows.columns(Rows.CONVERSATION, "(w.conversation)")));
    update = written("update_conversation(?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)");
    delete = written("delete_conversation(?, ?, ?, ?, ?, ?, ?, ?)");
    edit = written("edit_message(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?)");
    deleteMessage = written("delete_message(?, ?, ?, ?, ?, ?, ?, ?)");
    putPreferences =
        in(
            """
            SELECT w.dropped, w.changed, %s
              FROM $.put_preferences(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) w"""
                .formatted(Rows.columns(Rows.PREFERENCES, "(w.preferences)")));
    erase =
        in(
            """
            SELECT w.dropped, w.changed, w.epoch, w.erased_at, w.conversations, w.messages
              FROM $.erase_owner(?, ?, ?, ?, ?, ?, ?) w""");
    contact =
        in(
            """
            SELECT w.store_id, w.history, w.counter, w.database_time, w.hidden_rows, w.copied_from,
                w.system_identifier, w.database_oid, w.database_name, w.timeline
              FROM $.contact_node(?) w""");
    // Of two concurrent calls the second waits, and then sees that another history has begun.
    beginHistory =
        in(
            """
            UPDATE $.store SET history = CASE WHEN history = ? THEN ? ELSE history END
              RETURNING history""");
    identitiesBehind =
        in(
            """
            SELECT string_agg(q.of, ', ' ORDER BY q.of)
              FROM (%s UNION ALL %s) q WHERE q.used > q.given"""
                .formatted(
                    identityBehind("owners", "owner_key"),
                    identityBehind("conversations", "conversation_key")));
    erasuresSince =
        in(
            """
            SELECT tenant_id, user_id, change_id, erased_at FROM $.owner_erasures
              WHERE erased_at > ?""");
    headerLandings =
        in(
            """
            SELECT c.conversation_id, l.generation, l.at
              FROM $.conversations c CROSS JOIN LATERAL (
                SELECT c.created_by AS change, c.generation, c.created_at AS at
                UNION ALL
                SELECT r.change, r.generation, r.at FROM jsonb_to_recordset(c.recent_changes)
                  AS r (change uuid, generation bigint, at timestamptz)) l
              WHERE c.tenant_id = ? AND c.user_id = ? AND c.conversation_id = ANY (?::text[])
                AND l.change = ANY (?::uuid[])""");
    recordJoin = in("SELECT $.record_join(?, ?, ?, ?, ?, ?)");
    editLanding =
        in(
            """
            SELECT c.conversation_id, m.generation, m.edited_at
              FROM $.conversations c
              JOIN $.messages m ON m.tenant_id = c.tenant_id
                AND m.conversation_key = c.conversation_key AND m.generation = c.generation
              WHERE c.tenant_id = ? AND c.user_id = ? AND c.conversation_id = ?
                AND m.message_id = ? AND m.edited_by = ?""");
    preferencesLanding =
        in(
            """
            SELECT NULL, 0, r.at
              FROM $.user_preferences p CROSS JOIN LATERAL jsonb_to_recordset(p.recent_changes)
                AS r (change uuid, generation bigint, at timestamptz)
              WHERE p.tenant_id = ? AND p.user_id = ? AND r.change = ?""");
    erasureLanding =
        in(
            """
            SELECT NULL, e.epoch, e.asked_at FROM $.owner_erasures e
              WHERE e.tenant_id = ? AND e.user_id = ? AND e.change_id = ?""");
    firstGeneration =
        in(
            """
            SELECT coalesce(max(o.purged_generation), 0) + 1 FROM $.owners o
              WHERE o.tenant_id = ? AND o.user_id = ?""");
    find =
        in(
            """
            SELECT coalesce(o.epoch, 0), %s
              FROM $.store s
              LEFT JOIN $.owners o ON o.tenant_id = ? AND o.user_id = ?
              LEFT JOIN $.conversations c ON c.tenant_id = o.tenant_id AND c.user_id = o.user_id
                AND c.conversation_id = ?"""
                .formatted(C));
    messagesForward = messages("", "m.seq > ? ORDER BY m.seq");
    messagesBackward = messages("", "m.seq < ? ORDER BY m.seq DESC");
    String start =
        """
        , f AS MATERIALIZED (
          SELECT n.seq FROM h
            JOIN $.messages n ON n.conversation_key = h.conversation_key
              AND n.generation = h.generation
            WHERE n.tenant_id = ? AND n.message_id = ? AND num_nulls(n.deleted_at) <> 0)""";
    messagesFromForward = messages(start, "m.seq >= (SELECT f.seq FROM f) ORDER BY m.seq");
    messagesFromBackward = messages(start, "m.seq <= (SELECT f.seq FROM f) ORDER BY m.seq DESC");
    message =
        in(
            """
            SELECT %s
              FROM $.conversations c
              JOIN $.messages m ON m.tenant_id = c.tenant_id
                AND m.conversation_key = c.conversation_key AND m.generation = c.generation
              WHERE c.tenant_id = ? AND c.user_id = ? AND c.conversation_id = ?
                AND m.message_id = ?"""
                .formatted(M));
    historyForward = history(">", "");
    historyBackward = history("<", "DESC");
    // The keys include the owner: a condition on the owner would read all of its messages.
    String words = "m.search_tokens @> ? AND (?::text IS NULL OR m.role = ?)";
    searchWords = search("m.owner_key + 0", words);
    // A policy prevents the index of words, so reading the owner's messages is best.
    searchWordsOfOwner = search("m.owner_key", words);
    searchTool = search("m.owner_key", "m.tool_calls @> ?::jsonb");
    unindexed =
        in(
            """
            SELECT m.conversation_key, m.generation, m.seq, m.version, m.content, m.parts
              FROM $.owners o
              JOIN $.messages m ON m.tenant_id = o.tenant_id AND m.owner_key = o.owner_key
              WHERE o.tenant_id = ? AND o.user_id = ? AND m.search_tokens IS NULL
                AND m.deleted_at IS NULL
                AND (m.conversation_key, m.generation, m.seq) > (?, ?, ?)
              ORDER BY m.conversation_key, m.generation, m.seq LIMIT ?""");
    index =
        in(
            """
            UPDATE $.messages m SET search_tokens = g.search_tokens
              FROM json_to_recordset(?::json) AS g (conversation_key bigint, generation bigint,
                seq bigint, version bigint, search_tokens bigint[])
              WHERE m.tenant_id = ? AND m.conversation_key = g.conversation_key
                AND m.generation = g.generation AND m.seq = g.seq AND m.version = g.version
                AND num_nulls(m.search_tokens) <> 0 AND num_nulls(m.deleted_at) <> 0""");
    conversations =
        in(
            """
            SELECT s.history, q.* FROM $.store s LEFT JOIN LATERAL (
              SELECT %s FROM $.conversations c
                WHERE c.tenant_id = ? AND c.user_id = ? AND c.deleted_at IS NULL
                  AND (?::text IS NULL OR c.status = ?)
                  AND (?::text IS NULL OR ? = ANY (c.tags))
                  AND (?::boolean IS NULL OR c.pinned = ?)
                  AND (?::jsonb IS NULL OR c.metadata @> ?::jsonb)
                  AND c.updated_at >= ? AND c.updated_at < ?
                  AND c.created_at >= ? AND c.created_at < ?
                  AND c.updated_at <= ? AND (c.updated_at < ? OR c.conversation_id > ?)
                ORDER BY c.updated_at DESC, c.conversation_id LIMIT ?) q ON true
              ORDER BY q.updated_at DESC, q.conversation_id"""
                .formatted(C));
    preferences =
        in(
            """
            SELECT coalesce(o.epoch, 0), %s
              FROM $.store s
              LEFT JOIN $.owners o ON o.tenant_id = ? AND o.user_id = ?
              LEFT JOIN $.user_preferences p ON p.tenant_id = o.tenant_id
                AND p.user_id = o.user_id"""
                .formatted(Rows.columns(Rows.PREFERENCES, "p")));
    count =
        in(
            """
            SELECT count(*), coalesce(sum(c.message_count), 0) FROM $.conversations c
              WHERE c.tenant_id = ? AND c.user_id = ? AND c.deleted_at IS NULL""");
    statistics =
        in(
            """
            SELECT u.tenants, u.users, u.conversations, u.messages, d.messages
              FROM (
                SELECT count(DISTINCT o.tenant_id) AS tenants, count(*) AS users,
                    coalesce(sum(o.conversations), 0) AS conversations,
                    coalesce(sum(o.messages), 0) AS messages
                  FROM (
                    SELECT c.tenant_id, c.user_id, count(*) AS conversations,
                        sum(c.message_count) AS messages
                      FROM $.conversations c
                      WHERE c.deleted_at IS NULL AND (?::text IS NULL OR c.tenant_id = ?)
                      GROUP BY c.tenant_id, c.user_id) o) u
              CROSS JOIN (
                SELECT count(*) AS messages FROM $.messages m
                  WHERE m.deleted_at IS NULL AND (?::text IS NULL OR m.tenant_id = ?)
                    AND m.created_at >= date_trunc('day', statement_timestamp(), 'UTC')) d""");
    tableSizes =
        """
        SELECT c.relname, coalesce(sum(pg_table_size(coalesce(p.relid, c.oid))), 0),
            coalesce(sum(pg_indexes_size(coalesce(p.relid, c.oid))), 0)
          FROM pg_class c LEFT JOIN LATERAL pg_partition_tree(c.oid) p ON true
          WHERE c.relnamespace = ?::regnamespace AND c.relkind IN ('r', 'p')
            AND NOT c.relispartition
          GROUP BY c.relname ORDER BY c.relname COLLATE "C\"""";
    activeUsers =
        in(
            """
            SELECT o.user_id, max(m.created_at), count(*)
              FROM $.messages m
              JOIN $.owners o ON o.tenant_id = m.tenant_id AND o.owner_key = m.owner_key
              WHERE m.tenant_id = ? AND m.created_at >= ? AND m.deleted_at IS NULL
              GROUP BY o.user_id ORDER BY 2 DESC, 1 LIMIT ?""");
    blankBefore =
        in(
            """
            SELECT w.deleted, w.next_tenant, w.next_owner
              FROM $.blank_messages_before(?, ?, ?, ?, ?) w""");
    archiveBefore =
        in(
            """
            SELECT w.archived, w.next_tenant, w.next_conversation
              FROM $.archive_idle_conversations(?, ?, ?, ?) w""");
    purgeDeleted = in("SELECT $.purge_deleted(? * interval '1 millisecond', ?)");
    // The condition is evaluated once the row is locked. The time was read before, so a claim that
    // another node made meanwhile may be later than it.
    claimJob =
        in(
            """
            INSERT INTO $.jobs AS j (name, claimed_by, claimed_at)
              VALUES (?, ?, clock_timestamp())
              ON CONFLICT (name) DO UPDATE
                SET claimed_by = excluded.claimed_by, claimed_at = excluded.claimed_at
                WHERE j.claimed_at NOT BETWEEN
                  excluded.claimed_at - ? * interval '1 millisecond'
                  AND excluded.claimed_at + ? * interval '1 millisecond'
              RETURNING j.claimed_at""");
    jobAge =
        in(
            """
            SELECT t.now, (extract(epoch FROM t.now - j.claimed_at) * 1000)::bigint
              FROM $.jobs j, (SELECT clock_timestamp() AS now) t
              WHERE j.name = ?""");
    renewJob =
        in(
            """
            INSERT INTO $.jobs AS j (name, claimed_by, claimed_at)
              VALUES (?, ?, clock_timestamp())
              ON CONFLICT (name) DO UPDATE SET claimed_at = excluded.claimed_at
                WHERE j.claimed_by = excluded.claimed_by""");
    feedHead =
        in(
            """
            SELECT pg_snapshot_xmin(q.s)::text,
                CASE WHEN pg_snapshot_xmin(q.s) = pg_snapshot_xmax(q.s) THEN statement_timestamp()
                  ELSE (SELECT min(a.xact_start) FROM pg_stat_activity a
                    WHERE a.backend_xid = pg_snapshot_xmin(q.s)::xid) END,
                history, pg_snapshot_xmax(q.s)::text, statement_timestamp()
              FROM (SELECT pg_current_snapshot() AS s, h.history FROM $.store h) q""");
    feedOwners =
        feed("t.tenant_id, t.user_id, t.epoch", "$.owners t", "t.owner_key, 0, 0", "t.owner_key");
    feedConversations =
        feed(
            Rows.columns(Rows.CONVERSATION, "t"),
            "$.conversations t",
            "t.conversation_key, 0, 0",
            "t.conversation_key");
    feedMessages =
        feed(
            Rows.columns(Rows.MESSAGE, "t") + ", " + C,
            """
            $.messages t
              JOIN $.conversations c ON c.tenant_id = t.tenant_id
                AND c.conversation_key = t.conversation_key""",
            "t.conversation_key, t.generation, t.seq",
            "t.conversation_key, t.generation, t.seq");
    feedPreferences =
        feed(
            Rows.columns(Rows.PREFERENCES, "t"),
            "$.user_preferences t",
            "t.owner_key, 0, 0",
            "t.owner_key");
  }

  /** A call of a function that applies one change of a conversation. */
  private String written(String call) {
    return in("SELECT %s FROM $.%s w".formatted(WRITTEN_COLUMNS, call));
  }

  /**
   * The highest key of the rows changed last, and the last assigned key; null if the role lacks the
   * right.
   */
  private static String identityBehind(String table, String key) {
    return """
        SELECT '{table}' AS of, u.used,
            CASE WHEN has_sequence_privilege({sequence}::oid, 'SELECT, USAGE')
              THEN coalesce(pg_sequence_last_value({sequence}), 0) END AS given
          FROM (
            SELECT max(r.used) AS used FROM (
              SELECT t.{key} AS used FROM $.{table} t ORDER BY t.changed_xid DESC LIMIT 1000) r)
            u"""
        .replace("{sequence}", "pg_get_serial_sequence('$.{table}', '{key}')::regclass")
        .replace("{table}", table)
        .replace("{key}", key);
  }

  private String appendNew(String messages) {
    return in(
        "SELECT %s FROM $.append_new(?, ?, ?, ?, ?, ?, ?, ?, ?, %s) w"
            .formatted(Rows.columns(Rows.CONVERSATION, "w"), messages));
  }

  private String in(String text) {
    return text.replace("$.", schema + ".");
  }

  /**
   * The first row holds the header, the others hold messages. UNION combines columns, not whole
   * rows, which a distributed engine cannot combine.
   *
   * @param start a further query of the WITH, for {@code beyond}
   */
  private String messages(String start, String beyond) {
    return in(
        """
        WITH h AS MATERIALIZED (
          SELECT * FROM $.conversations c
            WHERE c.tenant_id = ? AND c.user_id = ? AND c.conversation_id = ?)%s
        SELECT s.history, r.* FROM $.store s LEFT JOIN LATERAL (
          SELECT %s, %s, -1::bigint AS place FROM h
          UNION ALL
          SELECT %s, p.* FROM h CROSS JOIN LATERAL (
            SELECT %s, m.seq AS place FROM $.messages m
              WHERE m.tenant_id = ? AND m.conversation_key = h.conversation_key
                AND m.generation = h.generation AND num_nulls(m.deleted_at) <> 0
                AND %s LIMIT ?) p) r ON true
          ORDER BY r.place"""
            .formatted(
                start,
                Rows.columns(Rows.CONVERSATION, "h"),
                nulls(Rows.MESSAGE),
                nulls(Rows.CONVERSATION),
                M,
                beyond));
  }

  private static String nulls(List<String> columns) {
    return String.join(", ", Collections.nCopies(columns.size(), "NULL"));
  }

  private String history(String beyond, String order) {
    return in(
        """
        SELECT s.history, q.* FROM $.store s LEFT JOIN LATERAL (
          SELECT c.conversation_id, {message}
            FROM $.owners o
            JOIN $.messages m ON m.tenant_id = o.tenant_id AND m.owner_key = o.owner_key
            JOIN $.conversations c ON c.tenant_id = m.tenant_id
              AND c.conversation_key = m.conversation_key AND c.generation = m.generation
            WHERE o.tenant_id = ? AND o.user_id = ? AND m.deleted_at IS NULL
              AND m.created_at {beyond}= ?
              AND (m.created_at, c.conversation_id, m.seq) {beyond} (?, ?, ?)
            ORDER BY m.created_at {order}, c.conversation_id {order}, m.seq {order}
            LIMIT ?) q ON true
          ORDER BY q.created_at, q.conversation_id, q.seq"""
            .replace("{message}", M)
            .replace("{beyond}", beyond)
            .replace("{order}", order));
  }

  /**
   * Hits are collected before they are ordered: with a limit, the planner would scan all messages
   * by time, which is slow for rare words. Conversations are looked up only for the page and for
   * hits at the exact time of the cursor.
   *
   * @param owner the expression that must equal the owner's key
   */
  private String search(String owner, String condition) {
    return in(
        """
        WITH o AS MATERIALIZED (
          SELECT o.owner_key FROM $.owners o WHERE o.tenant_id = ? AND o.user_id = ?),
        k AS MATERIALIZED (
          SELECT c.conversation_key FROM $.conversations c
            WHERE c.tenant_id = ? AND c.user_id = ? AND c.conversation_id = ?
              AND num_nulls(c.deleted_at) <> 0),
        hit AS MATERIALIZED (
          SELECT m.conversation_key, m.generation, m.seq, m.created_at FROM $.messages m
            WHERE m.tenant_id = ? AND {owner} = (SELECT o.owner_key FROM o)
              AND m.deleted_at IS NULL AND {condition}
              AND (?::text IS NULL OR m.conversation_key = (SELECT k.conversation_key FROM k))
              AND m.created_at <= ?),
        newest AS MATERIALIZED (
          SELECT h.* FROM hit h
            WHERE h.created_at < ? OR EXISTS (
              SELECT FROM $.conversations c
                WHERE c.tenant_id = ? AND c.conversation_key = h.conversation_key
                  AND (c.conversation_id, h.seq) < (?, ?))
            ORDER BY h.created_at DESC FETCH FIRST (?) ROWS WITH TIES)
        SELECT s.history,
            EXISTS (SELECT FROM $.messages n
              WHERE n.tenant_id = ? AND n.owner_key = (SELECT o.owner_key FROM o)
                AND n.search_tokens IS NULL AND n.deleted_at IS NULL),
            EXISTS (SELECT FROM k), q.*
          FROM $.store s LEFT JOIN LATERAL (
            SELECT t.conversation_id, {message}
              FROM (
                SELECT h.conversation_key, h.generation, h.seq, c.conversation_id
                  FROM newest h CROSS JOIN LATERAL (
                    SELECT c.conversation_id FROM $.conversations c
                      WHERE c.tenant_id = ? AND c.conversation_key = h.conversation_key
                        AND c.generation = h.generation AND num_nulls(c.deleted_at) <> 0
                      OFFSET 0) c
                  ORDER BY h.created_at DESC, c.conversation_id DESC, h.seq DESC LIMIT ?) t
              JOIN $.messages m ON m.tenant_id = ? AND m.conversation_key = t.conversation_key
                AND m.generation = t.generation AND m.seq = t.seq) q ON true
          ORDER BY q.created_at DESC, q.conversation_id DESC, q.seq DESC"""
            .replace("{owner}", owner)
            .replace("{condition}", condition)
            .replace("{message}", M));
  }

  /**
   * Keys are unique only within a tenant, so the tenant comes last in the order: the indexes of the
   * feed, without a tenant, then provide nearly the whole order.
   *
   * @param key three columns that identify a row within its tenant
   * @param order the columns of the key that are not constant
   */
  private String feed(String columns, String tables, String key, String order) {
    return in(
        """
        SELECT t.changed_xid::text, {key}, t.tenant_id, {columns}
          FROM {tables}
          WHERE t.changed_xid < ?::text::xid8 AND t.changed_xid >= ?::text::xid8
            AND (t.changed_xid, {key}, t.tenant_id)
              > (?::text::xid8, ?::bigint, ?::bigint, ?::bigint, ?::text)
          ORDER BY t.changed_xid, {order}, t.tenant_id LIMIT ?"""
            .replace("{columns}", columns)
            .replace("{tables}", tables)
            .replace("{key}", key)
            .replace("{order}", order));
  }
}
