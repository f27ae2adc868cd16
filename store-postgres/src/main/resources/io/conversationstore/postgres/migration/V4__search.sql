-- Full-text search: the library cuts a message's text into words and stores their keys beside it, in
-- the same call that stores the text. A key is a 64-bit hash of tenant, user and word, so that the
-- index answers for one owner alone; what a hash gives too many, the library leaves out.

ALTER TABLE ${schema}.messages ADD COLUMN search_tokens bigint[];
COMMENT ON COLUMN ${schema}.messages.search_tokens IS 'Keys of the words, each of tenant, user and word; null where they are not computed yet or the message is deleted.';

-- New keys wait in a list of 512 kB at most: it is read by every search, and written out by the
-- append that fills it.
CREATE INDEX messages_search ON ${schema}.messages
  USING gin (search_tokens) WITH (gin_pending_list_limit = 512)
  WHERE search_tokens IS NOT NULL;
COMMENT ON INDEX ${schema}.messages_search IS 'Messages by the words of their text.';
CREATE INDEX messages_not_searchable ON ${schema}.messages
  (tenant_id, owner_key, conversation_key, generation, seq)
  WHERE search_tokens IS NULL AND deleted_at IS NULL;
COMMENT ON INDEX ${schema}.messages_not_searchable IS 'Messages whose keys the next search of their owner computes: older than this column, or written with search off. Mostly empty.';

CREATE FUNCTION ${schema}.forget_search_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search_tokens := NULL;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION ${schema}.forget_search_tokens() IS 'Takes the keys of a message away with its text.';
CREATE TRIGGER forget_search_tokens BEFORE UPDATE ON ${schema}.messages FOR EACH ROW
  WHEN (NEW.deleted_at IS NOT NULL AND NEW.search_tokens IS NOT NULL)
  EXECUTE FUNCTION ${schema}.forget_search_tokens();

-- As in V2, and stores the keys. Where a caller knows nothing of them, they are null.
CREATE OR REPLACE FUNCTION ${schema}.append_messages(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text,
  p_epoch bigint, p_generation bigint, p_replay boolean, p_time timestamptz,
  p_check_last boolean, p_last uuid, p_edit_existing boolean, p_messages json)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  c ${schema}.conversations, m ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  h ${schema}.conversations;
  x record;
  v_at timestamptz;
  v_seq bigint;
  v_last_at timestamptz;
  v_new boolean := false;
  v_count bigint := 0;
  v_edits bigint := 0;
  v_prompt bigint := 0;
  v_completion bigint := 0;
  v_total bigint := 0;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  given := false;
  SELECT * INTO h FROM ${schema}.conversations t
    WHERE t.tenant_id = p_tenant AND t.user_id = p_user AND t.conversation_id = p_conversation
    FOR UPDATE;
  IF NOT FOUND OR h.deleted_at IS NOT NULL OR p_epoch NOT IN (-1, h.epoch)
      OR p_generation NOT IN (0, h.generation) THEN
    dropped := ${schema}.misfit(p_tenant, p_user, p_epoch, p_generation, p_replay, h);
    IF dropped IS NOT NULL THEN
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  -- What is there already is decided before the condition, which counts only if something is new.
  -- OFFSET 0: each is looked up by its id; joined, all of a long conversation may be read for it.
  IF p_check_last THEN
    FOR x IN
      SELECT g.id, t.message_id IS NULL AS is_new,
          t.digest IS DISTINCT FROM decode(g.digest, 'hex') AS differs
        FROM ROWS FROM (json_to_recordset(p_messages) AS (id uuid, digest text))
          WITH ORDINALITY AS g (id, digest, place)
        LEFT JOIN LATERAL (SELECT m.message_id, m.digest FROM ${schema}.messages m
          WHERE m.tenant_id = p_tenant AND m.conversation_key = h.conversation_key
            AND m.generation = h.generation AND m.message_id = g.id OFFSET 0) t ON true
        ORDER BY g.place
    LOOP
      IF x.is_new THEN
        v_new := true;
      ELSIF x.differs AND NOT p_edit_existing THEN
        RAISE EXCEPTION 'message % exists with other content', x.id USING ERRCODE = 'CS004';
      END IF;
    END LOOP;
  END IF;
  IF v_new AND p_last IS DISTINCT FROM (
      SELECT t.message_id FROM ${schema}.messages t
        WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
          AND t.generation = h.generation AND num_nulls(t.deleted_at) <> 0
        ORDER BY t.seq DESC LIMIT 1) THEN
    RAISE EXCEPTION 'the last message is another one' USING ERRCODE = 'CS005';
  END IF;
  v_at := clock_timestamp();
  IF p_replay THEN
    v_at := least(p_time, v_at);
  END IF;
  v_seq := h.last_seq;
  v_last_at := h.last_message_at;
  FOR x IN
    SELECT * FROM json_to_recordset(p_messages) AS g (
      id uuid, digest text, role text, content text, parts jsonb, tool_calls jsonb,
      tool_call_id text, name text, is_error boolean, model text, prompt_tokens bigint,
      completion_tokens bigint, total_tokens bigint, metadata jsonb, created_at timestamptz,
      search_tokens bigint[])
  LOOP
    SELECT * INTO m FROM ${schema}.messages t
      WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
        AND t.generation = h.generation AND t.message_id = x.id;
    IF NOT FOUND THEN
      v_seq := v_seq + 1;
      INSERT INTO ${schema}.messages (tenant_id, conversation_key, generation, seq, owner_key,
          epoch, message_id, version, digest, created_at, role, content, parts, tool_calls,
          tool_call_id, name, is_error, model, prompt_tokens, completion_tokens, total_tokens,
          metadata, search_tokens)
        VALUES (p_tenant, h.conversation_key, h.generation, v_seq, h.owner_key, h.epoch, x.id, 1,
          decode(x.digest, 'hex'), coalesce(x.created_at, greatest(v_last_at, v_at)), x.role,
          x.content, x.parts, x.tool_calls, x.tool_call_id, x.name, coalesce(x.is_error, false),
          x.model, x.prompt_tokens, x.completion_tokens, x.total_tokens, x.metadata,
          x.search_tokens)
        RETURNING * INTO m;
      v_count := v_count + 1;
      v_prompt := v_prompt + coalesce(x.prompt_tokens, 0);
      v_completion := v_completion + coalesce(x.completion_tokens, 0);
      v_total := v_total + coalesce(x.total_tokens, 0);
      v_last_at := greatest(v_last_at, m.created_at);
      given := true;
    ELSIF m.digest = decode(x.digest, 'hex') THEN
      given := m.edited_at IS NULL AND m.deleted_at IS NULL;
    ELSIF NOT p_edit_existing THEN
      RAISE EXCEPTION 'message % exists with other content', x.id USING ERRCODE = 'CS004';
    ELSE
      given := false;
      IF m.deleted_at IS NULL
          AND (m.content IS DISTINCT FROM x.content OR m.parts IS DISTINCT FROM x.parts)
          AND (NOT p_replay OR m.edited_at IS NULL OR v_at > m.edited_at) THEN
        UPDATE ${schema}.messages t
          SET content = x.content, parts = x.parts, search_tokens = x.search_tokens,
            version = t.version + 1,
            edited_at = greatest(t.edited_at, v_at), edited_by = NULL,
            changed_xid = pg_current_xact_id()
          WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
            AND t.generation = h.generation AND t.seq = m.seq
          RETURNING * INTO m;
        v_edits := v_edits + 1;
      END IF;
    END IF;
    IF given THEN
      m.content := NULL;
      m.parts := NULL;
      m.tool_calls := NULL;
      m.metadata := NULL;
    END IF;
    m.search_tokens := NULL;
    RETURN NEXT;
  END LOOP;
  IF v_count + v_edits > 0 THEN
    UPDATE ${schema}.conversations t
      SET version = t.version + 1, last_seq = v_seq, message_count = t.message_count + v_count,
        prompt_tokens = t.prompt_tokens + v_prompt,
        completion_tokens = t.completion_tokens + v_completion,
        total_tokens = t.total_tokens + v_total, last_message_at = v_last_at,
        updated_at = greatest(t.updated_at, v_at), changed_xid = pg_current_xact_id()
      WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
      RETURNING * INTO h;
    changed := true;
  END IF;
  given := false;
  c := h;
  m := NULL;
  RETURN NEXT;
