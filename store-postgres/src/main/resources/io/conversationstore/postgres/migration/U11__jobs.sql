-- Takes V11 back: all data stays. The times of the last runs are forgotten: an upgrade runs the jobs once more.

-- The function as V10 made it.
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

DROP TABLE ${schema}.jobs;
UPDATE ${schema}.store SET schema_version = 10;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '11';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
