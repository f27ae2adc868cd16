-- The append of every day in one statement: live, without a condition, of messages that are not
-- there. It takes the conversation's row and changes it in one step, where append_messages locks it,
-- looks for each message and then changes it. No row comes back where the conversation is not the one
-- that is meant, and a unique violation says that a message is there: nothing is changed then, and
-- the caller asks append_messages, which knows all rules. What is rarely there comes as an object for
-- each message in p_rest. The caller knows the rest: places go up to last_seq, all messages have
-- last_message_at as their time. The test for deleted_at is not "IS NULL", which would let the planner
-- take conversations_recent: of a table that was never analysed it knows no better, and there the
-- conversation's entries, one for each append, are read again and again until they are vacuumed.
CREATE FUNCTION ${schema}.append_new(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text,
  p_epoch bigint, p_generation bigint, p_prompt bigint, p_completion bigint, p_total bigint,
  p_ids uuid[], p_digests bytea[], p_roles text[], p_contents text[], p_search_tokens text[],
  p_rest jsonb[])
RETURNS TABLE (tenant_id text, user_id text, conversation_id text, epoch bigint, generation bigint,
  version bigint, deleted_at timestamptz, title text, status text, settings jsonb, metadata jsonb,
  tags text[], pinned boolean, created_at timestamptz, updated_at timestamptz,
  expires_at timestamptz, last_seq bigint, message_count bigint, prompt_tokens bigint,
  completion_tokens bigint, total_tokens bigint, last_message_at timestamptz, field_times jsonb,
  created_by uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_at timestamptz := clock_timestamp();
  v_count integer := cardinality(p_ids);
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  RETURN QUERY WITH h AS (
    UPDATE ${schema}.conversations t
      SET version = t.version + 1, last_seq = t.last_seq + v_count,
        message_count = t.message_count + v_count, prompt_tokens = t.prompt_tokens + p_prompt,
        completion_tokens = t.completion_tokens + p_completion,
        total_tokens = t.total_tokens + p_total,
        last_message_at = greatest(t.last_message_at, v_at),
        updated_at = greatest(t.updated_at, v_at), changed_xid = pg_current_xact_id()
      WHERE t.tenant_id = p_tenant AND t.user_id = p_user AND t.conversation_id = p_conversation
        AND num_nulls(t.deleted_at) <> 0 AND p_epoch IN (-1, t.epoch)
        AND p_generation IN (0, t.generation)
      RETURNING t.*
  ), i AS (
    INSERT INTO ${schema}.messages (tenant_id, conversation_key, generation, seq, owner_key, epoch,
        message_id, version, digest, created_at, role, content, search_tokens, parts, tool_calls,
        tool_call_id, name, is_error, model, prompt_tokens, completion_tokens, total_tokens,
        metadata)
      SELECT h.tenant_id, h.conversation_key, h.generation, h.last_seq - v_count + g.place,
          h.owner_key, h.epoch, g.id, 1, g.digest, h.last_message_at, g.role, g.content,
          g.search_tokens::bigint[], g.rest -> 'parts', g.rest -> 'tool_calls',
          g.rest ->> 'tool_call_id', g.rest ->> 'name',
          coalesce((g.rest ->> 'is_error')::boolean, false), g.rest ->> 'model',
          (g.rest ->> 'prompt_tokens')::bigint, (g.rest ->> 'completion_tokens')::bigint,
          (g.rest ->> 'total_tokens')::bigint, g.rest -> 'metadata'
        FROM h CROSS JOIN unnest(p_ids, p_digests, p_roles, p_contents, p_search_tokens, p_rest)
          WITH ORDINALITY AS g (id, digest, role, content, search_tokens, rest, place)
  )
  SELECT h.tenant_id, h.user_id, h.conversation_id::text, h.epoch, h.generation::bigint,
      h.version::bigint, h.deleted_at, h.title::text, h.status::text, h.settings::jsonb,
      h.metadata::jsonb, h.tags, h.pinned, h.created_at, h.updated_at, h.expires_at,
      h.last_seq::bigint, h.message_count::bigint, h.prompt_tokens::bigint,
      h.completion_tokens::bigint, h.total_tokens::bigint, h.last_message_at,
      h.field_times::jsonb, h.created_by
    FROM h;
END $$;
COMMENT ON FUNCTION ${schema}.append_new IS 'Appends messages that are not there yet to a live conversation; no row where there is none.';
UPDATE ${schema}.store SET schema_version = 6;
