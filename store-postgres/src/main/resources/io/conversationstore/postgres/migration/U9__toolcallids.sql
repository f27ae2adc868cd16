-- Takes V9 back: an id of a tool call that is empty goes, and one of more than 255 characters is cut.
ALTER TABLE ${schema}.messages ALTER COLUMN tool_call_id TYPE ${schema}.short_name
  USING nullif(left(tool_call_id, 255), '');
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
