-- Takes V7 back: all data stays. What was purged is forgotten: do not go back while a node is offline.

-- The functions as V2 and V3 made them.
CREATE OR REPLACE FUNCTION ${schema}.create_conversation(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_replay boolean, p_time timestamptz, p_strict boolean, p_new jsonb)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  c ${schema}.conversations, m ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  o ${schema}.owners;
  v_at timestamptz;
  v_landed bigint;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  o := ${schema}.shared_owner(p_tenant, p_user);
  changed := false;
  given := false;
  IF p_epoch <> -1 AND p_epoch <> o.epoch THEN
    IF NOT p_replay THEN
      RAISE EXCEPTION 'the epoch is not the present one' USING ERRCODE = 'CS006';
    ELSIF p_epoch < o.epoch THEN
      dropped := 'its owner was erased';
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  LOOP
    SELECT * INTO c FROM ${schema}.conversations t
      WHERE t.tenant_id = p_tenant AND t.user_id = p_user AND t.conversation_id = p_conversation
      FOR UPDATE;
    v_at := clock_timestamp();
    v_landed := CASE WHEN p_change = c.created_by THEN c.generation
      ELSE ${schema}.landing(c.recent_changes, p_change) END;
    IF p_replay THEN
      v_at := least(p_time, v_at);
    END IF;
    IF NOT FOUND THEN
      INSERT INTO ${schema}.conversations AS t (tenant_id, owner_key, user_id, conversation_id,
          epoch, generation, version, title, settings, metadata, tags, pinned, created_at,
          updated_at, expires_at, last_message_at, created_by)
        VALUES (p_tenant, o.owner_key, p_user, p_conversation, o.epoch, 1, 1,
          p_new ->> 'title', p_new -> 'settings', p_new -> 'metadata',
          ARRAY(SELECT jsonb_array_elements_text(p_new -> 'tags')),
          (p_new ->> 'pinned')::boolean, v_at, v_at, (p_new ->> 'expires_at')::timestamptz, v_at,
          p_change)
        ON CONFLICT (tenant_id, user_id, conversation_id) DO NOTHING
        RETURNING * INTO c;
      CONTINUE WHEN NOT FOUND;
      changed := true;
    ELSIF v_landed IS NOT NULL THEN
      -- Done before and deleted since: it does not come back, nor does it mean a later generation.
      IF c.deleted_at IS NOT NULL OR v_landed <> c.generation THEN
        IF NOT p_replay THEN
          RAISE EXCEPTION 'no such conversation' USING ERRCODE = 'CS001';
        END IF;
        dropped := 'its conversation was deleted';
        c := NULL;
      END IF;
    ELSIF c.deleted_at IS NULL THEN
      IF p_strict THEN
        RAISE EXCEPTION 'conversation exists' USING ERRCODE = 'CS002';
      ELSIF p_replay THEN
        -- What follows it in a queue was meant for this generation, also if it is sent twice.
        UPDATE ${schema}.conversations AS t
          SET recent_changes =
            ${schema}.remember(t.recent_changes, p_change, t.generation, v_at)
          WHERE t.tenant_id = p_tenant AND t.conversation_key = c.conversation_key
          RETURNING * INTO c;
      END IF;
    ELSE
      UPDATE ${schema}.conversations AS t
        SET epoch = o.epoch, generation = t.generation + 1, version = 1, deleted_at = NULL,
          title = p_new ->> 'title', status = 'active', settings = p_new -> 'settings',
          metadata = p_new -> 'metadata',
          tags = ARRAY(SELECT jsonb_array_elements_text(p_new -> 'tags')),
          pinned = (p_new ->> 'pinned')::boolean, created_at = v_at, updated_at = v_at,
          expires_at = (p_new ->> 'expires_at')::timestamptz, last_message_at = v_at,
          last_seq = 0, message_count = 0, prompt_tokens = 0, completion_tokens = 0,
          total_tokens = 0, field_times = '{}', created_by = p_change,
          recent_changes = ${schema}.remember(
            t.recent_changes, t.created_by, t.generation, t.created_at),
          changed_xid = pg_current_xact_id()
        WHERE t.tenant_id = p_tenant AND t.conversation_key = c.conversation_key
        RETURNING * INTO c;
      changed := true;
    END IF;
    RETURN NEXT;
    RETURN;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.purge_deleted(
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

DROP FUNCTION ${schema}.adopt_restored_rows;
DROP FUNCTION ${schema}.archive_idle_conversations;
DROP TRIGGER no_bare_delete ON ${schema}.user_preferences;
ALTER TABLE ${schema}.owners DROP COLUMN purged_generation;
UPDATE ${schema}.store SET schema_version = 6;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '7';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
