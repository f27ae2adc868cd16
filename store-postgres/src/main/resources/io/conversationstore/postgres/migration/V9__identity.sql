-- Which server the store is in. A dump, a template and logical replication copy the row of the table
-- store, and with it the store id and the history: to a node they look like the database that it
-- knows. So the row keeps in which cluster and in which database it was written, and a contact compares.
ALTER TABLE ${schema}.store
  ADD COLUMN system_identifier bigint,
  ADD COLUMN database_oid bigint,
  ADD COLUMN database_name text,
  ADD COLUMN accepted_timeline integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN ${schema}.store.system_identifier IS 'The cluster that the store is in; null if no role that may read it has made contact.';
COMMENT ON COLUMN ${schema}.store.database_oid IS 'The database that the store is in; null before the first contact.';
COMMENT ON COLUMN ${schema}.store.database_name IS 'The name of that database at the last contact that wrote this row.';
COMMENT ON COLUMN ${schema}.store.accepted_timeline IS 'The server counts as one of this timeline, if its own is lower: see take_over_store().';

-- Roles that may begin a new history may also note where the store is.
DO $$
DECLARE
  v_grantee text;
BEGIN
  FOR v_grantee IN
    SELECT DISTINCT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
      FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) x
      WHERE a.attrelid = '${schema}.store'::regclass AND a.attname = 'history'
        AND x.privilege_type = 'UPDATE'
  LOOP
    EXECUTE 'GRANT UPDATE (system_identifier, database_oid, database_name) ON ${schema}.store TO ' || v_grantee;
  END LOOP;
END $$;

