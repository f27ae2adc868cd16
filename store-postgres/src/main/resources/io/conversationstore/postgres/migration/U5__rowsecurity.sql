-- Takes V5 back: row-level security is off, all data stays.

SELECT ${schema}.use_row_level_security(false);
DROP FUNCTION ${schema}.use_row_level_security;
DROP FUNCTION ${schema}.grant_use;
DROP POLICY one_tenant ON ${schema}.owners;
DROP POLICY one_tenant ON ${schema}.owner_erasures;
DROP POLICY one_tenant ON ${schema}.conversations;
DROP POLICY one_tenant ON ${schema}.messages;
DROP POLICY one_tenant ON ${schema}.user_preferences;
UPDATE ${schema}.store SET schema_version = 4;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '5';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