END $$;

-- As in V2, and stores the keys. The parameter has a default: nodes of the version before go on
-- calling it without.
DROP FUNCTION ${schema}.edit_message(text, text, text, text, uuid, bigint, bigint, boolean,
  timestamptz, uuid, text, jsonb);
CREATE FUNCTION ${schema}.edit_message(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_generation bigint, p_replay boolean, p_time timestamptz,
  p_message uuid, p_content text, p_parts jsonb, p_search_tokens bigint[] DEFAULT NULL)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  c ${schema}.conversations, m ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  h ${schema}.conversations;
  v_at timestamptz;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  given := false;
  SELECT * INTO h FROM ${schema}.conversations t
    WHERE t.tenant_id = p_tenant AND t.user_id = p_user AND t.conversation_id = p_conversation
    FOR UPDATE;
  dropped := ${schema}.misfit(p_tenant, p_user, p_epoch, p_generation, p_replay, h);
  IF dropped IS NOT NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT * INTO m FROM ${schema}.messages t
    WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
      AND t.generation = h.generation AND t.message_id = p_message;
  IF NOT FOUND OR (m.deleted_at IS NOT NULL AND NOT p_replay) THEN
    RAISE EXCEPTION 'no such message' USING ERRCODE = 'CS003';
  ELSIF m.deleted_at IS NOT NULL THEN
    dropped := 'its message was deleted';
    m := NULL;
    RETURN NEXT;
    RETURN;
  END IF;
  v_at := clock_timestamp();
  IF p_replay THEN
    v_at := least(p_time, v_at);
  END IF;
  -- Edits compete with edits alone: the creation time may have been moved on for order's sake.
  IF p_change IS DISTINCT FROM m.edited_by
      AND (NOT p_replay OR m.edited_at IS NULL OR v_at > m.edited_at) THEN
    UPDATE ${schema}.messages t
      SET content = p_content, parts = p_parts, search_tokens = p_search_tokens,
        version = t.version + 1,
        edited_at = greatest(t.edited_at, v_at), edited_by = p_change,
        changed_xid = pg_current_xact_id()
      WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
        AND t.generation = h.generation AND t.seq = m.seq
      RETURNING * INTO m;
    UPDATE ${schema}.conversations t
      SET version = t.version + 1, updated_at = greatest(t.updated_at, v_at),
        changed_xid = pg_current_xact_id()
      WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
      RETURNING * INTO h;
    changed := true;
  END IF;
  m.search_tokens := NULL;
  RETURN NEXT;
  c := h;
  m := NULL;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.edit_message IS 'Replaces the content of a message.';
UPDATE ${schema}.store SET schema_version = 4;
