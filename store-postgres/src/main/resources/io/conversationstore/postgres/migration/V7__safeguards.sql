-- Guards against what operators may meet: an id that is used again after a purge, a bare DELETE of
-- preferences, retention over very many owners.

-- A conversation that was removed for good leaves no row that could say which generation comes next.
-- Were it 1 again, a local copy that still holds the deleted one would take the new one for older, and
-- what waits for the deleted one would reach the new one. An erasure leaves the number as it is.
ALTER TABLE ${schema}.owners ADD COLUMN purged_generation bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ${schema}.owners.purged_generation IS 'The highest generation of a conversation that purge_deleted() has removed; 0 if it has removed none. A conversation of which there is no row begins one above it.';

-- As in V2, but for the first generation.
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
        VALUES (p_tenant, o.owner_key, p_user, p_conversation, o.epoch,
          o.purged_generation + 1, 1,
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

-- As in V3, and remembers the generations.
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
  -- The owner's row keeps creates out, which take the generation from it. Nothing is waited for here.
  WITH gone AS MATERIALIZED (
    SELECT d.tenant_id, d.user_id, d.conversation_key, d.generation
      FROM ${schema}.conversations d
      JOIN ${schema}.owners o ON o.tenant_id = d.tenant_id AND o.user_id = d.user_id
      WHERE d.deleted_at < v_cutoff
        AND NOT EXISTS (SELECT FROM ${schema}.messages m
          WHERE m.tenant_id = d.tenant_id AND m.conversation_key = d.conversation_key)
      ORDER BY d.deleted_at LIMIT p_limit - v_messages FOR UPDATE OF d, o SKIP LOCKED
  ), remembered AS (
    UPDATE ${schema}.owners o
      SET purged_generation = greatest(o.purged_generation, q.generation)
      FROM (SELECT g.tenant_id, g.user_id, max(g.generation) AS generation FROM gone g
        GROUP BY g.tenant_id, g.user_id) q
      WHERE o.tenant_id = q.tenant_id AND o.user_id = q.user_id
  )
  DELETE FROM ${schema}.conversations c USING gone g
    WHERE c.tenant_id = g.tenant_id AND c.conversation_key = g.conversation_key;
  GET DIAGNOSTICS v_conversations = ROW_COUNT;
  PERFORM set_config('conversation_store.allow_delete', '', true);
  RETURN v_messages + v_conversations;
END $$;

-- The feed tells preferences, too. An erasure removes them through its function.
CREATE TRIGGER no_bare_delete BEFORE DELETE OR TRUNCATE ON ${schema}.user_preferences
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_bare_delete();

-- archive_idle_before looks for idle conversations from the start each time, by no index: over very many
-- it takes as long at the last batch as all of them take to read. It stays for nodes of the version
-- before. This one begins where the batch before ended, and looks at as many rows as it may archive,
-- each of them by its key: a join is planned by guesses, and may read all.
CREATE FUNCTION ${schema}.archive_idle_conversations(
  p_cutoff timestamptz, p_batch integer, p_tenant text DEFAULT '', p_conversation bigint DEFAULT 0)
RETURNS TABLE (archived bigint, next_tenant text, next_conversation bigint)
LANGUAGE plpgsql AS $$
DECLARE
  k record;
BEGIN
  archived := 0;
  FOR k IN
    SELECT c.tenant_id, c.conversation_key,
        c.updated_at < p_cutoff AND c.status = 'active' AND c.deleted_at IS NULL AS idle
      FROM ${schema}.conversations c
      WHERE (c.tenant_id, c.conversation_key) > (p_tenant, p_conversation)
      ORDER BY c.tenant_id, c.conversation_key LIMIT p_batch
  LOOP
    next_tenant := k.tenant_id;
    next_conversation := k.conversation_key;
    CONTINUE WHEN NOT k.idle;
    PERFORM FROM ${schema}.conversations c
      WHERE c.tenant_id = k.tenant_id AND c.conversation_key = k.conversation_key
        AND c.updated_at < p_cutoff AND c.status = 'active' AND num_nulls(c.deleted_at) <> 0
      FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;
    UPDATE ${schema}.conversations c
      SET status = 'archived', version = c.version + 1, changed_xid = pg_current_xact_id(),
        field_times = c.field_times || jsonb_build_object('status', clock_timestamp())
      WHERE c.tenant_id = k.tenant_id AND c.conversation_key = k.conversation_key;
    archived := archived + 1;
  END LOOP;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.archive_idle_conversations IS 'Looks at up to a number of conversations beyond a place and archives those that were last used before a time; says where to go on, null at the end. One that is in use right now is not idle.';

-- A dump that is restored into another cluster brings the transaction ids of the first one along. Where
-- the other one has not come as far, the feed would not tell those rows until it has.
CREATE FUNCTION ${schema}.adopt_restored_rows(p_limit integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_rows bigint;
  v_all bigint;
BEGIN
  UPDATE ${schema}.owners t SET changed_xid = pg_current_xact_id()
    WHERE (t.tenant_id, t.owner_key) IN (SELECT q.tenant_id, q.owner_key FROM ${schema}.owners q
      WHERE q.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT p_limit);
  GET DIAGNOSTICS v_all = ROW_COUNT;
  UPDATE ${schema}.conversations t SET changed_xid = pg_current_xact_id()
    WHERE (t.tenant_id, t.conversation_key) IN (
      SELECT q.tenant_id, q.conversation_key FROM ${schema}.conversations q
        WHERE q.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT p_limit - v_all);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_all := v_all + v_rows;
  UPDATE ${schema}.messages t SET changed_xid = pg_current_xact_id()
    WHERE (t.tenant_id, t.conversation_key, t.generation, t.seq) IN (
      SELECT q.tenant_id, q.conversation_key, q.generation, q.seq FROM ${schema}.messages q
        WHERE q.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT p_limit - v_all);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_all := v_all + v_rows;
  UPDATE ${schema}.user_preferences t SET changed_xid = pg_current_xact_id()
    WHERE (t.tenant_id, t.user_id) IN (
      SELECT q.tenant_id, q.user_id FROM ${schema}.user_preferences q
        WHERE q.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT p_limit - v_all);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_all := v_all + v_rows;
  -- Positions of the feed that were reached before would pass over these rows.
  UPDATE ${schema}.store SET history = gen_random_uuid() WHERE v_all > 0;
  RETURN v_all;
END $$;
COMMENT ON FUNCTION ${schema}.adopt_restored_rows IS 'For the owner of the tables to call after a dump was restored into another cluster, while no node is connected: gives up to a number (1,000) of rows that bear transaction ids of the first cluster the present one, and begins a new history; returns how many. To be repeated until it returns 0.';

-- What the columns and the unique indexes are, as the ones above have it said already.
COMMENT ON COLUMN ${schema}.nodes.node IS 'The node''s id, which it keeps with its local copy.';
COMMENT ON COLUMN ${schema}.nodes.counter IS 'One more at each contact.';
COMMENT ON COLUMN ${schema}.nodes.last_contact IS 'When the node was last in contact.';
COMMENT ON COLUMN ${schema}.store.only_row IS 'Sees to it that there is one row.';
COMMENT ON COLUMN ${schema}.store.created_at IS 'When the schema was made.';
COMMENT ON COLUMN ${schema}.owners.tenant_id IS 'The tenant''s id, chosen by the application.';
COMMENT ON COLUMN ${schema}.owners.user_id IS 'The user''s id within the tenant, chosen by the application.';
COMMENT ON COLUMN ${schema}.owners.owner_key IS 'A short key for the owner, unique within the tenant.';
COMMENT ON COLUMN ${schema}.owner_erasures.tenant_id IS 'The tenant of the owner.';
COMMENT ON COLUMN ${schema}.owner_erasures.user_id IS 'The user of the owner.';
COMMENT ON COLUMN ${schema}.owner_erasures.change_id IS 'The change that asked for the erasure.';
COMMENT ON COLUMN ${schema}.owner_erasures.epoch IS 'The epoch that the erasure began.';
COMMENT ON COLUMN ${schema}.owner_erasures.asked_at IS 'When it was asked for, offline perhaps.';
COMMENT ON COLUMN ${schema}.owner_erasures.erased_at IS 'When it was done.';
COMMENT ON COLUMN ${schema}.owner_erasures.conversations IS 'How many live conversations it removed.';
COMMENT ON COLUMN ${schema}.owner_erasures.messages IS 'How many live messages it removed.';
COMMENT ON COLUMN ${schema}.conversations.tenant_id IS 'The tenant of the owner.';
COMMENT ON COLUMN ${schema}.conversations.conversation_key IS 'A short key for the conversation, the same in all its generations.';
COMMENT ON COLUMN ${schema}.conversations.owner_key IS 'The owner''s short key.';
COMMENT ON COLUMN ${schema}.conversations.user_id IS 'The user of the owner.';
COMMENT ON COLUMN ${schema}.conversations.deleted_at IS 'When this generation was deleted; null while it is live.';
COMMENT ON COLUMN ${schema}.conversations.status IS 'Active or archived.';
COMMENT ON COLUMN ${schema}.conversations.pinned IS 'Whether retention leaves its messages.';
COMMENT ON COLUMN ${schema}.conversations.created_at IS 'When this generation was created.';
COMMENT ON COLUMN ${schema}.conversations.updated_at IS 'When it was last used: a message, an edit, a field, a touch.';
COMMENT ON COLUMN ${schema}.conversations.expires_at IS 'When the application wants it to end; null for never. Nothing deletes it then.';
COMMENT ON COLUMN ${schema}.conversations.message_count IS 'How many live messages it has.';
COMMENT ON COLUMN ${schema}.conversations.prompt_tokens IS 'The sum over its live messages.';
COMMENT ON COLUMN ${schema}.conversations.completion_tokens IS 'The sum over its live messages.';
COMMENT ON COLUMN ${schema}.conversations.total_tokens IS 'The sum over its live messages.';
COMMENT ON COLUMN ${schema}.conversations.title IS 'Null where it is deleted.';
COMMENT ON COLUMN ${schema}.conversations.settings IS 'The application''s settings; null where it is deleted.';
COMMENT ON COLUMN ${schema}.conversations.metadata IS 'The application''s own fields; null where it is deleted.';
COMMENT ON COLUMN ${schema}.conversations.tags IS 'Null where it is deleted.';
COMMENT ON COLUMN ${schema}.messages.tenant_id IS 'The tenant of the owner.';
COMMENT ON COLUMN ${schema}.messages.conversation_key IS 'The conversation.';
COMMENT ON COLUMN ${schema}.messages.generation IS 'The generation of the conversation that the message belongs to.';
COMMENT ON COLUMN ${schema}.messages.seq IS 'The place in the conversation, from 1, in the order of commits: given without gaps, but a purge takes deleted ones away.';
COMMENT ON COLUMN ${schema}.messages.owner_key IS 'The owner''s short key.';
COMMENT ON COLUMN ${schema}.messages.epoch IS 'The owner''s epoch that the row belongs to.';
COMMENT ON COLUMN ${schema}.messages.message_id IS 'Made by the client, unique within the generation.';
COMMENT ON COLUMN ${schema}.messages.version IS 'One more at each change of the row.';
COMMENT ON COLUMN ${schema}.messages.created_at IS 'When it was appended by the clock of this server, or as an import says; never earlier than the message before, except in an import.';
COMMENT ON COLUMN ${schema}.messages.edited_at IS 'When its content was last edited; null if never.';
COMMENT ON COLUMN ${schema}.messages.deleted_at IS 'When it was deleted; null while it is live.';
COMMENT ON COLUMN ${schema}.messages.is_error IS 'Whether a tool tells that it failed.';
COMMENT ON COLUMN ${schema}.messages.prompt_tokens IS 'Tokens of the prompt, where the model said so.';
COMMENT ON COLUMN ${schema}.messages.completion_tokens IS 'Tokens of the answer, where the model said so.';
COMMENT ON COLUMN ${schema}.messages.total_tokens IS 'Tokens of both, where the model said so.';
COMMENT ON COLUMN ${schema}.messages.role IS 'Who speaks; null where it is deleted.';
COMMENT ON COLUMN ${schema}.messages.name IS 'The name of the speaker; null for none.';
COMMENT ON COLUMN ${schema}.messages.model IS 'The model that wrote it; null if none is known.';
COMMENT ON COLUMN ${schema}.messages.tool_call_id IS 'The tool call that this message answers; null for none.';
COMMENT ON COLUMN ${schema}.messages.tool_calls IS 'The tool calls that it asks for; null for none.';
COMMENT ON COLUMN ${schema}.user_preferences.tenant_id IS 'The tenant of the owner.';
COMMENT ON COLUMN ${schema}.user_preferences.user_id IS 'The user of the owner.';
COMMENT ON COLUMN ${schema}.user_preferences.owner_key IS 'The owner''s short key.';
COMMENT ON COLUMN ${schema}.user_preferences.epoch IS 'The owner''s epoch that the row belongs to.';
COMMENT ON COLUMN ${schema}.user_preferences.version IS 'One more at each change of the row.';
COMMENT ON COLUMN ${schema}.user_preferences.active_conversation IS 'The id of the conversation in use; null for none.';
COMMENT ON COLUMN ${schema}.user_preferences.active_conversation_time IS 'When that was chosen.';
COMMENT ON COLUMN ${schema}.user_preferences.selected_model IS 'The model in use; null for none.';
COMMENT ON COLUMN ${schema}.user_preferences.selected_model_time IS 'When that was chosen.';
COMMENT ON COLUMN ${schema}.user_preferences.recent_changes IS 'The last changes of the row, by which a repeated one is known.';
COMMENT ON INDEX ${schema}.store_pkey IS 'One row.';
COMMENT ON INDEX ${schema}.nodes_pkey IS 'A node by its id.';
COMMENT ON INDEX ${schema}.owners_pkey IS 'An owner by tenant and user.';
COMMENT ON INDEX ${schema}.owners_tenant_id_owner_key_key IS 'An owner by its short key: retention, active users.';
COMMENT ON INDEX ${schema}.owner_erasures_pkey IS 'The receipt of an erasure that is repeated.';
COMMENT ON INDEX ${schema}.conversations_pkey IS 'A message''s conversation; all conversations in batches.';
COMMENT ON INDEX ${schema}.conversations_tenant_id_user_id_conversation_id_key IS 'A conversation by the id that the application gave it.';
COMMENT ON INDEX ${schema}.messages_pkey IS 'Messages of a conversation in their order: last ones, pages, one place.';
COMMENT ON INDEX ${schema}.messages_tenant_id_conversation_key_generation_message_id_key IS 'A message by its id, so that a repeated append is known.';
COMMENT ON INDEX ${schema}.user_preferences_pkey IS 'An owner''s preferences.';

UPDATE ${schema}.store SET schema_version = 7;
