-- Takes V2 back: no change can be made any more, all data stays.

DROP FUNCTION ${schema}.erase_owner;
DROP FUNCTION ${schema}.put_preferences;
DROP FUNCTION ${schema}.delete_message;
DROP FUNCTION ${schema}.edit_message;
DROP FUNCTION ${schema}.delete_conversation;
DROP FUNCTION ${schema}.update_conversation;
DROP FUNCTION ${schema}.append_messages;
DROP FUNCTION ${schema}.create_conversation;
DROP FUNCTION ${schema}.shared_owner;
DROP FUNCTION ${schema}.misfit;
DROP FUNCTION ${schema}.landing;
DROP FUNCTION ${schema}.remember;
UPDATE ${schema}.store SET schema_version = 1;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '2';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
