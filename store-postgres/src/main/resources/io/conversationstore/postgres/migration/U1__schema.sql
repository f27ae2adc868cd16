-- Removes the schema of version 1 with ALL DATA. The schema itself stays, empty.

DROP FUNCTION ${schema}.adopt_restored_rows;
DROP FUNCTION ${schema}.advance_identities;
DROP FUNCTION ${schema}.take_over_store;
DROP FUNCTION ${schema}.become_own_store;
DROP FUNCTION ${schema}.contact_node;
DROP FUNCTION ${schema}.server_identity;
DROP FUNCTION ${schema}.delete_user_conversations;
DROP FUNCTION ${schema}.get_conversation_history;
DROP FUNCTION ${schema}.purge_deleted;
DROP FUNCTION ${schema}.purge_conversations;
DROP FUNCTION ${schema}.purge_messages;
DROP FUNCTION ${schema}.delete_old_conversations;
DROP FUNCTION ${schema}.archive_idle_conversations;
DROP FUNCTION ${schema}.blank_messages_before;
DROP FUNCTION ${schema}.erase_owner;
DROP FUNCTION ${schema}.put_preferences;
DROP FUNCTION ${schema}.delete_message;
DROP FUNCTION ${schema}.edit_message;
DROP FUNCTION ${schema}.delete_conversation;
DROP FUNCTION ${schema}.update_conversation;
DROP FUNCTION ${schema}.append_plain;
DROP FUNCTION ${schema}.append_or_create;
DROP FUNCTION ${schema}.append_messages;
DROP FUNCTION ${schema}.append_new;
DROP FUNCTION ${schema}.record_join;
DROP FUNCTION ${schema}.create_conversation;
DROP FUNCTION ${schema}.shared_owner;
DROP FUNCTION ${schema}.misfit;
DROP FUNCTION ${schema}.landing;
DROP FUNCTION ${schema}.remember;
DROP FUNCTION ${schema}.grant_use;
DROP FUNCTION ${schema}.use_row_level_security;
DROP TABLE ${schema}.user_preferences;
DROP TABLE ${schema}.messages;
DROP TABLE ${schema}.conversations;
DROP TABLE ${schema}.taken_over;
DROP TABLE ${schema}.owner_erasures;
DROP TABLE ${schema}.owners;
DROP TABLE ${schema}.nodes;
DROP TABLE ${schema}.jobs;
DROP TABLE ${schema}.store;
DROP FUNCTION ${schema}.forget_search_tokens;
DROP FUNCTION ${schema}.refuse_bare_delete;
DROP DOMAIN ${schema}.json_array;
DROP DOMAIN ${schema}.json_object;
DROP DOMAIN ${schema}.digest;
DROP DOMAIN ${schema}.role;
DROP DOMAIN ${schema}.status;
DROP DOMAIN ${schema}.title;
DROP DOMAIN ${schema}.short_name;
DROP DOMAIN ${schema}.ordinal;
DROP DOMAIN ${schema}.amount;

-- The record of Flyway, if Flyway created the schema.
DO $undo$
BEGIN
  IF to_regclass('${schema}.schema_history') IS NOT NULL THEN
    DELETE FROM ${schema}.schema_history WHERE version = '1';
    IF NOT EXISTS (SELECT FROM ${schema}.schema_history WHERE version IS NOT NULL) THEN
      DROP TABLE ${schema}.schema_history;
    END IF;
  END IF;
END $undo$;
