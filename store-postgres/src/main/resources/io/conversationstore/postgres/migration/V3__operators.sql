-- Functions for operators: retention, and what a DBA calls from psql.

-- Retention goes in batches, each a transaction of its own, and from owner to owner: a batch begins
-- where the one before ended, so that none reads again what is blank already. It waits for a
-- conversation only while it holds none, and otherwise ends at the first that somebody else has. So
-- nobody waits for longer than a batch takes, and no ring of waiting can come to be. An owner is done
-- when no more was found, not when less was blanked: what somebody else deleted or pinned in between
-- must not leave the rest to nobody.
CREATE FUNCTION ${schema}.blank_messages_before(
  p_lock_timeout text, p_cutoff timestamptz, p_batch integer,
  p_tenant text DEFAULT '', p_owner bigint DEFAULT 0)
RETURNS TABLE (deleted bigint, next_tenant text, next_owner bigint)
LANGUAGE plpgsql AS $$
DECLARE
  o record;
  k record;
  v_owners integer := 0;
  v_holds boolean := false;
  v_picked bigint := 0;
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
              AND num_nulls(c.deleted_at) <> 0 AND NOT c.pinned
            LIMIT p_batch - v_picked) q
        GROUP BY q.conversation_key, q.generation
        ORDER BY q.conversation_key
    LOOP
      v_picked := v_picked + cardinality(k.seqs);
      IF v_holds THEN
        PERFORM FROM ${schema}.conversations c
          WHERE c.tenant_id = o.tenant_id AND c.conversation_key = k.conversation_key
            AND c.generation = k.generation AND num_nulls(c.deleted_at) <> 0 AND NOT c.pinned
          FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
          RETURN NEXT;
          RETURN;
        END IF;
      ELSE
        PERFORM FROM ${schema}.conversations c
          WHERE c.tenant_id = o.tenant_id AND c.conversation_key = k.conversation_key
            AND c.generation = k.generation AND num_nulls(c.deleted_at) <> 0 AND NOT c.pinned
          FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        v_holds := true;
      END IF;
      WITH old AS (
        SELECT m.seq, m.prompt_tokens, m.completion_tokens, m.total_tokens
          FROM ${schema}.messages m
          WHERE m.tenant_id = o.tenant_id AND m.conversation_key = k.conversation_key
            AND m.generation = k.generation AND m.seq = ANY (k.seqs) AND num_nulls(m.deleted_at) <> 0
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
    IF v_picked >= p_batch THEN
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
COMMENT ON FUNCTION ${schema}.blank_messages_before IS 'Blanks up to a number of messages created before a time, pinned conversations excepted, from an owner on; says where to go on, null at the end.';

-- One that is in use right now is not idle, so nothing is waited for.
CREATE FUNCTION ${schema}.archive_idle_before(p_cutoff timestamptz, p_batch integer)
RETURNS bigint
LANGUAGE sql AS $$
  WITH idle AS (
    SELECT c.tenant_id, c.conversation_key FROM ${schema}.conversations c
      WHERE c.updated_at < p_cutoff AND c.status = 'active' AND c.deleted_at IS NULL
      LIMIT p_batch FOR UPDATE SKIP LOCKED
  ), archived AS (
    UPDATE ${schema}.conversations c
      SET status = 'archived', version = c.version + 1, changed_xid = pg_current_xact_id(),
        field_times = c.field_times || jsonb_build_object('status', clock_timestamp())
      FROM idle i
      WHERE c.tenant_id = i.tenant_id AND c.conversation_key = i.conversation_key
      RETURNING 1
  )
  SELECT count(*) FROM archived;
$$;
COMMENT ON FUNCTION ${schema}.archive_idle_before IS 'Archives up to a number of active conversations last used before a time.';

CREATE FUNCTION ${schema}.delete_old_conversations(
  p_age interval DEFAULT interval '7 days', p_limit integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_cutoff timestamptz := clock_timestamp() - p_age;
  v_deleted bigint;
  v_tenant text := '';
  v_owner bigint := 0;
BEGIN
  LOOP
    SELECT w.deleted, w.next_tenant, w.next_owner INTO v_deleted, v_tenant, v_owner
      FROM ${schema}.blank_messages_before(
        current_setting('lock_timeout'), v_cutoff, p_limit, v_tenant, v_owner) w;
    EXIT WHEN v_deleted > 0 OR v_tenant IS NULL;
  END LOOP;
  RETURN v_deleted;
END $$;
COMMENT ON FUNCTION ${schema}.delete_old_conversations IS 'Deletes up to a number (1,000) of messages older than an age (7 days), pinned conversations excepted; returns how many. To be repeated, each time in a transaction of its own, until it returns 0.';

CREATE FUNCTION ${schema}.get_conversation_history(
  p_user text, p_tenant text, p_limit integer DEFAULT 20)
RETURNS TABLE (conversation_id text, seq bigint, message_id uuid, role text, content text,
  parts jsonb, tool_calls jsonb, metadata jsonb, created_at timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT q.conversation_id, q.seq, q.message_id, q.role, q.content, q.parts, q.tool_calls,
      q.metadata, q.created_at
    FROM (
      SELECT c.conversation_id, m.*
        FROM ${schema}.owners o
        JOIN ${schema}.messages m ON m.tenant_id = o.tenant_id AND m.owner_key = o.owner_key
        JOIN ${schema}.conversations c ON c.tenant_id = m.tenant_id
          AND c.conversation_key = m.conversation_key AND c.generation = m.generation
          AND num_nulls(c.deleted_at) <> 0
        WHERE o.tenant_id = p_tenant AND o.user_id = p_user AND m.deleted_at IS NULL
        ORDER BY m.created_at DESC, c.conversation_id DESC, m.seq DESC
        LIMIT p_limit) q
    ORDER BY q.created_at, q.conversation_id, q.seq;
$$;
COMMENT ON FUNCTION ${schema}.get_conversation_history IS 'A user''s last messages across conversations, oldest first.';

CREATE FUNCTION ${schema}.delete_user_conversations(p_user text, p_tenant text)
RETURNS bigint
LANGUAGE sql AS $$
  SELECT e.messages FROM ${schema}.erase_owner('0', p_tenant, p_user, gen_random_uuid(), -1, false) e;
$$;
COMMENT ON FUNCTION ${schema}.delete_user_conversations IS 'Erases all that a user has in a tenant; returns the number of messages.';

CREATE FUNCTION ${schema}.purge_deleted(
  p_age interval DEFAULT interval '30 days', p_limit integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_cutoff timestamptz := clock_timestamp() - p_age;
  v_messages bigint;
  v_conversations bigint;
BEGIN
  PERFORM set_config('conversation_store.allow_delete', 'on', true);
  DELETE FROM ${schema}.messages m
    USING (
      SELECT d.tenant_id, d.conversation_key, d.generation, d.seq FROM ${schema}.messages d
        WHERE d.deleted_at < v_cutoff
        ORDER BY d.deleted_at LIMIT p_limit FOR UPDATE SKIP LOCKED) q
    WHERE m.tenant_id = q.tenant_id AND m.conversation_key = q.conversation_key
      AND m.generation = q.generation AND m.seq = q.seq;
  GET DIAGNOSTICS v_messages = ROW_COUNT;
  -- A conversation goes after its messages: with them it could take them all in one transaction.
  DELETE FROM ${schema}.conversations c
    USING (
      SELECT d.tenant_id, d.conversation_key FROM ${schema}.conversations d
        WHERE d.deleted_at < v_cutoff
          AND NOT EXISTS (SELECT FROM ${schema}.messages m
            WHERE m.tenant_id = d.tenant_id AND m.conversation_key = d.conversation_key)
        ORDER BY d.deleted_at LIMIT p_limit - v_messages FOR UPDATE SKIP LOCKED) q
    WHERE c.tenant_id = q.tenant_id AND c.conversation_key = q.conversation_key;
  GET DIAGNOSTICS v_conversations = ROW_COUNT;
  PERFORM set_config('conversation_store.allow_delete', '', true);
  RETURN v_messages + v_conversations;
END $$;
COMMENT ON FUNCTION ${schema}.purge_deleted IS 'Removes up to a number (1,000) of messages and conversations that were deleted longer ago than any node may be offline (30 days); returns how many. To be repeated, each time in a transaction of its own, until it returns 0.';
UPDATE ${schema}.store SET schema_version = 3;
