-- What was taken over from files, for good: a file in an image is there again after each start on a fresh
-- disk. A row holds no id and no text: its key is a hash of tenant, user, conversation and part. So it
-- stays when the conversation is purged, and when its owner is erased.
CREATE TABLE ${schema}.taken_over (
  tenant_id text COLLATE "C" NOT NULL,
  change_id uuid NOT NULL,
  taken_over_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, change_id)
);
COMMENT ON TABLE ${schema}.taken_over IS 'Parts of conversations that were taken over from files; each is applied once for good.';
COMMENT ON COLUMN ${schema}.taken_over.tenant_id IS 'The tenant that the file was taken over for.';
COMMENT ON COLUMN ${schema}.taken_over.change_id IS 'The change that did it: a hash of tenant, user, conversation and part.';
COMMENT ON COLUMN ${schema}.taken_over.taken_over_at IS 'When it was done.';
COMMENT ON INDEX ${schema}.taken_over_pkey IS 'Finding what was taken over before.';

CREATE POLICY one_tenant ON ${schema}.taken_over USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);

-- As the other tables of data have it: row-level security, and who may write.
DO $$
DECLARE
  v_grantee text;
BEGIN
  IF (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = '${schema}.owners'::regclass) THEN
    ALTER TABLE ${schema}.taken_over ENABLE ROW LEVEL SECURITY;
  END IF;
  FOR v_grantee IN
    SELECT DISTINCT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
      FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
      WHERE c.oid = '${schema}.owners'::regclass AND x.privilege_type = 'INSERT'
        AND x.grantee <> c.relowner
  LOOP
    EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.taken_over TO ' || v_grantee;
  END LOOP;
END $$;

-- As in V5; and this table.
CREATE OR REPLACE FUNCTION ${schema}.use_row_level_security(p_on boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['owners', 'owner_erasures', 'conversations', 'messages', 'user_preferences',
    'taken_over']
  LOOP
    EXECUTE format('ALTER TABLE ${schema}.%I %s ROW LEVEL SECURITY', v_table,
      CASE WHEN p_on THEN 'ENABLE' ELSE 'DISABLE' END);
  END LOOP;
END $$;

-- As in V9; and this table.
CREATE OR REPLACE FUNCTION ${schema}.grant_use(p_role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA ${schema} TO %I', p_role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.owners, ${schema}.owner_erasures,'
    ' ${schema}.conversations, ${schema}.messages, ${schema}.user_preferences, ${schema}.nodes,'
    ' ${schema}.taken_over TO %I', p_role);
  EXECUTE format('GRANT SELECT, UPDATE (history, system_identifier, database_oid, database_name)'
    ' ON ${schema}.store TO %I', p_role);
END $$;
UPDATE ${schema}.store SET schema_version = 10;
