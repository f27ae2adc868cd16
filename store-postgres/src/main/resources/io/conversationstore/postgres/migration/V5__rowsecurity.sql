-- Row-level security: policies, and functions by which a DBA turns them on. Until then they cost
-- nothing. A call that is about one owner sees the rows of that tenant; one for an operator (the
-- feed, retention, statistics over all tenants) says that it wants all. This guards against SQL that
-- forgets its filter, not against somebody who may run any SQL as the application's role: that one
-- can set the same settings. The owner of the tables sees all rows.

CREATE POLICY one_tenant ON ${schema}.owners USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');
CREATE POLICY one_tenant ON ${schema}.owner_erasures USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');
CREATE POLICY one_tenant ON ${schema}.conversations USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');
CREATE POLICY one_tenant ON ${schema}.messages USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');
CREATE POLICY one_tenant ON ${schema}.user_preferences USING (
  tenant_id = current_setting('conversation_store.tenant', true)
  OR current_setting('conversation_store.all_tenants', true) = 'on');

CREATE FUNCTION ${schema}.use_row_level_security(p_on boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['owners', 'owner_erasures', 'conversations', 'messages', 'user_preferences']
  LOOP
    EXECUTE format('ALTER TABLE ${schema}.%I %s ROW LEVEL SECURITY', v_table,
      CASE WHEN p_on THEN 'ENABLE' ELSE 'DISABLE' END);
  END LOOP;
END $$;
COMMENT ON FUNCTION ${schema}.use_row_level_security IS 'Turns row-level security on or off for all tables of data; for the owner of the tables to call.';

CREATE FUNCTION ${schema}.grant_use(p_role name) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA ${schema} TO %I', p_role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.owners, ${schema}.owner_erasures,'
    ' ${schema}.conversations, ${schema}.messages, ${schema}.user_preferences, ${schema}.nodes TO %I', p_role);
  EXECUTE format('GRANT SELECT, UPDATE (history) ON ${schema}.store TO %I', p_role);
END $$;
COMMENT ON FUNCTION ${schema}.grant_use IS 'Gives a role what a store needs that may not migrate; for the owner of the schema to call.';
UPDATE ${schema}.store SET schema_version = 5;
