-- Takes V1 back: ALL DATA IS GONE. The schema itself stays, empty.

DROP TABLE ${schema}.user_preferences;
DROP TABLE ${schema}.messages;
DROP TABLE ${schema}.conversations;
DROP TABLE ${schema}.owner_erasures;
DROP TABLE ${schema}.owners;
DROP TABLE ${schema}.nodes;
DROP TABLE ${schema}.store;
DROP FUNCTION ${schema}.refuse_bare_delete();
DROP DOMAIN ${schema}.json_array;
DROP DOMAIN ${schema}.json_object;
DROP DOMAIN ${schema}.digest;
DROP DOMAIN ${schema}.role;
DROP DOMAIN ${schema}.status;
DROP DOMAIN ${schema}.title;
DROP DOMAIN ${schema}.short_name;
DROP DOMAIN ${schema}.ordinal;
DROP DOMAIN ${schema}.amount;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '1';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
