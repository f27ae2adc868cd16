-- Takes V8 back: all data stays.
ALTER FUNCTION ${schema}.blank_messages_before RESET search_path;
ALTER FUNCTION ${schema}.archive_idle_before RESET search_path;
ALTER FUNCTION ${schema}.archive_idle_conversations RESET search_path;
ALTER FUNCTION ${schema}.delete_old_conversations RESET search_path;
ALTER FUNCTION ${schema}.get_conversation_history RESET search_path;
ALTER FUNCTION ${schema}.delete_user_conversations RESET search_path;
ALTER FUNCTION ${schema}.purge_deleted RESET search_path;
ALTER FUNCTION ${schema}.adopt_restored_rows RESET search_path;
ALTER FUNCTION ${schema}.use_row_level_security RESET search_path;
ALTER FUNCTION ${schema}.grant_use RESET search_path;
UPDATE ${schema}.store SET schema_version = 7;

-- Flyway's record of it, where Flyway made the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '8';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
