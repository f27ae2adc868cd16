-- Back to version 1: all data but the colours stay.
CREATE OR REPLACE FUNCTION ${schema}.forget_search_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search_tokens := NULL;
  RETURN NEW;
END $$;
DROP FUNCTION ${schema}.colour_of;
DROP TABLE ${schema}.colours;
ALTER TABLE ${schema}.messages DROP COLUMN colour;
UPDATE ${schema}.store SET schema_version = 1;

DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '2';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
