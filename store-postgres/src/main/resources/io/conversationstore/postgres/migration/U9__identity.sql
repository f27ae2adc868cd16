-- Takes V9 back: all data stays. Where the store is, is forgotten.

-- As V5 made them.
ALTER POLICY one_tenant ON ${schema}.owners USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');
ALTER POLICY one_tenant ON ${schema}.owner_erasures USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');
ALTER POLICY one_tenant ON ${schema}.conversations USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');
ALTER POLICY one_tenant ON ${schema}.messages USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');
ALTER POLICY one_tenant ON ${schema}.user_preferences USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');

-- The functions as V7 and V5 made them, with the search path of V8.
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
  RETURN v_all;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.grant_use(p_role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA ${schema} TO %I', p_role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.owners, ${schema}.owner_erasures,'
    ' ${schema}.conversations, ${schema}.messages, ${schema}.user_preferences, ${schema}.nodes TO %I', p_role);
  EXECUTE format('GRANT SELECT, UPDATE (history) ON ${schema}.store TO %I', p_role);
END $$;

DROP FUNCTION ${schema}.advance_identities;
DROP FUNCTION ${schema}.take_over_store;
DROP FUNCTION ${schema}.become_own_store;
DROP FUNCTION ${schema}.contact_node;
DROP FUNCTION ${schema}.server_identity;
ALTER TABLE ${schema}.store
  DROP COLUMN system_identifier,
  DROP COLUMN database_oid,
  DROP COLUMN database_name,
  DROP COLUMN accepted_timeline;
UPDATE ${schema}.store SET schema_version = 8;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '9';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
