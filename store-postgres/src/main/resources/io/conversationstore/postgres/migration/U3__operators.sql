-- Takes V3 back: the functions for operators are gone, all data stays.

DROP FUNCTION ${schema}.purge_deleted;
DROP FUNCTION ${schema}.delete_user_conversations;
DROP FUNCTION ${schema}.get_conversation_history;
DROP FUNCTION ${schema}.delete_old_conversations;
DROP FUNCTION ${schema}.archive_idle_before;
DROP FUNCTION ${schema}.blank_messages_before;
UPDATE ${schema}.store SET schema_version = 2;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '3';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
