-- Functions that apply changes, one call each. Each locks the conversation's row first, so that
-- changes of one conversation follow one another; each later statement then sees all that was
-- committed before. They return the rows as they are afterwards: messages first, the conversation
-- last. What a replayed change may no longer do comes back as a reason in "dropped"; what a caller
-- got wrong is raised with a SQLSTATE of class CS and without content:
--   CS001 no such conversation   CS002 conversation exists    CS003 no such message
--   CS004 message exists with other content                   CS005 condition does not hold
--   CS006 epoch or generation is not the present one

CREATE FUNCTION ${schema}.remember(
  p_changes jsonb, p_change uuid, p_generation bigint, p_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(e.landing ORDER BY e.place)
    FROM jsonb_array_elements(p_changes || jsonb_build_array(jsonb_build_object(
        'change', p_change, 'generation', p_generation, 'at', p_at)))
      WITH ORDINALITY AS e (landing, place)
    WHERE e.place > jsonb_array_length(p_changes) - 15;
$$;
COMMENT ON FUNCTION ${schema}.remember IS 'The last sixteen changes: in which generation each took effect, and when.';

CREATE FUNCTION ${schema}.landing(p_changes jsonb, p_change uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT (e.landing ->> 'generation')::bigint FROM jsonb_array_elements(p_changes) AS e (landing)
    WHERE e.landing ->> 'change' = p_change::text LIMIT 1;
$$;
COMMENT ON FUNCTION ${schema}.landing IS 'The generation in which a remembered change took effect; null if it is not remembered.';

-- Why a change of a conversation that does not fit is dropped; raises where that is an error.
CREATE FUNCTION ${schema}.misfit(
  p_tenant text, p_user text, p_epoch bigint, p_generation bigint, p_replay boolean,
  c ${schema}.conversations) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  v_epoch bigint;
BEGIN
  IF p_epoch <> -1 THEN
    SELECT o.epoch INTO v_epoch FROM ${schema}.owners o
      WHERE o.tenant_id = p_tenant AND o.user_id = p_user;
    v_epoch := coalesce(v_epoch, 0);
    IF p_replay AND p_epoch < v_epoch THEN
      RETURN 'its owner was erased';
    ELSIF NOT p_replay AND p_epoch <> v_epoch THEN
      RAISE EXCEPTION 'the epoch is not the present one' USING ERRCODE = 'CS006';
    END IF;
  END IF;
  IF c.conversation_key IS NULL THEN
    RAISE EXCEPTION 'no such conversation' USING ERRCODE = 'CS001';
  ELSIF p_generation = 0 AND c.deleted_at IS NULL THEN
    RETURN NULL;
  ELSIF p_generation = c.generation AND c.deleted_at IS NULL THEN
    RETURN NULL;
  ELSIF p_replay AND p_generation <= c.generation THEN
    RETURN 'its conversation was deleted';
  ELSIF p_replay OR p_generation = 0 THEN
    RAISE EXCEPTION 'no such conversation' USING ERRCODE = 'CS001';
  END IF;
  RAISE EXCEPTION 'the generation is not the live one' USING ERRCODE = 'CS006';
END $$;

-- The owner's row, made if it is not there, under a share lock that keeps an erasure out.
CREATE FUNCTION ${schema}.shared_owner(p_tenant text, p_user text) RETURNS ${schema}.owners
LANGUAGE plpgsql AS $$
DECLARE
  o ${schema}.owners;
BEGIN
  LOOP
    SELECT * INTO o FROM ${schema}.owners w
      WHERE w.tenant_id = p_tenant AND w.user_id = p_user FOR SHARE;
    IF FOUND THEN
      RETURN o;
    END IF;
    -- For this key alone: another unique index that somebody added is an error, not an endless loop.
    INSERT INTO ${schema}.owners (tenant_id, user_id) VALUES (p_tenant, p_user)
      ON CONFLICT (tenant_id, user_id) DO NOTHING;
  END LOOP;
END $$;

CREATE FUNCTION ${schema}.create_conversation(
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
COMMENT ON FUNCTION ${schema}.create_conversation IS 'Creates a conversation or joins the live one of that id.';

CREATE FUNCTION ${schema}.append_messages(
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
      completion_tokens bigint, total_tokens bigint, metadata jsonb, created_at timestamptz)
  LOOP
    SELECT * INTO m FROM ${schema}.messages t
      WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
        AND t.generation = h.generation AND t.message_id = x.id;
    IF NOT FOUND THEN
      v_seq := v_seq + 1;
      INSERT INTO ${schema}.messages (tenant_id, conversation_key, generation, seq, owner_key,
          epoch, message_id, version, digest, created_at, role, content, parts, tool_calls,
          tool_call_id, name, is_error, model, prompt_tokens, completion_tokens, total_tokens,
          metadata)
        VALUES (p_tenant, h.conversation_key, h.generation, v_seq, h.owner_key, h.epoch, x.id, 1,
          decode(x.digest, 'hex'), coalesce(x.created_at, greatest(v_last_at, v_at)), x.role,
          x.content, x.parts, x.tool_calls, x.tool_call_id, x.name, coalesce(x.is_error, false),
          x.model, x.prompt_tokens, x.completion_tokens, x.total_tokens, x.metadata)
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
          SET content = x.content, parts = x.parts, version = t.version + 1,
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
COMMENT ON FUNCTION ${schema}.append_messages IS 'Appends messages, all or none; those that are there already are left.';

CREATE FUNCTION ${schema}.update_conversation(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_generation bigint, p_replay boolean, p_time timestamptz, p_fields jsonb)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  c ${schema}.conversations, m ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_written timestamptz;
  v_at timestamptz;
  v_field text;
  v_times jsonb;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  given := false;
  SELECT * INTO c FROM ${schema}.conversations t
    WHERE t.tenant_id = p_tenant AND t.user_id = p_user AND t.conversation_id = p_conversation
    FOR UPDATE;
  IF ${schema}.landing(c.recent_changes, p_change) IS NOT NULL AND c.deleted_at IS NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  dropped := ${schema}.misfit(p_tenant, p_user, p_epoch, p_generation, p_replay, c);
  IF dropped IS NOT NULL THEN
    c := NULL;
    RETURN NEXT;
    RETURN;
  END IF;
  v_at := clock_timestamp();
  v_times := c.field_times;
  IF p_replay THEN
    v_at := least(p_time, v_at);
  END IF;
  FOR v_field IN SELECT jsonb_object_keys(p_fields) LOOP
    v_written := coalesce((v_times ->> v_field)::timestamptz, c.created_at);
    IF p_replay AND v_at <= v_written THEN
      p_fields := p_fields - v_field;
    ELSE
      v_times := v_times || jsonb_build_object(v_field, greatest(v_written, v_at));
    END IF;
  END LOOP;
  IF p_fields <> '{}' OR v_at > c.updated_at OR NOT p_replay THEN
    UPDATE ${schema}.conversations t
      SET title = CASE WHEN p_fields ? 'title' THEN p_fields ->> 'title' ELSE t.title END,
        status = CASE WHEN p_fields ? 'status' THEN p_fields ->> 'status' ELSE t.status END,
        settings = CASE WHEN p_fields ? 'settings' THEN p_fields -> 'settings' ELSE t.settings END,
        metadata = CASE WHEN p_fields ? 'metadata' THEN p_fields -> 'metadata' ELSE t.metadata END,
        tags = CASE WHEN p_fields ? 'tags'
          THEN ARRAY(SELECT jsonb_array_elements_text(p_fields -> 'tags')) ELSE t.tags END,
        pinned = CASE WHEN p_fields ? 'pinned'
          THEN (p_fields ->> 'pinned')::boolean ELSE t.pinned END,
        expires_at = CASE WHEN p_fields ? 'expires_at'
          THEN (p_fields ->> 'expires_at')::timestamptz ELSE t.expires_at END,
        field_times = v_times, updated_at = greatest(t.updated_at, v_at),
        version = t.version + 1, changed_xid = pg_current_xact_id(),
        recent_changes = ${schema}.remember(t.recent_changes, p_change, t.generation, v_at)
      WHERE t.tenant_id = p_tenant AND t.conversation_key = c.conversation_key
      RETURNING * INTO c;
    changed := true;
  END IF;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.update_conversation IS 'Writes the named fields of a conversation; none is a touch.';

CREATE FUNCTION ${schema}.delete_conversation(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_generation bigint, p_replay boolean)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  c ${schema}.conversations, m ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_at timestamptz;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  given := false;
  SELECT * INTO c FROM ${schema}.conversations t
    WHERE t.tenant_id = p_tenant AND t.user_id = p_user AND t.conversation_id = p_conversation
    FOR UPDATE;
  -- Done before: this very change, or a generation that is deleted already.
  IF ${schema}.landing(c.recent_changes, p_change) IS NOT NULL
      OR (p_epoch IN (-1, c.epoch) AND p_generation <> 0
        AND (p_generation < c.generation
          OR (p_generation = c.generation AND c.deleted_at IS NOT NULL)))
      OR (p_epoch IN (-1, c.epoch) AND p_replay AND p_generation = 0
        AND c.deleted_at IS NOT NULL) THEN
    RETURN NEXT;
    RETURN;
  END IF;
  dropped := ${schema}.misfit(p_tenant, p_user, p_epoch, p_generation, p_replay, c);
  IF dropped IS NOT NULL THEN
    c := NULL;
    RETURN NEXT;
    RETURN;
  END IF;
  v_at := clock_timestamp();
  UPDATE ${schema}.messages t
    SET deleted_at = v_at, version = t.version + 1, role = NULL, content = NULL, parts = NULL,
      tool_calls = NULL, tool_call_id = NULL, name = NULL, model = NULL, is_error = false,
      prompt_tokens = NULL, completion_tokens = NULL, total_tokens = NULL, metadata = NULL,
      edited_at = NULL, edited_by = NULL, changed_xid = pg_current_xact_id()
    WHERE t.tenant_id = p_tenant AND t.conversation_key = c.conversation_key
      AND t.generation = c.generation AND num_nulls(t.deleted_at) <> 0;
  UPDATE ${schema}.conversations t
    SET deleted_at = v_at, version = t.version + 1, title = NULL, settings = NULL,
      metadata = NULL, tags = NULL, pinned = false, status = 'active', expires_at = NULL,
      field_times = '{}', message_count = 0, prompt_tokens = 0, completion_tokens = 0,
      total_tokens = 0,
      recent_changes = ${schema}.remember(t.recent_changes, p_change, t.generation, v_at),
      changed_xid = pg_current_xact_id()
    WHERE t.tenant_id = p_tenant AND t.conversation_key = c.conversation_key
    RETURNING * INTO c;
  changed := true;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.delete_conversation IS 'Blanks a conversation and its messages where they stand.';

CREATE FUNCTION ${schema}.edit_message(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_generation bigint, p_replay boolean, p_time timestamptz,
  p_message uuid, p_content text, p_parts jsonb)
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
      SET content = p_content, parts = p_parts, version = t.version + 1,
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
  RETURN NEXT;
  c := h;
  m := NULL;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.edit_message IS 'Replaces the content of a message.';

CREATE FUNCTION ${schema}.delete_message(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text,
  p_epoch bigint, p_generation bigint, p_replay boolean, p_message uuid)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  c ${schema}.conversations, m ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  h ${schema}.conversations;
  v_old ${schema}.messages;
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
  SELECT * INTO v_old FROM ${schema}.messages t
    WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
      AND t.generation = h.generation AND t.message_id = p_message;
  IF FOUND THEN
    m := v_old;
    IF v_old.deleted_at IS NULL THEN
      UPDATE ${schema}.messages t
        SET deleted_at = clock_timestamp(), version = t.version + 1, role = NULL, content = NULL,
          parts = NULL, tool_calls = NULL, tool_call_id = NULL, name = NULL, model = NULL,
          is_error = false, prompt_tokens = NULL, completion_tokens = NULL, total_tokens = NULL,
          metadata = NULL, edited_at = NULL, edited_by = NULL, changed_xid = pg_current_xact_id()
        WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
          AND t.generation = h.generation AND t.seq = v_old.seq
        RETURNING * INTO m;
      UPDATE ${schema}.conversations t
        SET version = t.version + 1, message_count = t.message_count - 1,
          prompt_tokens = greatest(0, t.prompt_tokens - coalesce(v_old.prompt_tokens, 0)),
          completion_tokens =
            greatest(0, t.completion_tokens - coalesce(v_old.completion_tokens, 0)),
          total_tokens = greatest(0, t.total_tokens - coalesce(v_old.total_tokens, 0)),
          changed_xid = pg_current_xact_id()
        WHERE t.tenant_id = p_tenant AND t.conversation_key = h.conversation_key
        RETURNING * INTO h;
      changed := true;
    END IF;
    RETURN NEXT;
  END IF;
  c := h;
  m := NULL;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.delete_message IS 'Blanks a message where it stands.';

CREATE FUNCTION ${schema}.put_preferences(
  p_lock_timeout text, p_tenant text, p_user text, p_change uuid, p_epoch bigint,
  p_replay boolean, p_time timestamptz, p_sets_active boolean, p_active text,
  p_generation bigint, p_sets_model boolean, p_model text)
RETURNS TABLE (dropped text, changed boolean, p ${schema}.user_preferences)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  o ${schema}.owners;
  h ${schema}.conversations;
  v_at timestamptz;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  o := ${schema}.shared_owner(p_tenant, p_user);
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
    SELECT * INTO p FROM ${schema}.user_preferences t
      WHERE t.tenant_id = p_tenant AND t.user_id = p_user FOR UPDATE;
    EXIT WHEN FOUND;
    INSERT INTO ${schema}.user_preferences (tenant_id, user_id, owner_key, epoch, version)
      VALUES (p_tenant, p_user, o.owner_key, o.epoch, 1)
      ON CONFLICT (tenant_id, user_id) DO NOTHING RETURNING * INTO p;
    IF FOUND THEN
      changed := true;
      p.version := 0;
      EXIT;
    END IF;
  END LOOP;
  IF ${schema}.landing(p.recent_changes, p_change) IS NOT NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  IF p_sets_active AND p_active IS NOT NULL AND (p_generation = 0 OR NOT p_replay) THEN
    SELECT * INTO h FROM ${schema}.conversations t
      WHERE t.tenant_id = p_tenant AND t.user_id = p_user AND t.conversation_id = p_active
      FOR SHARE;
    IF NOT FOUND OR (h.deleted_at IS NOT NULL AND p_generation = 0 AND NOT p_replay) THEN
      RAISE EXCEPTION 'no such conversation' USING ERRCODE = 'CS001';
    ELSIF p_generation <> 0 AND (p_generation <> h.generation OR h.deleted_at IS NOT NULL) THEN
      RAISE EXCEPTION 'the generation is not the live one' USING ERRCODE = 'CS006';
    END IF;
    p_generation := h.generation;
  END IF;
  v_at := clock_timestamp();
  IF p_replay THEN
    v_at := least(p_time, v_at);
    p_sets_active := p_sets_active AND v_at > coalesce(p.active_conversation_time, '-infinity');
    p_sets_model := p_sets_model AND v_at > coalesce(p.selected_model_time, '-infinity');
  END IF;
  IF changed OR p_sets_active OR p_sets_model THEN
    UPDATE ${schema}.user_preferences t
      SET version = p.version + 1,
        active_conversation = CASE WHEN p_sets_active THEN p_active ELSE t.active_conversation END,
        active_generation = CASE WHEN NOT p_sets_active THEN t.active_generation
          WHEN p_active IS NULL THEN 0 ELSE p_generation END,
        active_conversation_time = CASE WHEN p_sets_active
          THEN greatest(t.active_conversation_time, v_at) ELSE t.active_conversation_time END,
        selected_model = CASE WHEN p_sets_model THEN p_model ELSE t.selected_model END,
        selected_model_time = CASE WHEN p_sets_model
          THEN greatest(t.selected_model_time, v_at) ELSE t.selected_model_time END,
        recent_changes = ${schema}.remember(t.recent_changes, p_change, 0, v_at),
        changed_xid = pg_current_xact_id()
      WHERE t.tenant_id = p_tenant AND t.user_id = p_user
      RETURNING * INTO p;
    changed := true;
  END IF;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.put_preferences IS 'Writes an owner''s preferences.';

CREATE FUNCTION ${schema}.erase_owner(
  p_lock_timeout text, p_tenant text, p_user text, p_change uuid, p_epoch bigint,
  p_replay boolean, p_time timestamptz DEFAULT NULL)
RETURNS TABLE (dropped text, changed boolean, epoch bigint, erased_at timestamptz,
  conversations bigint, messages bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  o ${schema}.owners;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  INSERT INTO ${schema}.owners (tenant_id, user_id) VALUES (p_tenant, p_user)
    ON CONFLICT (tenant_id, user_id) DO NOTHING;
  SELECT * INTO o FROM ${schema}.owners t
    WHERE t.tenant_id = p_tenant AND t.user_id = p_user FOR UPDATE;
  SELECT e.erased_at, e.conversations, e.messages INTO erased_at, conversations, messages
    FROM ${schema}.owner_erasures e
    WHERE e.tenant_id = p_tenant AND e.user_id = p_user AND e.change_id = p_change;
  IF FOUND THEN
    epoch := o.epoch;
    RETURN NEXT;
    RETURN;
  ELSIF NOT p_replay AND p_epoch NOT IN (-1, o.epoch) THEN
    RAISE EXCEPTION 'the epoch is not the present one' USING ERRCODE = 'CS006';
  ELSIF p_replay AND p_epoch <> -1 AND p_epoch < o.epoch AND EXISTS (
      SELECT FROM ${schema}.owner_erasures e
        WHERE e.tenant_id = p_tenant AND e.user_id = p_user AND e.asked_at >= p_time) THEN
    -- One that was asked for after the last one takes what was written in between, which its node
    -- had not heard of.
    dropped := 'its owner was erased';
    RETURN NEXT;
    RETURN;
  END IF;
  PERFORM FROM ${schema}.conversations t
    WHERE t.tenant_id = p_tenant AND t.user_id = p_user
    ORDER BY t.conversation_key FOR UPDATE;
  SELECT count(*), coalesce(sum(t.message_count), 0) INTO conversations, messages
    FROM ${schema}.conversations t
    WHERE t.tenant_id = p_tenant AND t.user_id = p_user AND t.deleted_at IS NULL;
  PERFORM set_config('conversation_store.allow_delete', 'on', true);
  DELETE FROM ${schema}.messages t USING ${schema}.conversations k
    WHERE k.tenant_id = p_tenant AND k.user_id = p_user
      AND t.tenant_id = p_tenant AND t.conversation_key = k.conversation_key;
  DELETE FROM ${schema}.conversations t WHERE t.tenant_id = p_tenant AND t.user_id = p_user;
  DELETE FROM ${schema}.user_preferences t WHERE t.tenant_id = p_tenant AND t.user_id = p_user;
  PERFORM set_config('conversation_store.allow_delete', '', true);
  UPDATE ${schema}.owners t SET epoch = t.epoch + 1, changed_xid = pg_current_xact_id()
    WHERE t.tenant_id = p_tenant AND t.user_id = p_user
    RETURNING t.epoch INTO epoch;
  erased_at := clock_timestamp();
  INSERT INTO ${schema}.owner_erasures
    VALUES (p_tenant, p_user, p_change, epoch,
      CASE WHEN p_replay THEN least(p_time, erased_at) ELSE erased_at END,
      erased_at, conversations, messages);
  changed := true;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.erase_owner IS 'Removes all rows of an owner and raises the owner''s epoch.';
UPDATE ${schema}.store SET schema_version = 2;
