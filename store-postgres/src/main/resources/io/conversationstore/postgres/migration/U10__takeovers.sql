-- Takes V10 back: all data stays. What was taken over from files is forgotten: a file in an image brings back
-- what was deleted and purged since.

-- The functions as V5 and V9 made them, with the search path of V8.
CREATE OR REPLACE FUNCTION ${schema}.use_row_level_security(p_on boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['owners', 'owner_erasures', 'conversations', 'messages', 'user_preferences']
  LOOP
    EXECUTE format('ALTER TABLE ${schema}.%I %s ROW LEVEL SECURITY', v_table,
      CASE WHEN p_on THEN 'ENABLE' ELSE 'DISABLE' END);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.grant_use(p_role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA ${schema} TO %I', p_role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.owners, ${schema}.owner_erasures,'
    ' ${schema}.conversations, ${schema}.messages, ${schema}.user_preferences, ${schema}.nodes TO %I', p_role);
  EXECUTE format('GRANT SELECT, UPDATE (history, system_identifier, database_oid, database_name)'
    ' ON ${schema}.store TO %I', p_role);
END $$;

DROP TABLE ${schema}.taken_over;
UPDATE ${schema}.store SET schema_version = 9;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '10';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
