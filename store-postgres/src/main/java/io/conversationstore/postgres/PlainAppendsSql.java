package io.conversationstore.postgres;

/** The statement of {@link PlainAppends}. */
final class PlainAppendsSql {

  /**
   * Assigns places and times like append_messages, change by change and message by message; the
   * conversations are locked. The row of a conversation's last message contains the conversation.
   */
  static final String INSERT_ALL =
      """
      WITH b AS MATERIALIZED (
        SELECT a.place, c.tenant_id, c.conversation_key, c.generation, c.epoch, c.owner_key,
            c.last_seq, c.last_message_at, least(a.at::timestamptz, clock_timestamp()) AS v_at, g.*
          FROM unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[]) WITH ORDINALITY
            AS a (tenant_id, user_id, conversation_id, at, messages, place)
          JOIN $.conversations c ON c.tenant_id = a.tenant_id AND c.user_id = a.user_id
            AND c.conversation_id = a.conversation_id
          CROSS JOIN LATERAL ROWS FROM (json_to_recordset(a.messages::json) AS (
            id uuid, digest text, role text, content text, parts jsonb, tool_calls jsonb,
            tool_call_id text, name text, is_error boolean, model text, prompt_tokens bigint,
            completion_tokens bigint, total_tokens bigint, metadata jsonb, created_at timestamptz,
            search_tokens bigint[])) WITH ORDINALITY AS g (
            id, digest, role, content, parts, tool_calls, tool_call_id, name, is_error, model,
            prompt_tokens, completion_tokens, total_tokens, metadata, created_at, search_tokens,
            ord)
      ), i AS (
        INSERT INTO $.messages (tenant_id, conversation_key, generation, seq, owner_key, epoch,
            message_id, version, digest, created_at, role, content, parts, tool_calls,
            tool_call_id, name, is_error, model, prompt_tokens, completion_tokens, total_tokens,
            metadata, search_tokens)
          SELECT tenant_id, conversation_key, generation, last_seq + row_number() OVER w,
              owner_key, epoch, id, 1, decode(digest, 'hex'),
              coalesce(created_at, greatest(last_message_at, max(coalesce(created_at, v_at)) OVER w)),
              role, content, parts, tool_calls, tool_call_id, name, coalesce(is_error, false),
              model, prompt_tokens, completion_tokens, total_tokens, metadata, search_tokens
            FROM b
            WINDOW w AS (PARTITION BY tenant_id, conversation_key ORDER BY place, ord
              ROWS UNBOUNDED PRECEDING)
          RETURNING tenant_id, conversation_key, message_id, epoch, generation, seq, created_at
      ), u AS (
        UPDATE $.conversations t
          SET version = t.version + s.changes, last_seq = t.last_seq + s.messages,
            message_count = t.message_count + s.messages,
            prompt_tokens = t.prompt_tokens + s.prompt,
            completion_tokens = t.completion_tokens + s.completion,
            total_tokens = t.total_tokens + s.total,
            last_message_at = greatest(t.last_message_at, s.last_at),
            updated_at = greatest(t.updated_at, s.used_at), changed_xid = pg_current_xact_id()
          FROM (
            SELECT tenant_id, conversation_key, count(*) AS messages,
                count(DISTINCT place) AS changes, coalesce(sum(prompt_tokens), 0) AS prompt,
                coalesce(sum(completion_tokens), 0) AS completion,
                coalesce(sum(total_tokens), 0) AS total,
                max(coalesce(created_at, v_at)) AS last_at, max(v_at) AS used_at
              FROM b GROUP BY tenant_id, conversation_key) s
          WHERE t.tenant_id = s.tenant_id AND t.conversation_key = s.conversation_key
          RETURNING t.*
      )
      SELECT p.place, p.ord, i.epoch, i.generation, i.seq, i.created_at, %s
        FROM (SELECT place, ord, tenant_id, conversation_key, id,
            row_number() OVER (PARTITION BY tenant_id, conversation_key
              ORDER BY place DESC, ord DESC) = 1 AS is_last FROM b) p
        JOIN i ON i.tenant_id = p.tenant_id AND i.conversation_key = p.conversation_key
          AND i.message_id = p.id
        LEFT JOIN u ON p.is_last AND u.tenant_id = p.tenant_id
          AND u.conversation_key = p.conversation_key
        ORDER BY p.place, p.ord
      """
          .formatted(Rows.columns(Rows.CONVERSATION, "u"));

  private PlainAppendsSql() {}
}
