-- What people call from sessions of their own finds PostgreSQL's own functions, operators and types, and
-- nobody else's: a session may look elsewhere first, and where it does not, an operator that somebody
-- made may fit better. What these call, triggers included, is held to the same. A function that is
-- replaced later loses this and has to be given it again. The functions of every day do without: it would
-- cost each call, and the store's own sessions look nowhere else.
ALTER FUNCTION ${schema}.blank_messages_before SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ${schema}.archive_idle_before SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ${schema}.archive_idle_conversations SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ${schema}.delete_old_conversations SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ${schema}.get_conversation_history SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ${schema}.delete_user_conversations SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ${schema}.purge_deleted SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ${schema}.adopt_restored_rows SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ${schema}.use_row_level_security SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ${schema}.grant_use SET search_path = pg_catalog, pg_temp;
UPDATE ${schema}.store SET schema_version = 8;