-- What the server does not say, or not to this role, is null: unknown.
CREATE FUNCTION ${schema}.server_identity()
RETURNS TABLE (system_identifier bigint, database_oid bigint, database_name text, timeline integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT d.oid::bigint, d.datname::text INTO database_oid, database_name
    FROM pg_database d WHERE d.datname = current_database();
  BEGIN
    SELECT c.system_identifier INTO system_identifier FROM pg_control_system() c;
  EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
    system_identifier := NULL;
  END;
  BEGIN
    -- The name of a WAL file begins with the timeline, which the last checkpoint may not know yet.
    timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
  EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported
      OR object_not_in_prerequisite_state THEN
    timeline := NULL;
  END;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.server_identity IS 'The cluster, the database and the timeline of the server that is asked; null where it does not say.';

UPDATE ${schema}.store s
  SET system_identifier = i.system_identifier, database_oid = i.database_oid,
    database_name = i.database_name
  FROM ${schema}.server_identity() i;

-- A contact counts only where the database may be used. hidden_rows: the feed cannot tell some rows yet,
-- see adopt_restored_rows(). copied_from: this is a copy, under another name, of that database, and nobody
-- has said yet what it is to be. A copy under the same name takes the place of the first one: a new history
-- begins, so that local copies follow from the start and give what it lacks.
CREATE FUNCTION ${schema}.contact_node(p_node uuid)
RETURNS TABLE (store_id uuid, history uuid, counter bigint, database_time timestamptz,
  hidden_rows boolean, copied_from text,
  system_identifier bigint, database_oid bigint, database_name text, timeline integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  i record;
  s ${schema}.store;
  v_moved boolean;
  v_counter bigint := 0;
  v_hidden boolean := false;
  v_copied text;
BEGIN
  SELECT * INTO i FROM ${schema}.server_identity();
  SELECT * INTO s FROM ${schema}.store;
  v_moved := coalesce(s.database_oid <> i.database_oid, false)
    OR coalesce(s.system_identifier <> i.system_identifier, false);
  IF v_moved AND s.database_name <> i.database_name THEN
    v_copied := s.database_name;
  ELSE
    SELECT coalesce(bool_or(q.hidden), false) INTO v_hidden FROM (
      (SELECT t.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) AS hidden
        FROM ${schema}.owners t ORDER BY t.changed_xid DESC LIMIT 1)
      UNION ALL (SELECT t.changed_xid >= pg_snapshot_xmax(pg_current_snapshot())
        FROM ${schema}.conversations t ORDER BY t.changed_xid DESC LIMIT 1)
      UNION ALL (SELECT t.changed_xid >= pg_snapshot_xmax(pg_current_snapshot())
        FROM ${schema}.messages t ORDER BY t.changed_xid DESC LIMIT 1)
      UNION ALL (SELECT t.changed_xid >= pg_snapshot_xmax(pg_current_snapshot())
        FROM ${schema}.user_preferences t ORDER BY t.changed_xid DESC LIMIT 1)) q;
  END IF;
  IF v_copied IS NULL AND NOT v_hidden THEN
    IF v_moved THEN
      -- Of two nodes that come at once the second waits, and then sees that it is done.
      UPDATE ${schema}.store t
        SET history = gen_random_uuid(), system_identifier = i.system_identifier,
          database_oid = i.database_oid, database_name = i.database_name
        WHERE t.database_oid <> i.database_oid
          OR coalesce(t.system_identifier <> i.system_identifier, false);
    ELSIF s.database_oid IS NULL OR s.database_name <> i.database_name
        OR (s.system_identifier IS NULL AND i.system_identifier IS NOT NULL) THEN
      UPDATE ${schema}.store t
        SET system_identifier = coalesce(i.system_identifier, t.system_identifier),
          database_oid = i.database_oid, database_name = i.database_name;
    END IF;
    INSERT INTO ${schema}.nodes AS n (node, counter, last_contact)
      VALUES (p_node, 1, clock_timestamp())
      ON CONFLICT (node) DO UPDATE SET counter = n.counter + 1, last_contact = clock_timestamp()
      RETURNING n.counter INTO v_counter;
  END IF;
  RETURN QUERY
    SELECT t.store_id, t.history, v_counter, clock_timestamp(), v_hidden, v_copied,
        i.system_identifier, i.database_oid, i.database_name,
        greatest(i.timeline, CASE WHEN i.timeline IS NOT NULL THEN t.accepted_timeline END)
      FROM ${schema}.store t;
END $$;
COMMENT ON FUNCTION ${schema}.contact_node IS 'A contact of a node: raises its counter where the database may be used, and says what and where the database is.';

CREATE FUNCTION ${schema}.become_own_store()
RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_store uuid := gen_random_uuid();
BEGIN
  UPDATE ${schema}.store s
    SET store_id = v_store, history = gen_random_uuid(), accepted_timeline = 0,
      system_identifier = i.system_identifier, database_oid = i.database_oid,
      database_name = i.database_name
    FROM ${schema}.server_identity() i;
  DELETE FROM ${schema}.nodes;
  RETURN v_store;
END $$;
COMMENT ON FUNCTION ${schema}.become_own_store IS 'For the owner of the tables to call in a copy of a database that is used beside the first one (staging, say): makes it a store of its own, which refuses nodes of the first one. Returns the new store id.';

CREATE FUNCTION ${schema}.take_over_store(p_timeline integer DEFAULT 0)
RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_history uuid := gen_random_uuid();
BEGIN
  UPDATE ${schema}.store s
    SET history = v_history, accepted_timeline = greatest(s.accepted_timeline, p_timeline),
      system_identifier = i.system_identifier, database_oid = i.database_oid,
      database_name = i.database_name
    FROM ${schema}.server_identity() i;
  RETURN v_history;
END $$;
COMMENT ON FUNCTION ${schema}.take_over_store IS 'For the owner of the tables to call in a database that takes the place of the one that nodes know: a copy under another name, or a server of a lower timeline than the given one, which nodes name when they refuse it. Begins a new history and returns it. The other one must not be used any more.';

-- Neither a dump of the data alone nor logical replication brings the next keys along.
CREATE FUNCTION ${schema}.advance_identities()
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  k record;
  v_used bigint;
  v_last bigint;
BEGIN
  FOR k IN
    SELECT v.of, v.col, pg_get_serial_sequence('${schema}.' || v.of, v.col) AS seq
      FROM (VALUES ('owners', 'owner_key'), ('conversations', 'conversation_key')) AS v (of, col)
  LOOP
    EXECUTE format('SELECT max(%I) FROM ${schema}.%I', k.col, k.of) INTO v_used;
    EXECUTE 'SELECT last_value FROM ' || k.seq INTO v_last;
    IF v_used >= v_last THEN
      PERFORM setval(k.seq::regclass, v_used);
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION ${schema}.advance_identities IS 'For the owner of the tables to call after rows were copied into the tables: the next keys are above those of all rows. adopt_restored_rows() does it as well.';

-- As in V7; and the keys.
CREATE OR REPLACE FUNCTION ${schema}.adopt_restored_rows(p_limit integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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
  IF v_all = 0 THEN
    PERFORM ${schema}.advance_identities();
  END IF;
  RETURN v_all;
END $$;

-- As in V5; and where the store is.
CREATE OR REPLACE FUNCTION ${schema}.grant_use(p_role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA ${schema} TO %I', p_role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.owners, ${schema}.owner_erasures,'
    ' ${schema}.conversations, ${schema}.messages, ${schema}.user_preferences, ${schema}.nodes TO %I', p_role);
  EXECUTE format('GRANT SELECT, UPDATE (history, system_identifier, database_oid, database_name)'
    ' ON ${schema}.store TO %I', p_role);
END $$;

-- A session that says nothing of tenants is one that does not know of row-level security: it gets an error,
-- as no rows would look like an empty store.
ALTER POLICY one_tenant ON ${schema}.owners USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
ALTER POLICY one_tenant ON ${schema}.owner_erasures USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
ALTER POLICY one_tenant ON ${schema}.conversations USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
ALTER POLICY one_tenant ON ${schema}.messages USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
ALTER POLICY one_tenant ON ${schema}.user_preferences USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
UPDATE ${schema}.store SET schema_version = 9;
