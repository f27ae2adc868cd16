CREATE OR REPLACE FUNCTION ${schema}.blank_messages_before(
  p_lock_timeout text, p_cutoff timestamptz, p_batch integer,
  p_tenant text DEFAULT '', p_owner bigint DEFAULT 0)
RETURNS TABLE (deleted bigint, next_tenant text, next_owner bigint)
LANGUAGE plpgsql AS $$
DECLARE
  o record;
  k record;
  v_owners integer := 0;
  v_holds boolean := false;
  v_count bigint;
  v_prompt bigint;
  v_completion bigint;
  v_total bigint;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  deleted := 0;
  FOR o IN
    SELECT w.tenant_id, w.owner_key FROM ${schema}.owners w
      WHERE (w.tenant_id, w.owner_key) >= (p_tenant, p_owner)
      ORDER BY w.tenant_id, w.owner_key LIMIT 1000
  LOOP
    v_owners := v_owners + 1;
    next_tenant := o.tenant_id;
    next_owner := o.owner_key;
    FOR k IN
      SELECT q.conversation_key, q.generation, array_agg(q.seq) AS seqs
        FROM (
          SELECT m.conversation_key, m.generation, m.seq
            FROM ${schema}.messages m
            JOIN ${schema}.conversations c USING (tenant_id, conversation_key, generation)
            WHERE m.tenant_id = o.tenant_id AND m.owner_key = o.owner_key
              AND m.created_at < p_cutoff AND m.deleted_at IS NULL
              AND c.deleted_at IS NULL AND NOT c.pinned
            LIMIT p_batch - deleted) q
        GROUP BY q.conversation_key, q.generation
        ORDER BY q.conversation_key
    LOOP
      IF v_holds THEN
        PERFORM FROM ${schema}.conversations c
          WHERE c.tenant_id = o.tenant_id AND c.conversation_key = k.conversation_key
            AND c.generation = k.generation AND c.deleted_at IS NULL AND NOT c.pinned
          FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
          RETURN NEXT;
          RETURN;
        END IF;
      ELSE
        PERFORM FROM ${schema}.conversations c
          WHERE c.tenant_id = o.tenant_id AND c.conversation_key = k.conversation_key
            AND c.generation = k.generation AND c.deleted_at IS NULL AND NOT c.pinned
          FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        v_holds := true;
      END IF;
      WITH old AS (
        SELECT m.seq, m.prompt_tokens, m.completion_tokens, m.total_tokens
          FROM ${schema}.messages m
          WHERE m.tenant_id = o.tenant_id AND m.conversation_key = k.conversation_key
            AND m.generation = k.generation AND m.seq = ANY (k.seqs) AND m.deleted_at IS NULL
      ), blanked AS (
        UPDATE ${schema}.messages m
          SET deleted_at = clock_timestamp(), version = m.version + 1, role = NULL, content = NULL,
            parts = NULL, tool_calls = NULL, tool_call_id = NULL, name = NULL, model = NULL,
            is_error = false, prompt_tokens = NULL, completion_tokens = NULL, total_tokens = NULL,
            metadata = NULL, edited_at = NULL, edited_by = NULL, changed_xid = pg_current_xact_id()
          FROM old
          WHERE m.tenant_id = o.tenant_id AND m.conversation_key = k.conversation_key
            AND m.generation = k.generation AND m.seq = old.seq
          RETURNING old.prompt_tokens, old.completion_tokens, old.total_tokens
      )
      SELECT count(*), coalesce(sum(b.prompt_tokens), 0), coalesce(sum(b.completion_tokens), 0),
          coalesce(sum(b.total_tokens), 0)
        INTO v_count, v_prompt, v_completion, v_total FROM blanked b;
      UPDATE ${schema}.conversations c
        SET version = c.version + 1, message_count = c.message_count - v_count,
          prompt_tokens = greatest(0, c.prompt_tokens - v_prompt),
          completion_tokens = greatest(0, c.completion_tokens - v_completion),
          total_tokens = greatest(0, c.total_tokens - v_total), changed_xid = pg_current_xact_id()
        WHERE c.tenant_id = o.tenant_id AND c.conversation_key = k.conversation_key AND v_count > 0;
      deleted := deleted + v_count;
    END LOOP;
    IF deleted >= p_batch THEN
      RETURN NEXT;
      RETURN;
    END IF;
  END LOOP;
  IF v_owners < 1000 THEN
    next_tenant := NULL;
    next_owner := NULL;
  ELSE
    next_owner := next_owner + 1;
  END IF;
  RETURN NEXT;
END $$;

-- Takes V8 back: all data stays.
ALTER FUNCTION ${schema}.blank_messages_before RESET search_path;
ALTER FUNCTION ${schema}.archive_idle_before RESET search_path;
ALTER FUNCTION ${schema}.archive_idle_conversations RESET search_path;
ALTER FUNCTION ${schema}.delete_old_conversations RESET search_path;
ALTER FUNCTION ${schema}.get_conversation_history RESET search_path;
ALTER FUNCTION ${schema}.delete_user_conversations RESET search_path;
ALTER FUNCTION ${schema}.purge_deleted RESET search_path;
ALTER FUNCTION ${schema}.adopt_restored_rows RESET search_path;
ALTER FUNCTION ${schema}.use_row_level_security RESET search_path;
ALTER FUNCTION ${schema}.grant_use RESET search_path;
UPDATE ${schema}.store SET schema_version = 7;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '8';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
