-- The schema of Conversation Store. ${schema} is replaced by the quoted name of the schema.
--
-- Contents: tables, indexes, triggers, policies, change functions, retention, other functions for
-- operators, identity of the database.
--
-- All times are timestamptz. Ids are compared by code point (collation "C"), as the library does.
--
-- Rules for the SQL of this file and of the library; DistributedSqlTest keeps them. With them, the
-- tables can be distributed by tenant_id:
--   * tenant_id is in every key, and every reference to a table of data names its tenant. Functions
--     for all tenants list the tenants first and then work on one tenant after the other.
--   * INSERT lists values, or selects from functions; a subquery is computed into a variable first.
--   * UPDATE uses no volatile function: the time and new ids are computed into variables. ON CONFLICT
--     DO UPDATE uses columns and variables only.
--   * No INSERT, UPDATE or DELETE within WITH, no DELETE with USING, no array slice, no whole row in
--     UNION.


-- ---------------------------------------------------------------------------------------------
-- Tables
-- ---------------------------------------------------------------------------------------------

CREATE TABLE ${schema}.store (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  store_id uuid NOT NULL DEFAULT gen_random_uuid(),
  history uuid NOT NULL DEFAULT gen_random_uuid(),
  schema_version integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  system_identifier bigint,
  database_oid bigint,
  database_name text,
  accepted_timeline integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE ${schema}.store IS 'The identity of this database: one row.';
COMMENT ON COLUMN ${schema}.store.only_row IS 'Limits the table to one row.';
COMMENT ON COLUMN ${schema}.store.store_id IS 'Distinguishes this store from any other, permanently.';
COMMENT ON COLUMN ${schema}.store.history IS 'Cursors and feed positions belong to a history; a new history invalidates them.';
COMMENT ON COLUMN ${schema}.store.schema_version IS 'The last migration that ran.';
COMMENT ON COLUMN ${schema}.store.created_at IS 'When the schema was created.';
COMMENT ON COLUMN ${schema}.store.system_identifier IS 'The cluster of the store; null until a role that may read it makes contact.';
COMMENT ON COLUMN ${schema}.store.database_oid IS 'The database of the store; null before the first contact.';
COMMENT ON COLUMN ${schema}.store.database_name IS 'The name of that database at the last contact that wrote this row.';
COMMENT ON COLUMN ${schema}.store.accepted_timeline IS 'A server of a lower timeline counts as one of this timeline: see take_over_store().';
COMMENT ON INDEX ${schema}.store_pkey IS 'One row.';

CREATE TABLE ${schema}.nodes (
  node uuid PRIMARY KEY,
  counter bigint NOT NULL,
  last_contact timestamptz NOT NULL
);
COMMENT ON TABLE ${schema}.nodes IS 'Processes with a local copy. If the counter is lower than the node remembers, the database went back in time.';
COMMENT ON COLUMN ${schema}.nodes.node IS 'The id of the node, which the node keeps with its local copy.';
COMMENT ON COLUMN ${schema}.nodes.counter IS 'Increases by one at each contact.';
COMMENT ON COLUMN ${schema}.nodes.last_contact IS 'When the node was last in contact.';
COMMENT ON INDEX ${schema}.nodes_pkey IS 'A node by its id.';

CREATE TABLE ${schema}.owners (
  tenant_id text COLLATE "C" NOT NULL CHECK (char_length(tenant_id) BETWEEN 1 AND 255 AND btrim(tenant_id) <> ''),
  user_id text COLLATE "C" NOT NULL CHECK (char_length(user_id) BETWEEN 1 AND 255 AND btrim(user_id) <> ''),
  owner_key bigint GENERATED ALWAYS AS IDENTITY,
  epoch bigint NOT NULL DEFAULT 0,
  changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  purged_generation bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, user_id),
  UNIQUE (tenant_id, owner_key)
);
COMMENT ON TABLE ${schema}.owners IS 'Users within tenants. A row stays after an erasure, so that changes from before the erasure are rejected.';
COMMENT ON COLUMN ${schema}.owners.tenant_id IS 'The id of the tenant, chosen by the application.';
COMMENT ON COLUMN ${schema}.owners.user_id IS 'The id of the user within the tenant, chosen by the application.';
COMMENT ON COLUMN ${schema}.owners.owner_key IS 'A short key of the owner, unique within the tenant.';
COMMENT ON COLUMN ${schema}.owners.epoch IS 'Increases by one at each erasure.';
COMMENT ON COLUMN ${schema}.owners.changed_xid IS 'The transaction that last changed the row, for the feed.';
-- A purged conversation leaves no row that shows its generation. If a new conversation of that id
-- started at 1 again, a local copy with the deleted one would take the new one for older, and pending
-- changes of the deleted one would reach the new one. An erasure keeps this number.
COMMENT ON COLUMN ${schema}.owners.purged_generation IS 'The highest generation of a conversation that purge_deleted() has removed; 0 if there is none. A conversation without a row starts one above it.';
COMMENT ON INDEX ${schema}.owners_pkey IS 'An owner by tenant and user.';
COMMENT ON INDEX ${schema}.owners_tenant_id_owner_key_key IS 'An owner by its short key: retention, active users.';

CREATE TABLE ${schema}.owner_erasures (
  tenant_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  change_id uuid NOT NULL,
  epoch bigint NOT NULL,
  asked_at timestamptz NOT NULL,
  erased_at timestamptz NOT NULL,
  conversations bigint NOT NULL,
  messages bigint NOT NULL,
  PRIMARY KEY (tenant_id, user_id, change_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES ${schema}.owners ON DELETE CASCADE
);
COMMENT ON TABLE ${schema}.owner_erasures IS 'Receipts of erasures, which identify a repeated erasure.';
COMMENT ON COLUMN ${schema}.owner_erasures.tenant_id IS 'The tenant of the owner.';
COMMENT ON COLUMN ${schema}.owner_erasures.user_id IS 'The user of the owner.';
COMMENT ON COLUMN ${schema}.owner_erasures.change_id IS 'The change that requested the erasure.';
COMMENT ON COLUMN ${schema}.owner_erasures.epoch IS 'The epoch that the erasure began.';
COMMENT ON COLUMN ${schema}.owner_erasures.asked_at IS 'When it was requested, possibly offline.';
COMMENT ON COLUMN ${schema}.owner_erasures.erased_at IS 'When it was applied.';
COMMENT ON COLUMN ${schema}.owner_erasures.conversations IS 'The number of live conversations that it removed.';
COMMENT ON COLUMN ${schema}.owner_erasures.messages IS 'The number of live messages that it removed.';
COMMENT ON INDEX ${schema}.owner_erasures_pkey IS 'The receipt of a repeated erasure.';

-- A file in an image is present again after each start on a fresh disk. A row holds no id and no
-- text: its key is a hash of tenant, user, conversation and part. Therefore it stays when the
-- conversation is purged and when its owner is erased.
CREATE TABLE ${schema}.taken_over (
  tenant_id text COLLATE "C" NOT NULL,
  change_id uuid NOT NULL,
  taken_over_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, change_id)
);
COMMENT ON TABLE ${schema}.taken_over IS 'Parts of conversations that were imported from files; each is applied once, permanently.';
COMMENT ON COLUMN ${schema}.taken_over.tenant_id IS 'The tenant for which the file was imported.';
COMMENT ON COLUMN ${schema}.taken_over.change_id IS 'The change that imported the part: a hash of tenant, user, conversation and part.';
COMMENT ON COLUMN ${schema}.taken_over.taken_over_at IS 'When the part was imported.';
COMMENT ON INDEX ${schema}.taken_over_pkey IS 'Whether a part was imported before.';

-- Rules for one value are domains, not CHECKs of a table: the server reads and plans all CHECKs of a
-- table again for every statement that writes to it, which took a third of the time of an append. For
-- the same reason the CHECKs over several columns below are short.
CREATE DOMAIN ${schema}.amount AS bigint CHECK (VALUE >= 0);
COMMENT ON DOMAIN ${schema}.amount IS 'A number of things.';
CREATE DOMAIN ${schema}.ordinal AS bigint CHECK (VALUE >= 1);
COMMENT ON DOMAIN ${schema}.ordinal IS 'A place, a generation or a version, from 1.';
CREATE DOMAIN ${schema}.short_name AS text CHECK (char_length(VALUE) BETWEEN 1 AND 255);
COMMENT ON DOMAIN ${schema}.short_name IS 'A name or an id chosen by the application, up to 255 characters.';
CREATE DOMAIN ${schema}.title AS text CHECK (char_length(VALUE) <= 500);
COMMENT ON DOMAIN ${schema}.title IS 'A title, up to 500 characters.';
CREATE DOMAIN ${schema}.status AS text CHECK (VALUE IN ('active', 'archived'));
COMMENT ON DOMAIN ${schema}.status IS 'The status of a conversation.';
CREATE DOMAIN ${schema}.role AS text CHECK (VALUE IN ('system', 'user', 'assistant', 'tool'));
COMMENT ON DOMAIN ${schema}.role IS 'The author of a message.';
CREATE DOMAIN ${schema}.digest AS bytea CHECK (octet_length(VALUE) = 16);
COMMENT ON DOMAIN ${schema}.digest IS 'The first 16 bytes of a SHA-256.';
CREATE DOMAIN ${schema}.json_object AS jsonb CHECK (jsonb_typeof(VALUE) = 'object');
COMMENT ON DOMAIN ${schema}.json_object IS 'A JSON object.';
CREATE DOMAIN ${schema}.json_array AS jsonb CHECK (jsonb_typeof(VALUE) = 'array');
COMMENT ON DOMAIN ${schema}.json_array IS 'A JSON array.';

CREATE TABLE ${schema}.conversations (
  tenant_id text COLLATE "C" NOT NULL,
  conversation_key bigint GENERATED ALWAYS AS IDENTITY,
  owner_key bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  conversation_id ${schema}.short_name COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  generation ${schema}.ordinal NOT NULL,
  version ${schema}.ordinal NOT NULL,
  deleted_at timestamptz,
  status ${schema}.status NOT NULL DEFAULT 'active',
  pinned boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  expires_at timestamptz,
  last_message_at timestamptz NOT NULL,
  last_seq ${schema}.amount NOT NULL DEFAULT 0,
  message_count ${schema}.amount NOT NULL DEFAULT 0,
  prompt_tokens ${schema}.amount NOT NULL DEFAULT 0,
  completion_tokens ${schema}.amount NOT NULL DEFAULT 0,
  total_tokens ${schema}.amount NOT NULL DEFAULT 0,
  changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_by uuid NOT NULL,
  title ${schema}.title,
  settings ${schema}.json_object,
  metadata ${schema}.json_object,
  tags text[] COLLATE "C",
  field_times ${schema}.json_object NOT NULL DEFAULT '{}',
  recent_changes jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (tenant_id, conversation_key),
  UNIQUE (tenant_id, user_id, conversation_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES ${schema}.owners ON DELETE CASCADE,
  CONSTRAINT conversations_content CHECK (
    num_nulls(title, settings, metadata, tags) = CASE WHEN deleted_at IS NULL THEN 0 ELSE 4 END)
);
COMMENT ON TABLE ${schema}.conversations IS 'Conversations. A deleted one stays without content, so that late changes are recognised.';
COMMENT ON COLUMN ${schema}.conversations.tenant_id IS 'The tenant of the owner.';
COMMENT ON COLUMN ${schema}.conversations.conversation_key IS 'A short key of the conversation, the same in all its generations.';
COMMENT ON COLUMN ${schema}.conversations.owner_key IS 'The short key of the owner.';
COMMENT ON COLUMN ${schema}.conversations.user_id IS 'The user of the owner.';
COMMENT ON COLUMN ${schema}.conversations.conversation_id IS 'Chosen by the application, unique within the owner.';
COMMENT ON COLUMN ${schema}.conversations.epoch IS 'The epoch of the owner to which the row belongs.';
COMMENT ON COLUMN ${schema}.conversations.generation IS 'Increases by one each time the id is created again after a delete.';
COMMENT ON COLUMN ${schema}.conversations.version IS 'Increases at each change of the row.';
COMMENT ON COLUMN ${schema}.conversations.deleted_at IS 'When this generation was deleted; null while it is live.';
COMMENT ON COLUMN ${schema}.conversations.status IS 'Active or archived.';
COMMENT ON COLUMN ${schema}.conversations.pinned IS 'Retention keeps the messages of a pinned conversation.';
COMMENT ON COLUMN ${schema}.conversations.created_at IS 'When this generation was created.';
COMMENT ON COLUMN ${schema}.conversations.updated_at IS 'When it was last used: a message, an edit, a field, a touch.';
COMMENT ON COLUMN ${schema}.conversations.expires_at IS 'When the application wants it to end; null for never. Nothing deletes it then.';
COMMENT ON COLUMN ${schema}.conversations.last_message_at IS 'No later message gets an earlier time.';
COMMENT ON COLUMN ${schema}.conversations.last_seq IS 'The highest seq assigned in this generation.';
COMMENT ON COLUMN ${schema}.conversations.message_count IS 'The number of its live messages.';
COMMENT ON COLUMN ${schema}.conversations.prompt_tokens IS 'The sum over its live messages.';
COMMENT ON COLUMN ${schema}.conversations.completion_tokens IS 'The sum over its live messages.';
COMMENT ON COLUMN ${schema}.conversations.total_tokens IS 'The sum over its live messages.';
COMMENT ON COLUMN ${schema}.conversations.changed_xid IS 'The transaction that last changed the row, for the feed.';
COMMENT ON COLUMN ${schema}.conversations.created_by IS 'The change that created this generation.';
COMMENT ON COLUMN ${schema}.conversations.title IS 'Null if deleted.';
COMMENT ON COLUMN ${schema}.conversations.settings IS 'The settings of the application; null if deleted.';
COMMENT ON COLUMN ${schema}.conversations.metadata IS 'The fields of the application; null if deleted.';
COMMENT ON COLUMN ${schema}.conversations.tags IS 'Null if deleted.';
COMMENT ON COLUMN ${schema}.conversations.field_times IS 'When each field was last written; a missing field was written at created_at.';
COMMENT ON COLUMN ${schema}.conversations.recent_changes IS 'The last changes of the header, which identify a repeated one: each with the generation in which it took effect, and the time.';
COMMENT ON INDEX ${schema}.conversations_pkey IS 'The conversation of a message; all conversations in batches.';
COMMENT ON INDEX ${schema}.conversations_tenant_id_user_id_conversation_id_key IS 'A conversation by the id that the application chose.';

CREATE TABLE ${schema}.messages (
  tenant_id text COLLATE "C" NOT NULL,
  conversation_key bigint NOT NULL,
  generation bigint NOT NULL,
  seq ${schema}.ordinal NOT NULL,
  owner_key bigint NOT NULL,
  epoch bigint NOT NULL,
  message_id uuid NOT NULL,
  version ${schema}.ordinal NOT NULL,
  digest ${schema}.digest NOT NULL,
  created_at timestamptz NOT NULL,
  edited_at timestamptz,
  deleted_at timestamptz,
  changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  edited_by uuid,
  is_error boolean NOT NULL DEFAULT false,
  prompt_tokens ${schema}.amount,
  completion_tokens ${schema}.amount,
  total_tokens ${schema}.amount,
  role ${schema}.role,
  name ${schema}.short_name,
  model ${schema}.short_name,
  tool_call_id text,
  content text,
  parts ${schema}.json_array,
  tool_calls ${schema}.json_array,
  metadata ${schema}.json_object,
  search_tokens bigint[],
  PRIMARY KEY (tenant_id, conversation_key, generation, seq),
  UNIQUE (tenant_id, conversation_key, generation, message_id),
  FOREIGN KEY (tenant_id, conversation_key) REFERENCES ${schema}.conversations ON DELETE CASCADE,
  CONSTRAINT messages_content CHECK (
    num_nulls(role, deleted_at) = 1
    AND num_nonnulls(content, parts) <= CASE WHEN deleted_at IS NULL THEN 1 ELSE 0 END),
  CONSTRAINT messages_blank CHECK (
    deleted_at IS NULL
    OR num_nonnulls(tool_calls, metadata, name, model, tool_call_id) = 0)
);
COMMENT ON TABLE ${schema}.messages IS 'Messages in their places. A deleted one stays without content, so that its id is not used again.';
COMMENT ON COLUMN ${schema}.messages.tenant_id IS 'The tenant of the owner.';
COMMENT ON COLUMN ${schema}.messages.conversation_key IS 'The conversation.';
COMMENT ON COLUMN ${schema}.messages.generation IS 'The generation of the conversation to which the message belongs.';
COMMENT ON COLUMN ${schema}.messages.seq IS 'The place in the conversation, from 1, in the order of commits. Places are assigned without gaps; a purge removes deleted ones.';
COMMENT ON COLUMN ${schema}.messages.owner_key IS 'The short key of the owner.';
COMMENT ON COLUMN ${schema}.messages.epoch IS 'The epoch of the owner to which the row belongs.';
COMMENT ON COLUMN ${schema}.messages.message_id IS 'Made by the client, unique within the generation.';
COMMENT ON COLUMN ${schema}.messages.version IS 'Increases by one at each change of the row.';
COMMENT ON COLUMN ${schema}.messages.digest IS 'The first 16 bytes of the SHA-256 of the original message, also after an edit.';
COMMENT ON COLUMN ${schema}.messages.created_at IS 'When it was appended by the clock of this server, or the time of the import; never earlier than the message before, except in an import.';
COMMENT ON COLUMN ${schema}.messages.edited_at IS 'When its content was last edited; null if never.';
COMMENT ON COLUMN ${schema}.messages.deleted_at IS 'When it was deleted; null while it is live.';
COMMENT ON COLUMN ${schema}.messages.changed_xid IS 'The transaction that last changed the row, for the feed.';
COMMENT ON COLUMN ${schema}.messages.edited_by IS 'The last edit, which identifies a repeated one.';
COMMENT ON COLUMN ${schema}.messages.is_error IS 'Whether a tool reports a failure.';
COMMENT ON COLUMN ${schema}.messages.prompt_tokens IS 'Tokens of the prompt; null if unknown.';
COMMENT ON COLUMN ${schema}.messages.completion_tokens IS 'Tokens of the answer; null if unknown.';
COMMENT ON COLUMN ${schema}.messages.total_tokens IS 'Tokens of both; null if unknown.';
COMMENT ON COLUMN ${schema}.messages.role IS 'The author; null if deleted.';
COMMENT ON COLUMN ${schema}.messages.name IS 'The name of the author; null for none.';
COMMENT ON COLUMN ${schema}.messages.model IS 'The model that wrote it; null if unknown.';
COMMENT ON COLUMN ${schema}.messages.tool_call_id IS 'The tool call that this message answers; null for none.';
COMMENT ON COLUMN ${schema}.messages.content IS 'The text of a message with one text part; null with null parts is a message without content.';
COMMENT ON COLUMN ${schema}.messages.parts IS 'The parts of any other content.';
COMMENT ON COLUMN ${schema}.messages.tool_calls IS 'The requested tool calls; null for none.';
COMMENT ON COLUMN ${schema}.messages.metadata IS 'Null for none.';
-- The library splits the text into words and stores their keys in the same call. A key is a 64-bit
-- hash of tenant, user and word, so the index answers for one owner alone. The library removes hits
-- that only share a hash.
COMMENT ON COLUMN ${schema}.messages.search_tokens IS 'Keys of the words, each of tenant, user and word; null until they are computed, and if deleted.';
COMMENT ON INDEX ${schema}.messages_pkey IS 'Messages of a conversation in their order: last ones, pages, one place.';
COMMENT ON INDEX ${schema}.messages_tenant_id_conversation_key_generation_message_id_key IS 'A message by its id, which identifies a repeated append.';

CREATE TABLE ${schema}.user_preferences (
  tenant_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  owner_key bigint NOT NULL,
  epoch bigint NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  active_conversation text COLLATE "C" CHECK (char_length(active_conversation) BETWEEN 1 AND 255),
  active_generation bigint NOT NULL DEFAULT 0,
  active_conversation_time timestamptz,
  selected_model text CHECK (char_length(selected_model) BETWEEN 1 AND 255),
  selected_model_time timestamptz,
  recent_changes jsonb NOT NULL DEFAULT '[]',
  changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES ${schema}.owners ON DELETE CASCADE
);
COMMENT ON TABLE ${schema}.user_preferences IS 'The last choices of an owner.';
COMMENT ON COLUMN ${schema}.user_preferences.tenant_id IS 'The tenant of the owner.';
COMMENT ON COLUMN ${schema}.user_preferences.user_id IS 'The user of the owner.';
COMMENT ON COLUMN ${schema}.user_preferences.owner_key IS 'The short key of the owner.';
COMMENT ON COLUMN ${schema}.user_preferences.epoch IS 'The epoch of the owner to which the row belongs.';
COMMENT ON COLUMN ${schema}.user_preferences.version IS 'Increases by one at each change of the row.';
COMMENT ON COLUMN ${schema}.user_preferences.active_conversation IS 'The id of the conversation in use; null for none.';
COMMENT ON COLUMN ${schema}.user_preferences.active_generation IS 'The preference reads as empty unless this generation is live.';
COMMENT ON COLUMN ${schema}.user_preferences.active_conversation_time IS 'When it was chosen.';
COMMENT ON COLUMN ${schema}.user_preferences.selected_model IS 'The model in use; null for none.';
COMMENT ON COLUMN ${schema}.user_preferences.selected_model_time IS 'When it was chosen.';
COMMENT ON COLUMN ${schema}.user_preferences.recent_changes IS 'The last changes of the row, which identify a repeated one.';
COMMENT ON COLUMN ${schema}.user_preferences.changed_xid IS 'The transaction that last changed the row, for the feed.';
COMMENT ON INDEX ${schema}.user_preferences_pkey IS 'The preferences of an owner.';

-- Periodic jobs that the nodes share, such as retention: the node that made or renewed a claim last, and
-- when. A claim needs no session and no open transaction.
CREATE TABLE ${schema}.jobs (
  name text COLLATE "C" PRIMARY KEY,
  claimed_by uuid NOT NULL,
  claimed_at timestamptz NOT NULL
);
COMMENT ON TABLE ${schema}.jobs IS 'Periodic jobs that the nodes share. A node does a job if it claims it; the claim holds for the interval of the job.';
COMMENT ON COLUMN ${schema}.jobs.name IS 'The name of the job.';
COMMENT ON COLUMN ${schema}.jobs.claimed_by IS 'The node that claimed it last.';
COMMENT ON COLUMN ${schema}.jobs.claimed_at IS 'When that node claimed it, or renewed its claim during a long run.';
COMMENT ON INDEX ${schema}.jobs_pkey IS 'Finding a job by its name.';

-- Further tables go here. A new table also needs a policy, and a place in use_row_level_security,
-- grant_use, the undo script and objects.txt.


-- ---------------------------------------------------------------------------------------------
-- Indexes
-- ---------------------------------------------------------------------------------------------

CREATE INDEX conversations_recent ON ${schema}.conversations
  (tenant_id, user_id, updated_at DESC, conversation_id) WHERE deleted_at IS NULL;
COMMENT ON INDEX ${schema}.conversations_recent IS 'The conversations of an owner, most recently used first.';
CREATE INDEX conversations_feed ON ${schema}.conversations (changed_xid, conversation_key);
COMMENT ON INDEX ${schema}.conversations_feed IS 'Rows changed after a position of the feed.';
CREATE INDEX conversations_purge ON ${schema}.conversations (deleted_at) WHERE deleted_at IS NOT NULL;
COMMENT ON INDEX ${schema}.conversations_purge IS 'Rows deleted before a time, for a purge; without live ones.';
CREATE INDEX messages_by_time ON ${schema}.messages
  (tenant_id, owner_key, created_at) WHERE deleted_at IS NULL;
COMMENT ON INDEX ${schema}.messages_by_time IS 'The messages of an owner across conversations, by time; retention.';
CREATE INDEX messages_purge ON ${schema}.messages (deleted_at) WHERE deleted_at IS NOT NULL;
COMMENT ON INDEX ${schema}.messages_purge IS 'Rows deleted before a time, for a purge; without live ones.';
CREATE INDEX messages_feed ON ${schema}.messages (changed_xid, conversation_key, generation, seq);
COMMENT ON INDEX ${schema}.messages_feed IS 'Rows changed after a position of the feed.';
CREATE INDEX messages_retention ON ${schema}.messages USING brin (created_at) WITH (autosummarize = on);
COMMENT ON INDEX ${schema}.messages_retention IS 'Messages of a time range over all owners; costs hardly anything to keep.';
CREATE INDEX messages_tool_calls ON ${schema}.messages USING gin (tool_calls jsonb_path_ops) WHERE tool_calls IS NOT NULL;
COMMENT ON INDEX ${schema}.messages_tool_calls IS 'Messages by the tool they call: tool_calls @> ''[{"function": {"name": "..."}}]''.';
-- New keys wait in a list of at most 512 kB: every search reads the list, and the append that fills it
-- writes it out.
CREATE INDEX messages_search ON ${schema}.messages
  USING gin (search_tokens) WITH (gin_pending_list_limit = 512)
  WHERE search_tokens IS NOT NULL;
COMMENT ON INDEX ${schema}.messages_search IS 'Messages by the words of their text.';
CREATE INDEX messages_not_searchable ON ${schema}.messages
  (tenant_id, owner_key, conversation_key, generation, seq)
  WHERE search_tokens IS NULL AND deleted_at IS NULL;
COMMENT ON INDEX ${schema}.messages_not_searchable IS 'Messages written with search off, whose keys the next search of their owner computes. Mostly empty.';
CREATE INDEX owners_feed ON ${schema}.owners (changed_xid, owner_key);
COMMENT ON INDEX ${schema}.owners_feed IS 'Rows changed after a position of the feed.';
CREATE INDEX user_preferences_feed ON ${schema}.user_preferences (changed_xid, owner_key);
COMMENT ON INDEX ${schema}.user_preferences_feed IS 'Rows changed after a position of the feed.';


-- ---------------------------------------------------------------------------------------------
-- Triggers
-- ---------------------------------------------------------------------------------------------

CREATE FUNCTION ${schema}.refuse_bare_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('conversation_store.allow_delete', true), '') <> 'on' THEN
    RAISE EXCEPTION '% on % is refused: local copies would never hear of it', tg_op, tg_table_name
      USING ERRCODE = 'CS009', HINT =
        'Use delete_old_conversations(), delete_user_conversations(user, tenant) or purge_deleted().';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION ${schema}.refuse_bare_delete() IS 'Lets only the functions of the library remove rows, because local copies do not see other deletes.';

CREATE TRIGGER no_bare_delete BEFORE DELETE OR TRUNCATE ON ${schema}.owners
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_bare_delete();
CREATE TRIGGER no_bare_delete BEFORE DELETE OR TRUNCATE ON ${schema}.conversations
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_bare_delete();
CREATE TRIGGER no_bare_delete BEFORE DELETE OR TRUNCATE ON ${schema}.messages
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_bare_delete();
CREATE TRIGGER no_bare_delete BEFORE DELETE OR TRUNCATE ON ${schema}.user_preferences
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_bare_delete();

CREATE FUNCTION ${schema}.forget_search_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search_tokens := NULL;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION ${schema}.forget_search_tokens() IS 'Removes the keys of a message together with its text.';

CREATE TRIGGER forget_search_tokens BEFORE UPDATE ON ${schema}.messages FOR EACH ROW
  WHEN (NEW.deleted_at IS NOT NULL AND NEW.search_tokens IS NOT NULL)
  EXECUTE FUNCTION ${schema}.forget_search_tokens();


-- ---------------------------------------------------------------------------------------------
-- Row-level security
-- ---------------------------------------------------------------------------------------------

-- A DBA turns the policies on with use_row_level_security; until then they cost nothing. A call about
-- one owner sees the rows of that tenant. A call for an operator (feed, retention, statistics over all
-- tenants) requests all rows. A session that sets neither gets an error, because no rows would look
-- like an empty store. This protects against SQL that forgets its filter, not against a person who may
-- run any SQL as the application's role, because that person can set a tenant too. The owner of the
-- tables sees all rows.

CREATE POLICY one_tenant ON ${schema}.owners USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
CREATE POLICY one_tenant ON ${schema}.owner_erasures USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
CREATE POLICY one_tenant ON ${schema}.taken_over USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
CREATE POLICY one_tenant ON ${schema}.conversations USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
CREATE POLICY one_tenant ON ${schema}.messages USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);
CREATE POLICY one_tenant ON ${schema}.user_preferences USING (
  CASE WHEN current_setting('conversation_store.all_tenants', true) = 'on' THEN true
    ELSE tenant_id = current_setting('conversation_store.tenant') END);

CREATE FUNCTION ${schema}.use_row_level_security(p_on boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['owners', 'owner_erasures', 'taken_over', 'conversations', 'messages',
    'user_preferences']
  LOOP
    EXECUTE format('ALTER TABLE ${schema}.%I %s ROW LEVEL SECURITY', v_table,
      CASE WHEN p_on THEN 'ENABLE' ELSE 'DISABLE' END);
  END LOOP;
END $$;
COMMENT ON FUNCTION ${schema}.use_row_level_security IS 'Turns row-level security on or off for all tables of data. The owner of the tables calls it.';

CREATE FUNCTION ${schema}.grant_use(p_role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA ${schema} TO %I', p_role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.owners, ${schema}.owner_erasures,'
    ' ${schema}.taken_over, ${schema}.conversations, ${schema}.messages, ${schema}.user_preferences,'
    ' ${schema}.nodes, ${schema}.jobs TO %I', p_role);
  EXECUTE format('GRANT SELECT, UPDATE (history, system_identifier, database_oid, database_name)'
    ' ON ${schema}.store TO %I', p_role);
END $$;
COMMENT ON FUNCTION ${schema}.grant_use IS 'Grants a role what a store needs that may not migrate. The owner of the schema calls it.';


-- ---------------------------------------------------------------------------------------------
-- Change functions
-- ---------------------------------------------------------------------------------------------

-- One call applies one change. Each function first locks the row of the conversation, so that changes
-- of one conversation follow one another; each later statement sees everything committed before.
--
-- Results: the rows after the change, messages first, the conversation last. If "given" is true, the
-- message is the one that the caller gave, and its content is left out. If a replayed change may no
-- longer be applied, "dropped" holds the reason. Errors of the caller have a SQLSTATE of class CS and
-- contain no content:
--   CS001 no such conversation   CS002 conversation exists    CS003 no such message
--   CS004 message exists with other content                   CS005 condition does not hold
--   CS006 epoch or generation is not the present one          CS007 the rules are needed (append_plain)
--
-- Parameters: p_epoch -1 is the present epoch; p_generation 0 is the live generation; p_replay is true
-- for a change that was made earlier, at p_time.
--
-- Statements that find a row by key test for live rows with "num_nulls(deleted_at) <> 0". With "IS
-- NULL" the planner may use a partial index such as conversations_recent in a table that was never
-- analysed. That index has an entry for each append, and all of them are read until a vacuum.
--
-- These functions have no search_path of their own: it would cost each call, and the sessions of the
-- store look nowhere but in pg_catalog. Functions that people call from their own sessions have one.

CREATE FUNCTION ${schema}.remember(
  p_changes jsonb, p_change uuid, p_generation bigint, p_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  p_changes := p_changes || jsonb_build_array(jsonb_build_object(
    'change', p_change, 'generation', p_generation, 'at', p_at));
  WHILE jsonb_array_length(p_changes) > 16 LOOP
    p_changes := p_changes - 0;
  END LOOP;
  RETURN p_changes;
END $$;
COMMENT ON FUNCTION ${schema}.remember IS 'The last sixteen changes, each with the generation in which it took effect, and the time.';

CREATE FUNCTION ${schema}.landing(p_changes jsonb, p_change uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT (e.landing ->> 'generation')::bigint FROM jsonb_array_elements(p_changes) AS e (landing)
    WHERE e.landing ->> 'change' = p_change::text LIMIT 1;
$$;
COMMENT ON FUNCTION ${schema}.landing IS 'The generation in which a remembered change took effect; null if it is not remembered.';

CREATE FUNCTION ${schema}.misfit(
  p_tenant text, p_user text, p_epoch bigint, p_generation bigint, p_replay boolean,
  p_header ${schema}.conversations) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  v_epoch bigint;
BEGIN
  IF p_epoch <> -1 THEN
    SELECT o.epoch INTO v_epoch FROM ${schema}.owners o
      WHERE o.tenant_id = p_tenant AND o.user_id = p_user;
    v_epoch := coalesce(v_epoch, 0);
    IF p_replay AND p_epoch < v_epoch THEN
      RETURN 'its owner was erased';
    ELSIF NOT p_replay AND p_epoch <> v_epoch THEN
      RAISE EXCEPTION 'the epoch is not the present one' USING ERRCODE = 'CS006';
    END IF;
  END IF;
  IF p_header.conversation_key IS NULL THEN
    RAISE EXCEPTION 'no such conversation' USING ERRCODE = 'CS001';
  ELSIF p_generation = 0 AND p_header.deleted_at IS NULL THEN
    RETURN NULL;
  ELSIF p_generation = p_header.generation AND p_header.deleted_at IS NULL THEN
    RETURN NULL;
  ELSIF p_replay AND p_generation <= p_header.generation THEN
    RETURN 'its conversation was deleted';
  ELSIF p_replay OR p_generation = 0 THEN
    RAISE EXCEPTION 'no such conversation' USING ERRCODE = 'CS001';
  END IF;
  RAISE EXCEPTION 'the generation is not the live one' USING ERRCODE = 'CS006';
END $$;
COMMENT ON FUNCTION ${schema}.misfit IS 'Why a change of this conversation is dropped; null if it fits. Raises the errors of the caller.';

CREATE FUNCTION ${schema}.shared_owner(p_tenant text, p_user text) RETURNS ${schema}.owners
LANGUAGE plpgsql AS $$
DECLARE
  v_owner ${schema}.owners;
BEGIN
  LOOP
    SELECT * INTO v_owner FROM ${schema}.owners o
      WHERE o.tenant_id = p_tenant AND o.user_id = p_user FOR SHARE;
    IF FOUND THEN
      RETURN v_owner;
    END IF;
    -- The conflict names this key: a conflict in another unique index that was added to the table must
    -- be an error, not an endless loop.
    INSERT INTO ${schema}.owners (tenant_id, user_id) VALUES (p_tenant, p_user)
      ON CONFLICT (tenant_id, user_id) DO NOTHING;
  END LOOP;
END $$;
COMMENT ON FUNCTION ${schema}.shared_owner IS 'The row of the owner, created if missing, under a share lock that keeps erasures out.';

CREATE FUNCTION ${schema}.create_conversation(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_replay boolean, p_time timestamptz, p_strict boolean, p_new jsonb)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  conversation ${schema}.conversations, message ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_owner ${schema}.owners;
  v_tags text[] := ARRAY(SELECT jsonb_array_elements_text(p_new -> 'tags'));
  v_expires_at timestamptz := (p_new ->> 'expires_at')::timestamptz;
  v_at timestamptz;
  v_landed bigint;
  v_changes jsonb;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  v_owner := ${schema}.shared_owner(p_tenant, p_user);
  changed := false;
  given := false;
  IF p_epoch <> -1 AND p_epoch <> v_owner.epoch THEN
    IF NOT p_replay THEN
      RAISE EXCEPTION 'the epoch is not the present one' USING ERRCODE = 'CS006';
    ELSIF p_epoch < v_owner.epoch THEN
      dropped := 'its owner was erased';
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  LOOP
    SELECT * INTO conversation FROM ${schema}.conversations c
      WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.conversation_id = p_conversation
      FOR UPDATE;
    v_at := clock_timestamp();
    v_landed := CASE WHEN p_change = conversation.created_by THEN conversation.generation
      ELSE ${schema}.landing(conversation.recent_changes, p_change) END;
    IF p_replay THEN
      v_at := least(p_time, v_at);
    END IF;
    IF NOT FOUND THEN
      INSERT INTO ${schema}.conversations (tenant_id, owner_key, user_id, conversation_id,
          epoch, generation, version, title, settings, metadata, tags, pinned, created_at,
          updated_at, expires_at, last_message_at, created_by)
        VALUES (p_tenant, v_owner.owner_key, p_user, p_conversation, v_owner.epoch,
          v_owner.purged_generation + 1, 1,
          p_new ->> 'title', p_new -> 'settings', p_new -> 'metadata', v_tags,
          (p_new ->> 'pinned')::boolean, v_at, v_at, v_expires_at, v_at, p_change)
        ON CONFLICT (tenant_id, user_id, conversation_id) DO NOTHING
        RETURNING * INTO conversation;
      CONTINUE WHEN NOT FOUND;
      changed := true;
    ELSIF v_landed IS NOT NULL THEN
      -- Applied before and deleted since: it does not come back, and it does not mean a later
      -- generation.
      IF conversation.deleted_at IS NOT NULL OR v_landed <> conversation.generation THEN
        IF NOT p_replay THEN
          RAISE EXCEPTION 'no such conversation' USING ERRCODE = 'CS001';
        END IF;
        dropped := 'its conversation was deleted';
        conversation := NULL;
      END IF;
    ELSIF conversation.deleted_at IS NULL THEN
      IF p_strict THEN
        RAISE EXCEPTION 'conversation exists' USING ERRCODE = 'CS002';
      ELSIF p_replay THEN
        -- The changes behind it in a queue mean this generation, also if they are sent twice.
        v_changes := ${schema}.remember(
          conversation.recent_changes, p_change, conversation.generation, v_at);
        UPDATE ${schema}.conversations c SET recent_changes = v_changes
          WHERE c.tenant_id = p_tenant AND c.conversation_key = conversation.conversation_key
          RETURNING * INTO conversation;
      END IF;
    ELSE
      v_changes := ${schema}.remember(conversation.recent_changes, conversation.created_by,
        conversation.generation, conversation.created_at);
      UPDATE ${schema}.conversations c
        SET epoch = v_owner.epoch, generation = c.generation + 1, version = 1, deleted_at = NULL,
          title = p_new ->> 'title', status = 'active', settings = p_new -> 'settings',
          metadata = p_new -> 'metadata', tags = v_tags,
          pinned = (p_new ->> 'pinned')::boolean, created_at = v_at, updated_at = v_at,
          expires_at = v_expires_at, last_message_at = v_at,
          last_seq = 0, message_count = 0, prompt_tokens = 0, completion_tokens = 0,
          total_tokens = 0, field_times = '{}', created_by = p_change,
          recent_changes = v_changes, changed_xid = pg_current_xact_id()
        WHERE c.tenant_id = p_tenant AND c.conversation_key = conversation.conversation_key
        RETURNING * INTO conversation;
      changed := true;
    END IF;
    RETURN NEXT;
    RETURN;
  END LOOP;
END $$;
COMMENT ON FUNCTION ${schema}.create_conversation IS 'Creates a conversation or joins the live one of that id.';

CREATE FUNCTION ${schema}.record_join(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_generation bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_header ${schema}.conversations;
  v_changes jsonb;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  SELECT * INTO v_header FROM ${schema}.conversations c
    WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.conversation_id = p_conversation
    FOR UPDATE;
  IF NOT FOUND OR v_header.deleted_at IS NOT NULL OR v_header.generation <> p_generation THEN
    RETURN false;
  END IF;
  IF v_header.created_by <> p_change
      AND ${schema}.landing(v_header.recent_changes, p_change) IS NULL THEN
    v_changes := ${schema}.remember(
      v_header.recent_changes, p_change, p_generation, clock_timestamp());
    UPDATE ${schema}.conversations c SET recent_changes = v_changes
      WHERE c.tenant_id = p_tenant AND c.conversation_key = v_header.conversation_key;
  END IF;
  RETURN true;
END $$;
COMMENT ON FUNCTION ${schema}.record_join IS 'Remembers that a create joined the live conversation, though a change that it is a part of was rejected; returns whether this generation is live.';

-- Most appends: live, without a condition, of messages that do not exist yet. It changes the row of
-- the conversation in one step and looks for nothing, where append_messages locks the row, looks for
-- each message, and then changes the row. If another case applies, it changes nothing, and the caller
-- calls append_messages, which knows all rules: no row is returned if the conversation is not the one
-- that is meant, and a unique violation shows that a message exists. p_rest holds an object for each
-- message with the fields that are rarely set. The caller knows the rest of the result: places go up
-- to last_seq, and all messages have the time last_message_at.
CREATE FUNCTION ${schema}.append_new(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text,
  p_epoch bigint, p_generation bigint, p_prompt bigint, p_completion bigint, p_total bigint,
  p_ids uuid[], p_digests bytea[], p_roles text[], p_contents text[], p_search_tokens text[],
  p_rest jsonb[])
RETURNS SETOF ${schema}.conversations
LANGUAGE plpgsql AS $$
DECLARE
  v_at timestamptz := clock_timestamp();
  v_count integer := cardinality(p_ids);
  v_header ${schema}.conversations;
  v_rest jsonb;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  UPDATE ${schema}.conversations c
    SET version = c.version + 1, last_seq = c.last_seq + v_count,
      message_count = c.message_count + v_count, prompt_tokens = c.prompt_tokens + p_prompt,
      completion_tokens = c.completion_tokens + p_completion,
      total_tokens = c.total_tokens + p_total,
      last_message_at = greatest(c.last_message_at, v_at),
      updated_at = greatest(c.updated_at, v_at), changed_xid = pg_current_xact_id()
    WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.conversation_id = p_conversation
      AND num_nulls(c.deleted_at) <> 0 AND p_epoch IN (-1, c.epoch)
      AND p_generation IN (0, c.generation)
    RETURNING * INTO v_header;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF v_count = 1 THEN
    v_rest := p_rest[1];
    INSERT INTO ${schema}.messages (tenant_id, conversation_key, generation, seq, owner_key, epoch,
        message_id, version, digest, created_at, role, content, search_tokens, parts, tool_calls,
        tool_call_id, name, is_error, model, prompt_tokens, completion_tokens, total_tokens,
        metadata)
      VALUES (p_tenant, v_header.conversation_key, v_header.generation, v_header.last_seq,
        v_header.owner_key, v_header.epoch, p_ids[1], 1, p_digests[1], v_header.last_message_at,
        p_roles[1], p_contents[1], p_search_tokens[1]::bigint[], v_rest -> 'parts',
        v_rest -> 'tool_calls', v_rest ->> 'tool_call_id', v_rest ->> 'name',
        coalesce((v_rest ->> 'is_error')::boolean, false), v_rest ->> 'model',
        (v_rest ->> 'prompt_tokens')::bigint, (v_rest ->> 'completion_tokens')::bigint,
        (v_rest ->> 'total_tokens')::bigint, v_rest -> 'metadata');
  ELSE
    -- One INSERT for many messages takes half the time of an INSERT for each.
    INSERT INTO ${schema}.messages (tenant_id, conversation_key, generation, seq, owner_key, epoch,
        message_id, version, digest, created_at, role, content, search_tokens, parts, tool_calls,
        tool_call_id, name, is_error, model, prompt_tokens, completion_tokens, total_tokens,
        metadata)
      SELECT p_tenant, v_header.conversation_key, v_header.generation,
          v_header.last_seq - v_count + g.place, v_header.owner_key, v_header.epoch, g.id, 1,
          g.digest, v_header.last_message_at, g.role, g.content, g.search_tokens::bigint[],
          g.rest -> 'parts', g.rest -> 'tool_calls', g.rest ->> 'tool_call_id',
          g.rest ->> 'name', coalesce((g.rest ->> 'is_error')::boolean, false),
          g.rest ->> 'model', (g.rest ->> 'prompt_tokens')::bigint,
          (g.rest ->> 'completion_tokens')::bigint, (g.rest ->> 'total_tokens')::bigint,
          g.rest -> 'metadata'
        FROM unnest(p_ids, p_digests, p_roles, p_contents, p_search_tokens, p_rest)
          WITH ORDINALITY AS g (id, digest, role, content, search_tokens, rest, place);
  END IF;
  RETURN NEXT v_header;
END $$;
COMMENT ON FUNCTION ${schema}.append_new IS 'Appends messages that do not exist yet to a live conversation; no row if there is none.';

CREATE FUNCTION ${schema}.append_messages(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text,
  p_epoch bigint, p_generation bigint, p_replay boolean, p_time timestamptz,
  p_check_last boolean, p_last uuid, p_edit_existing boolean, p_messages json)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  conversation ${schema}.conversations, message ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_header ${schema}.conversations;
  v_message record;
  v_at timestamptz;
  v_seq bigint;
  v_last_at timestamptz;
  v_last_id uuid;
  v_has_new boolean := false;
  v_count bigint := 0;
  v_edits bigint := 0;
  v_prompt bigint := 0;
  v_completion bigint := 0;
  v_total bigint := 0;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  given := false;
  SELECT * INTO v_header FROM ${schema}.conversations c
    WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.conversation_id = p_conversation
    FOR UPDATE;
  IF NOT FOUND OR v_header.deleted_at IS NOT NULL OR p_epoch NOT IN (-1, v_header.epoch)
      OR p_generation NOT IN (0, v_header.generation) THEN
    dropped := ${schema}.misfit(p_tenant, p_user, p_epoch, p_generation, p_replay, v_header);
    IF dropped IS NOT NULL THEN
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  -- Existing messages are decided first; the condition counts only if some message is new. OFFSET 0
  -- makes the server look up each message by its id; a join may read the whole conversation.
  IF p_check_last THEN
    FOR v_message IN
      SELECT g.id, t.message_id IS NULL AS is_new,
          t.digest IS DISTINCT FROM decode(g.digest, 'hex') AS differs
        FROM ROWS FROM (json_to_recordset(p_messages) AS (id uuid, digest text))
          WITH ORDINALITY AS g (id, digest, place)
        LEFT JOIN LATERAL (SELECT m.message_id, m.digest FROM ${schema}.messages m
          WHERE m.tenant_id = p_tenant AND m.conversation_key = v_header.conversation_key
            AND m.generation = v_header.generation AND m.message_id = g.id OFFSET 0) t ON true
        ORDER BY g.place
    LOOP
      IF v_message.is_new THEN
        v_has_new := true;
      ELSIF v_message.differs AND NOT p_edit_existing THEN
        RAISE EXCEPTION 'message % exists with other content', v_message.id USING ERRCODE = 'CS004';
      END IF;
    END LOOP;
  END IF;
  IF v_has_new THEN
    SELECT m.message_id INTO v_last_id FROM ${schema}.messages m
      WHERE m.tenant_id = p_tenant AND m.conversation_key = v_header.conversation_key
        AND m.generation = v_header.generation AND num_nulls(m.deleted_at) <> 0
      ORDER BY m.seq DESC LIMIT 1;
    IF p_last IS DISTINCT FROM v_last_id THEN
      RAISE EXCEPTION 'the last message is another one' USING ERRCODE = 'CS005';
    END IF;
  END IF;
  v_at := clock_timestamp();
  IF p_replay THEN
    v_at := least(p_time, v_at);
  END IF;
  v_seq := v_header.last_seq;
  v_last_at := v_header.last_message_at;
  FOR v_message IN
    SELECT * FROM json_to_recordset(p_messages) AS g (
      id uuid, digest text, role text, content text, parts jsonb, tool_calls jsonb,
      tool_call_id text, name text, is_error boolean, model text, prompt_tokens bigint,
      completion_tokens bigint, total_tokens bigint, metadata jsonb, created_at timestamptz,
      search_tokens bigint[])
  LOOP
    SELECT * INTO message FROM ${schema}.messages m
      WHERE m.tenant_id = p_tenant AND m.conversation_key = v_header.conversation_key
        AND m.generation = v_header.generation AND m.message_id = v_message.id;
    IF NOT FOUND THEN
      v_seq := v_seq + 1;
      INSERT INTO ${schema}.messages (tenant_id, conversation_key, generation, seq, owner_key,
          epoch, message_id, version, digest, created_at, role, content, parts, tool_calls,
          tool_call_id, name, is_error, model, prompt_tokens, completion_tokens, total_tokens,
          metadata, search_tokens)
        VALUES (p_tenant, v_header.conversation_key, v_header.generation, v_seq,
          v_header.owner_key, v_header.epoch, v_message.id, 1, decode(v_message.digest, 'hex'),
          coalesce(v_message.created_at, greatest(v_last_at, v_at)), v_message.role,
          v_message.content, v_message.parts, v_message.tool_calls, v_message.tool_call_id,
          v_message.name, coalesce(v_message.is_error, false), v_message.model,
          v_message.prompt_tokens, v_message.completion_tokens, v_message.total_tokens,
          v_message.metadata, v_message.search_tokens)
        RETURNING * INTO message;
      v_count := v_count + 1;
      v_prompt := v_prompt + coalesce(v_message.prompt_tokens, 0);
      v_completion := v_completion + coalesce(v_message.completion_tokens, 0);
      v_total := v_total + coalesce(v_message.total_tokens, 0);
      v_last_at := greatest(v_last_at, message.created_at);
      given := true;
    ELSIF message.digest = decode(v_message.digest, 'hex') THEN
      given := message.edited_at IS NULL AND message.deleted_at IS NULL;
    ELSIF NOT p_edit_existing THEN
      RAISE EXCEPTION 'message % exists with other content', v_message.id USING ERRCODE = 'CS004';
    ELSE
      given := false;
      IF message.deleted_at IS NULL
          AND (message.content IS DISTINCT FROM v_message.content
            OR message.parts IS DISTINCT FROM v_message.parts)
          AND (NOT p_replay OR message.edited_at IS NULL OR v_at > message.edited_at) THEN
        UPDATE ${schema}.messages m
          SET content = v_message.content, parts = v_message.parts,
            search_tokens = v_message.search_tokens, version = m.version + 1,
            edited_at = greatest(m.edited_at, v_at), edited_by = NULL,
            changed_xid = pg_current_xact_id()
          WHERE m.tenant_id = p_tenant AND m.conversation_key = v_header.conversation_key
            AND m.generation = v_header.generation AND m.seq = message.seq
          RETURNING * INTO message;
        v_edits := v_edits + 1;
      END IF;
    END IF;
    IF given THEN
      message.content := NULL;
      message.parts := NULL;
      message.tool_calls := NULL;
      message.metadata := NULL;
    END IF;
    message.search_tokens := NULL;
    RETURN NEXT;
  END LOOP;
  IF v_count + v_edits > 0 THEN
    UPDATE ${schema}.conversations c
      SET version = c.version + 1, last_seq = v_seq, message_count = c.message_count + v_count,
        prompt_tokens = c.prompt_tokens + v_prompt,
        completion_tokens = c.completion_tokens + v_completion,
        total_tokens = c.total_tokens + v_total, last_message_at = v_last_at,
        updated_at = greatest(c.updated_at, v_at), changed_xid = pg_current_xact_id()
      WHERE c.tenant_id = p_tenant AND c.conversation_key = v_header.conversation_key
      RETURNING * INTO v_header;
    changed := true;
  END IF;
  given := false;
  conversation := v_header;
  message := NULL;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.append_messages IS 'Appends messages, all or none; existing ones are kept.';

-- A node sends a call again whose answer was lost, and other nodes may delete the conversation
-- meanwhile: the row remembers the generation that the call has joined, so that its messages enter no
-- later one. A caller that names no epoch sends nothing again.
CREATE FUNCTION ${schema}.append_or_create(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_new jsonb, p_check_last boolean, p_last uuid, p_messages json)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  conversation ${schema}.conversations, message ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_at timestamptz := clock_timestamp();
  v_written record;
  v_header ${schema}.conversations;
  v_changes jsonb;
BEGIN
  SELECT w.changed, w.conversation INTO v_written
    FROM ${schema}.create_conversation(p_lock_timeout, p_tenant, p_user, p_conversation, p_change,
      p_epoch, false, v_at, false, p_new) w;
  v_header := v_written.conversation;
  IF p_epoch <> -1 AND NOT v_written.changed
      AND ${schema}.landing(v_header.recent_changes, p_change) IS NULL
      AND v_header.created_by <> p_change THEN
    v_changes := ${schema}.remember(
      v_header.recent_changes, p_change, v_header.generation, v_at);
    UPDATE ${schema}.conversations c SET recent_changes = v_changes
      WHERE c.tenant_id = p_tenant AND c.conversation_key = v_header.conversation_key;
  END IF;
  RETURN QUERY SELECT * FROM ${schema}.append_messages(p_lock_timeout, p_tenant, p_user,
    p_conversation, p_epoch, 0, false, v_at, p_check_last, p_last, false, p_messages);
END $$;
COMMENT ON FUNCTION ${schema}.append_or_create IS 'Appends messages to the live conversation of that id, which it creates if there is none.';

-- Replayed appends to many conversations, without conditions and edits, of messages that do not exist
-- yet. Assigns places and times like append_messages, with one INSERT for each tenant, and writes the
-- row of a conversation once. If the rules are needed, for example because a conversation is deleted,
-- it raises CS007 or a unique violation; the caller rolls back and calls append_messages.
-- Conversations are locked in the order of tenant and key, which prevents deadlocks between batches.
--
-- The n-th elements of the arrays are the n-th change. A row is returned for each message, in the order
-- of the places in the conversation, and one with the whole conversation after them.
CREATE FUNCTION ${schema}.append_plain(
  p_lock_timeout text, p_tenants text[], p_users text[], p_conversations text[],
  p_epochs bigint[], p_generations bigint[], p_times text[], p_messages text[])
RETURNS TABLE (tenant_id text, user_id text, conversation_id text, epoch bigint,
  generation bigint, seq bigint, created_at timestamptz, conversation ${schema}.conversations)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_tenant record;
  v_header ${schema}.conversations;
  v_message record;
  v_now timestamptz;
  v_keys bigint[];
  v_users text[];
  v_conversations text[];
  v_generations bigint[];
  v_epochs bigint[];
  v_owner_keys bigint[];
  v_last_seqs bigint[];
  v_last_times timestamptz[];
  v_changes bigint[];
  v_used_times timestamptz[];
  v_fitting bigint;
  v_place integer;
  v_counts bigint[];
  v_prompts bigint[];
  v_completions bigint[];
  v_totals bigint[];
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  FOR v_tenant IN
    SELECT t.id, count(*) AS changes FROM unnest(p_tenants) AS t (id) GROUP BY t.id ORDER BY t.id
  LOOP
    v_keys := '{}';
    v_users := '{}';
    v_conversations := '{}';
    v_generations := '{}';
    v_epochs := '{}';
    v_owner_keys := '{}';
    v_last_seqs := '{}';
    v_last_times := '{}';
    FOR v_header IN
      SELECT c.*
        FROM (SELECT DISTINCT k.user_id, k.conversation_id
          FROM unnest(p_tenants, p_users, p_conversations)
            AS k (tenant_id, user_id, conversation_id) WHERE k.tenant_id = v_tenant.id) d
        JOIN ${schema}.conversations c
          ON c.tenant_id = v_tenant.id AND c.user_id = d.user_id
          AND c.conversation_id = d.conversation_id
        ORDER BY c.conversation_key FOR UPDATE OF c
    LOOP
      IF v_header.deleted_at IS NULL THEN
        v_keys := v_keys || v_header.conversation_key;
        v_users := v_users || v_header.user_id;
        v_conversations := v_conversations || v_header.conversation_id::text;
        v_generations := v_generations || v_header.generation::bigint;
        v_epochs := v_epochs || v_header.epoch;
        v_owner_keys := v_owner_keys || v_header.owner_key;
        v_last_seqs := v_last_seqs || v_header.last_seq::bigint;
        v_last_times := v_last_times || v_header.last_message_at;
      END IF;
    END LOOP;
    v_now := clock_timestamp();
    SELECT array_agg(q.changes ORDER BY q.conversation_key),
        array_agg(q.used_at ORDER BY q.conversation_key), sum(q.changes)
      INTO v_changes, v_used_times, v_fitting
      FROM (
        SELECT h.conversation_key, count(*) AS changes,
            max(least(a.at::timestamptz, v_now)) AS used_at
          FROM unnest(p_tenants, p_users, p_conversations, p_epochs, p_generations, p_times)
            AS a (tenant_id, user_id, conversation_id, epoch, generation, at)
          JOIN unnest(v_keys, v_users, v_conversations, v_epochs, v_generations)
            AS h (conversation_key, user_id, conversation_id, epoch, generation)
            ON h.user_id = a.user_id AND h.conversation_id = a.conversation_id
            AND a.epoch IN (-1, h.epoch) AND a.generation IN (0, h.generation)
          WHERE a.tenant_id = v_tenant.id
          GROUP BY h.conversation_key) q;
    IF v_fitting IS DISTINCT FROM v_tenant.changes THEN
      RAISE EXCEPTION 'the rules of append_messages are needed' USING ERRCODE = 'CS007';
    END IF;
    v_place := 1;
    v_counts := array_fill(0::bigint, ARRAY[cardinality(v_keys)]);
    v_prompts := v_counts;
    v_completions := v_counts;
    v_totals := v_counts;
    tenant_id := v_tenant.id;
    conversation := NULL;
    FOR v_message IN
      INSERT INTO ${schema}.messages AS m (tenant_id, conversation_key, generation, seq, owner_key,
          epoch, message_id, version, digest, created_at, role, content, parts, tool_calls,
          tool_call_id, name, is_error, model, prompt_tokens, completion_tokens, total_tokens,
          metadata, search_tokens)
        SELECT v_tenant.id, h.conversation_key, h.generation,
            h.last_seq + row_number() OVER places, h.owner_key, h.epoch, g.id, 1,
            decode(g.digest, 'hex'),
            coalesce(g.created_at, greatest(h.last_message_at,
              max(coalesce(g.created_at, least(a.at::timestamptz, v_now))) OVER places)),
            g.role, g.content, g.parts, g.tool_calls, g.tool_call_id, g.name,
            coalesce(g.is_error, false), g.model, g.prompt_tokens, g.completion_tokens,
            g.total_tokens, g.metadata, g.search_tokens
          FROM unnest(p_tenants, p_users, p_conversations, p_times, p_messages)
            WITH ORDINALITY AS a (tenant_id, user_id, conversation_id, at, messages, place)
          JOIN unnest(v_keys, v_users, v_conversations, v_generations, v_epochs, v_owner_keys,
            v_last_seqs, v_last_times) AS h (conversation_key, user_id, conversation_id,
            generation, epoch, owner_key, last_seq, last_message_at)
            ON h.user_id = a.user_id AND h.conversation_id = a.conversation_id
          CROSS JOIN LATERAL ROWS FROM (json_to_recordset(a.messages::json) AS (
            id uuid, digest text, role text, content text, parts jsonb, tool_calls jsonb,
            tool_call_id text, name text, is_error boolean, model text, prompt_tokens bigint,
            completion_tokens bigint, total_tokens bigint, metadata jsonb, created_at timestamptz,
            search_tokens bigint[])) WITH ORDINALITY AS g (
            id, digest, role, content, parts, tool_calls, tool_call_id, name, is_error, model,
            prompt_tokens, completion_tokens, total_tokens, metadata, created_at, search_tokens,
            place)
          WHERE a.tenant_id = v_tenant.id
          WINDOW places AS (PARTITION BY h.conversation_key ORDER BY a.place, g.place
            ROWS UNBOUNDED PRECEDING)
          ORDER BY h.conversation_key, a.place, g.place
        RETURNING m.conversation_key, m.seq, m.created_at,
          coalesce(m.prompt_tokens, 0) AS prompt_tokens,
          coalesce(m.completion_tokens, 0) AS completion_tokens,
          coalesce(m.total_tokens, 0) AS total_tokens
    LOOP
      WHILE v_message.conversation_key <> v_keys[v_place] LOOP
        v_place := v_place + 1;
      END LOOP;
      v_counts[v_place] := v_counts[v_place] + 1;
      v_prompts[v_place] := v_prompts[v_place] + v_message.prompt_tokens;
      v_completions[v_place] := v_completions[v_place] + v_message.completion_tokens;
      v_totals[v_place] := v_totals[v_place] + v_message.total_tokens;
      v_last_times[v_place] := greatest(v_last_times[v_place], v_message.created_at);
      user_id := v_users[v_place];
      conversation_id := v_conversations[v_place];
      epoch := v_epochs[v_place];
      generation := v_generations[v_place];
      seq := v_message.seq;
      created_at := v_message.created_at;
      RETURN NEXT;
    END LOOP;
    FOR v_place IN 1 .. cardinality(v_keys) LOOP
      UPDATE ${schema}.conversations c
        SET version = c.version + v_changes[v_place], last_seq = c.last_seq + v_counts[v_place],
          message_count = c.message_count + v_counts[v_place],
          prompt_tokens = c.prompt_tokens + v_prompts[v_place],
          completion_tokens = c.completion_tokens + v_completions[v_place],
          total_tokens = c.total_tokens + v_totals[v_place],
          last_message_at = v_last_times[v_place],
          updated_at = greatest(c.updated_at, v_used_times[v_place]),
          changed_xid = pg_current_xact_id()
        WHERE c.tenant_id = v_tenant.id AND c.conversation_key = v_keys[v_place]
        RETURNING * INTO conversation;
      RETURN NEXT;
    END LOOP;
  END LOOP;
END $$;
COMMENT ON FUNCTION ${schema}.append_plain IS 'Applies many replayed appends that need no rules; raises CS007 if one does.';

CREATE FUNCTION ${schema}.update_conversation(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_generation bigint, p_replay boolean, p_time timestamptz, p_fields jsonb)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  conversation ${schema}.conversations, message ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_written_at timestamptz;
  v_at timestamptz;
  v_field text;
  v_field_times jsonb;
  v_tags text[];
  v_changes jsonb;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  given := false;
  SELECT * INTO conversation FROM ${schema}.conversations c
    WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.conversation_id = p_conversation
    FOR UPDATE;
  IF ${schema}.landing(conversation.recent_changes, p_change) IS NOT NULL
      AND conversation.deleted_at IS NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  dropped := ${schema}.misfit(p_tenant, p_user, p_epoch, p_generation, p_replay, conversation);
  IF dropped IS NOT NULL THEN
    conversation := NULL;
    RETURN NEXT;
    RETURN;
  END IF;
  v_at := clock_timestamp();
  v_field_times := conversation.field_times;
  IF p_replay THEN
    v_at := least(p_time, v_at);
  END IF;
  FOR v_field IN SELECT jsonb_object_keys(p_fields) LOOP
    v_written_at := coalesce((v_field_times ->> v_field)::timestamptz, conversation.created_at);
    IF p_replay AND v_at <= v_written_at THEN
      p_fields := p_fields - v_field;
    ELSE
      v_field_times := v_field_times || jsonb_build_object(v_field, greatest(v_written_at, v_at));
    END IF;
  END LOOP;
  IF p_fields <> '{}' OR v_at > conversation.updated_at OR NOT p_replay THEN
    v_tags := CASE WHEN p_fields ? 'tags'
      THEN ARRAY(SELECT jsonb_array_elements_text(p_fields -> 'tags')) ELSE conversation.tags END;
    v_changes := ${schema}.remember(
      conversation.recent_changes, p_change, conversation.generation, v_at);
    UPDATE ${schema}.conversations c
      SET title = CASE WHEN p_fields ? 'title' THEN p_fields ->> 'title' ELSE c.title END,
        status = CASE WHEN p_fields ? 'status' THEN p_fields ->> 'status' ELSE c.status END,
        settings = CASE WHEN p_fields ? 'settings' THEN p_fields -> 'settings' ELSE c.settings END,
        metadata = CASE WHEN p_fields ? 'metadata' THEN p_fields -> 'metadata' ELSE c.metadata END,
        tags = v_tags,
        pinned = CASE WHEN p_fields ? 'pinned'
          THEN (p_fields ->> 'pinned')::boolean ELSE c.pinned END,
        expires_at = CASE WHEN p_fields ? 'expires_at'
          THEN (p_fields ->> 'expires_at')::timestamptz ELSE c.expires_at END,
        field_times = v_field_times, updated_at = greatest(c.updated_at, v_at),
        version = c.version + 1, recent_changes = v_changes, changed_xid = pg_current_xact_id()
      WHERE c.tenant_id = p_tenant AND c.conversation_key = conversation.conversation_key
      RETURNING * INTO conversation;
    changed := true;
  END IF;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.update_conversation IS 'Writes the named fields of a conversation; without fields it is a touch.';

CREATE FUNCTION ${schema}.delete_conversation(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_generation bigint, p_replay boolean)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  conversation ${schema}.conversations, message ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_at timestamptz;
  v_landed bigint;
  v_changes jsonb;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  given := false;
  SELECT * INTO conversation FROM ${schema}.conversations c
    WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.conversation_id = p_conversation
    FOR UPDATE;
  -- Applied before: this very change, or the delete of a generation that is deleted already.
  v_landed := ${schema}.landing(conversation.recent_changes, p_change);
  IF (v_landed IS NOT NULL AND p_generation <= v_landed)
      OR (p_epoch IN (-1, conversation.epoch) AND p_generation <> 0
        AND (p_generation < conversation.generation
          OR (p_generation = conversation.generation AND conversation.deleted_at IS NOT NULL)))
      OR (p_epoch IN (-1, conversation.epoch) AND p_replay AND p_generation = 0
        AND conversation.deleted_at IS NOT NULL) THEN
    RETURN NEXT;
    RETURN;
  END IF;
  dropped := ${schema}.misfit(p_tenant, p_user, p_epoch, p_generation, p_replay, conversation);
  IF dropped IS NOT NULL THEN
    conversation := NULL;
    RETURN NEXT;
    RETURN;
  END IF;
  v_at := clock_timestamp();
  UPDATE ${schema}.messages m
    SET deleted_at = v_at, version = m.version + 1, role = NULL, content = NULL, parts = NULL,
      tool_calls = NULL, tool_call_id = NULL, name = NULL, model = NULL, is_error = false,
      prompt_tokens = NULL, completion_tokens = NULL, total_tokens = NULL, metadata = NULL,
      edited_at = NULL, edited_by = NULL, changed_xid = pg_current_xact_id()
    WHERE m.tenant_id = p_tenant AND m.conversation_key = conversation.conversation_key
      AND m.generation = conversation.generation AND num_nulls(m.deleted_at) <> 0;
  v_changes := ${schema}.remember(
    conversation.recent_changes, p_change, conversation.generation, v_at);
  UPDATE ${schema}.conversations c
    SET deleted_at = v_at, version = c.version + 1, title = NULL, settings = NULL,
      metadata = NULL, tags = NULL, pinned = false, status = 'active', expires_at = NULL,
      field_times = '{}', message_count = 0, prompt_tokens = 0, completion_tokens = 0,
      total_tokens = 0, recent_changes = v_changes, changed_xid = pg_current_xact_id()
    WHERE c.tenant_id = p_tenant AND c.conversation_key = conversation.conversation_key
    RETURNING * INTO conversation;
  changed := true;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.delete_conversation IS 'Blanks a conversation and its messages; the rows stay.';

CREATE FUNCTION ${schema}.edit_message(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text, p_change uuid,
  p_epoch bigint, p_generation bigint, p_replay boolean, p_time timestamptz,
  p_message uuid, p_content text, p_parts jsonb, p_search_tokens bigint[] DEFAULT NULL)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  conversation ${schema}.conversations, message ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_header ${schema}.conversations;
  v_at timestamptz;
  v_ended boolean;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  given := false;
  SELECT * INTO v_header FROM ${schema}.conversations c
    WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.conversation_id = p_conversation
    FOR UPDATE;
  dropped := ${schema}.misfit(p_tenant, p_user, p_epoch, p_generation, p_replay, v_header);
  IF dropped IS NOT NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT * INTO message FROM ${schema}.messages m
    WHERE m.tenant_id = p_tenant AND m.conversation_key = v_header.conversation_key
      AND m.generation = v_header.generation AND m.message_id = p_message;
  -- A message that was appended to an earlier generation was deleted with it.
  v_ended := NOT FOUND AND p_replay AND EXISTS (SELECT FROM ${schema}.messages m
    WHERE m.tenant_id = p_tenant AND m.conversation_key = v_header.conversation_key
      AND m.generation < v_header.generation AND m.message_id = p_message);
  IF v_ended OR (p_replay AND message.deleted_at IS NOT NULL) THEN
    dropped := CASE WHEN v_ended THEN 'its conversation was deleted'
      ELSE 'its message was deleted' END;
    message := NULL;
    RETURN NEXT;
    RETURN;
  ELSIF message.message_id IS NULL OR message.deleted_at IS NOT NULL THEN
    RAISE EXCEPTION 'no such message' USING ERRCODE = 'CS003';
  END IF;
  v_at := clock_timestamp();
  IF p_replay THEN
    v_at := least(p_time, v_at);
  END IF;
  -- Edits compete with edits only: the creation time may have been moved to keep the order.
  IF p_change IS DISTINCT FROM message.edited_by
      AND (NOT p_replay OR message.edited_at IS NULL OR v_at > message.edited_at) THEN
    UPDATE ${schema}.messages m
      SET content = p_content, parts = p_parts, search_tokens = p_search_tokens,
        version = m.version + 1,
        edited_at = greatest(m.edited_at, v_at), edited_by = p_change,
        changed_xid = pg_current_xact_id()
      WHERE m.tenant_id = p_tenant AND m.conversation_key = v_header.conversation_key
        AND m.generation = v_header.generation AND m.seq = message.seq
      RETURNING * INTO message;
    UPDATE ${schema}.conversations c
      SET version = c.version + 1, updated_at = greatest(c.updated_at, v_at),
        changed_xid = pg_current_xact_id()
      WHERE c.tenant_id = p_tenant AND c.conversation_key = v_header.conversation_key
      RETURNING * INTO v_header;
    changed := true;
  END IF;
  message.search_tokens := NULL;
  RETURN NEXT;
  conversation := v_header;
  message := NULL;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.edit_message IS 'Replaces the content of a message.';

CREATE FUNCTION ${schema}.delete_message(
  p_lock_timeout text, p_tenant text, p_user text, p_conversation text,
  p_epoch bigint, p_generation bigint, p_replay boolean, p_message uuid)
RETURNS TABLE (dropped text, changed boolean, given boolean,
  conversation ${schema}.conversations, message ${schema}.messages)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_header ${schema}.conversations;
  v_before ${schema}.messages;
  v_at timestamptz;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  given := false;
  SELECT * INTO v_header FROM ${schema}.conversations c
    WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.conversation_id = p_conversation
    FOR UPDATE;
  dropped := ${schema}.misfit(p_tenant, p_user, p_epoch, p_generation, p_replay, v_header);
  IF dropped IS NOT NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT * INTO v_before FROM ${schema}.messages m
    WHERE m.tenant_id = p_tenant AND m.conversation_key = v_header.conversation_key
      AND m.generation = v_header.generation AND m.message_id = p_message;
  IF FOUND THEN
    message := v_before;
    IF v_before.deleted_at IS NULL THEN
      v_at := clock_timestamp();
      UPDATE ${schema}.messages m
        SET deleted_at = v_at, version = m.version + 1, role = NULL, content = NULL,
          parts = NULL, tool_calls = NULL, tool_call_id = NULL, name = NULL, model = NULL,
          is_error = false, prompt_tokens = NULL, completion_tokens = NULL, total_tokens = NULL,
          metadata = NULL, edited_at = NULL, edited_by = NULL, changed_xid = pg_current_xact_id()
        WHERE m.tenant_id = p_tenant AND m.conversation_key = v_header.conversation_key
          AND m.generation = v_header.generation AND m.seq = v_before.seq
        RETURNING * INTO message;
      UPDATE ${schema}.conversations c
        SET version = c.version + 1, message_count = c.message_count - 1,
          prompt_tokens = greatest(0, c.prompt_tokens - coalesce(v_before.prompt_tokens, 0)),
          completion_tokens =
            greatest(0, c.completion_tokens - coalesce(v_before.completion_tokens, 0)),
          total_tokens = greatest(0, c.total_tokens - coalesce(v_before.total_tokens, 0)),
          changed_xid = pg_current_xact_id()
        WHERE c.tenant_id = p_tenant AND c.conversation_key = v_header.conversation_key
        RETURNING * INTO v_header;
      changed := true;
    END IF;
    RETURN NEXT;
  END IF;
  conversation := v_header;
  message := NULL;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.delete_message IS 'Blanks a message; the row stays.';

CREATE FUNCTION ${schema}.put_preferences(
  p_lock_timeout text, p_tenant text, p_user text, p_change uuid, p_epoch bigint,
  p_replay boolean, p_time timestamptz, p_sets_active boolean, p_active text,
  p_generation bigint, p_sets_model boolean, p_model text)
RETURNS TABLE (dropped text, changed boolean, preferences ${schema}.user_preferences)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_owner ${schema}.owners;
  v_header ${schema}.conversations;
  v_at timestamptz;
  v_changes jsonb;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  v_owner := ${schema}.shared_owner(p_tenant, p_user);
  IF p_epoch <> -1 AND p_epoch <> v_owner.epoch THEN
    IF NOT p_replay THEN
      RAISE EXCEPTION 'the epoch is not the present one' USING ERRCODE = 'CS006';
    ELSIF p_epoch < v_owner.epoch THEN
      dropped := 'its owner was erased';
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  LOOP
    SELECT * INTO preferences FROM ${schema}.user_preferences p
      WHERE p.tenant_id = p_tenant AND p.user_id = p_user FOR UPDATE;
    EXIT WHEN FOUND;
    INSERT INTO ${schema}.user_preferences (tenant_id, user_id, owner_key, epoch, version)
      VALUES (p_tenant, p_user, v_owner.owner_key, v_owner.epoch, 1)
      ON CONFLICT (tenant_id, user_id) DO NOTHING RETURNING * INTO preferences;
    IF FOUND THEN
      changed := true;
      preferences.version := 0;
      EXIT;
    END IF;
  END LOOP;
  IF ${schema}.landing(preferences.recent_changes, p_change) IS NOT NULL THEN
    RETURN NEXT;
    RETURN;
  END IF;
  IF p_sets_active AND p_active IS NOT NULL AND (p_generation = 0 OR NOT p_replay) THEN
    SELECT * INTO v_header FROM ${schema}.conversations c
      WHERE c.tenant_id = p_tenant AND c.user_id = p_user AND c.conversation_id = p_active
      FOR SHARE;
    IF NOT FOUND OR (v_header.deleted_at IS NOT NULL AND p_generation = 0 AND NOT p_replay) THEN
      RAISE EXCEPTION 'no such conversation' USING ERRCODE = 'CS001';
    ELSIF p_generation <> 0
        AND (p_generation <> v_header.generation OR v_header.deleted_at IS NOT NULL) THEN
      RAISE EXCEPTION 'the generation is not the live one' USING ERRCODE = 'CS006';
    END IF;
    p_generation := v_header.generation;
  END IF;
  v_at := clock_timestamp();
  IF p_replay THEN
    v_at := least(p_time, v_at);
    p_sets_active := p_sets_active
      AND v_at > coalesce(preferences.active_conversation_time, '-infinity');
    p_sets_model := p_sets_model AND v_at > coalesce(preferences.selected_model_time, '-infinity');
  END IF;
  IF changed OR p_sets_active OR p_sets_model THEN
    v_changes := ${schema}.remember(preferences.recent_changes, p_change, 0, v_at);
    UPDATE ${schema}.user_preferences p
      SET version = preferences.version + 1,
        active_conversation = CASE WHEN p_sets_active THEN p_active ELSE p.active_conversation END,
        active_generation = CASE WHEN NOT p_sets_active THEN p.active_generation
          WHEN p_active IS NULL THEN 0 ELSE p_generation END,
        active_conversation_time = CASE WHEN p_sets_active
          THEN greatest(p.active_conversation_time, v_at) ELSE p.active_conversation_time END,
        selected_model = CASE WHEN p_sets_model THEN p_model ELSE p.selected_model END,
        selected_model_time = CASE WHEN p_sets_model
          THEN greatest(p.selected_model_time, v_at) ELSE p.selected_model_time END,
        recent_changes = v_changes, changed_xid = pg_current_xact_id()
      WHERE p.tenant_id = p_tenant AND p.user_id = p_user
      RETURNING * INTO preferences;
    changed := true;
  END IF;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.put_preferences IS 'Writes the preferences of an owner.';

CREATE FUNCTION ${schema}.erase_owner(
  p_lock_timeout text, p_tenant text, p_user text, p_change uuid, p_epoch bigint,
  p_replay boolean, p_time timestamptz DEFAULT NULL)
RETURNS TABLE (dropped text, changed boolean, epoch bigint, erased_at timestamptz,
  conversations bigint, messages bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_owner ${schema}.owners;
  v_asked_at timestamptz;
  v_keys bigint[];
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  changed := false;
  INSERT INTO ${schema}.owners (tenant_id, user_id) VALUES (p_tenant, p_user)
    ON CONFLICT (tenant_id, user_id) DO NOTHING;
  SELECT * INTO v_owner FROM ${schema}.owners o
    WHERE o.tenant_id = p_tenant AND o.user_id = p_user FOR UPDATE;
  SELECT e.erased_at, e.conversations, e.messages INTO erased_at, conversations, messages
    FROM ${schema}.owner_erasures e
    WHERE e.tenant_id = p_tenant AND e.user_id = p_user AND e.change_id = p_change;
  IF FOUND THEN
    epoch := v_owner.epoch;
    RETURN NEXT;
    RETURN;
  ELSIF NOT p_replay AND p_epoch NOT IN (-1, v_owner.epoch) THEN
    RAISE EXCEPTION 'the epoch is not the present one' USING ERRCODE = 'CS006';
  ELSIF p_replay AND p_epoch <> -1 AND p_epoch < v_owner.epoch THEN
    -- An erasure that was requested after the last one also removes what was written in between,
    -- because its node did not know of the last one.
    PERFORM FROM ${schema}.owner_erasures e
      WHERE e.tenant_id = p_tenant AND e.user_id = p_user AND e.asked_at >= p_time LIMIT 1;
    IF FOUND THEN
      dropped := 'its owner was erased';
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  PERFORM FROM ${schema}.conversations c
    WHERE c.tenant_id = p_tenant AND c.user_id = p_user
    ORDER BY c.conversation_key FOR UPDATE;
  SELECT coalesce(array_agg(c.conversation_key), '{}'),
      count(*) FILTER (WHERE c.deleted_at IS NULL),
      coalesce(sum(c.message_count) FILTER (WHERE c.deleted_at IS NULL), 0)
    INTO v_keys, conversations, messages
    FROM ${schema}.conversations c
    WHERE c.tenant_id = p_tenant AND c.user_id = p_user;
  PERFORM set_config('conversation_store.allow_delete', 'on', true);
  DELETE FROM ${schema}.messages m
    WHERE m.tenant_id = p_tenant AND m.conversation_key = ANY (v_keys);
  DELETE FROM ${schema}.conversations c WHERE c.tenant_id = p_tenant AND c.user_id = p_user;
  DELETE FROM ${schema}.user_preferences p WHERE p.tenant_id = p_tenant AND p.user_id = p_user;
  PERFORM set_config('conversation_store.allow_delete', '', true);
  -- An erasure that waited behind another one names the epoch that the other one may have begun.
  UPDATE ${schema}.owners o
    SET epoch = greatest(o.epoch, p_epoch) + 1, changed_xid = pg_current_xact_id()
    WHERE o.tenant_id = p_tenant AND o.user_id = p_user
    RETURNING o.epoch INTO epoch;
  erased_at := clock_timestamp();
  v_asked_at := CASE WHEN p_replay THEN least(p_time, erased_at) ELSE erased_at END;
  INSERT INTO ${schema}.owner_erasures (tenant_id, user_id, change_id, epoch, asked_at, erased_at,
      conversations, messages)
    VALUES (p_tenant, p_user, p_change, epoch, v_asked_at, erased_at, conversations, messages);
  changed := true;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.erase_owner IS 'Removes all rows of an owner and raises the epoch of the owner.';


-- ---------------------------------------------------------------------------------------------
-- Retention
-- ---------------------------------------------------------------------------------------------

-- Functions in this and the next sections are called by people too, from their own sessions. Their
-- search_path finds the functions, operators and types of PostgreSQL only: a session may search
-- another schema first, and otherwise an operator that someone added may fit better. The functions and
-- triggers that they call are covered too. A function that is replaced later needs the SET again.

-- Retention works in batches, each in its own transaction, from owner to owner: a batch begins where
-- the one before ended, so no batch reads blank messages again. It waits for a conversation only
-- while it holds none, and otherwise ends at the first one that is locked. So others wait for one
-- batch at most, and deadlocks are excluded. An owner is done when no more messages were found, not
-- when fewer were blanked: others may delete or pin some in between.
CREATE FUNCTION ${schema}.blank_messages_before(
  p_lock_timeout text, p_cutoff timestamptz, p_batch integer,
  p_tenant text DEFAULT '', p_owner bigint DEFAULT 0)
RETURNS TABLE (deleted bigint, next_tenant text, next_owner bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_owner record;
  v_conversation record;
  v_owners integer := 0;
  v_holds_lock boolean := false;
  v_picked bigint := 0;
  v_at timestamptz;
  v_count bigint;
  v_prompt bigint;
  v_completion bigint;
  v_total bigint;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_timeout, true);
  deleted := 0;
  FOR v_owner IN
    SELECT o.tenant_id, o.owner_key FROM ${schema}.owners o
      WHERE (o.tenant_id, o.owner_key) >= (p_tenant, p_owner)
      ORDER BY o.tenant_id, o.owner_key LIMIT 1000
  LOOP
    v_owners := v_owners + 1;
    next_tenant := v_owner.tenant_id;
    next_owner := v_owner.owner_key;
    FOR v_conversation IN
      SELECT q.conversation_key, q.generation, array_agg(q.seq) AS seqs
        FROM (
          SELECT m.conversation_key, m.generation, m.seq
            FROM ${schema}.messages m
            JOIN ${schema}.conversations c ON c.conversation_key = m.conversation_key
              AND c.generation = m.generation
            WHERE m.tenant_id = v_owner.tenant_id AND m.owner_key = v_owner.owner_key
              AND m.created_at < p_cutoff AND m.deleted_at IS NULL
              AND c.tenant_id = v_owner.tenant_id AND num_nulls(c.deleted_at) <> 0
              AND NOT c.pinned
            LIMIT p_batch - v_picked) q
        GROUP BY q.conversation_key, q.generation
        ORDER BY q.conversation_key
    LOOP
      v_picked := v_picked + cardinality(v_conversation.seqs);
      IF v_holds_lock THEN
        PERFORM FROM ${schema}.conversations c
          WHERE c.tenant_id = v_owner.tenant_id
            AND c.conversation_key = v_conversation.conversation_key
            AND c.generation = v_conversation.generation AND num_nulls(c.deleted_at) <> 0
            AND NOT c.pinned
          FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
          RETURN NEXT;
          RETURN;
        END IF;
      ELSE
        PERFORM FROM ${schema}.conversations c
          WHERE c.tenant_id = v_owner.tenant_id
            AND c.conversation_key = v_conversation.conversation_key
            AND c.generation = v_conversation.generation AND num_nulls(c.deleted_at) <> 0
            AND NOT c.pinned
          FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        v_holds_lock := true;
      END IF;
      -- Every change of a live message locks its conversation, so both statements see the same rows.
      SELECT count(*), coalesce(sum(m.prompt_tokens), 0), coalesce(sum(m.completion_tokens), 0),
          coalesce(sum(m.total_tokens), 0)
        INTO v_count, v_prompt, v_completion, v_total
        FROM ${schema}.messages m
        WHERE m.tenant_id = v_owner.tenant_id
          AND m.conversation_key = v_conversation.conversation_key
          AND m.generation = v_conversation.generation AND m.seq = ANY (v_conversation.seqs)
          AND num_nulls(m.deleted_at) <> 0;
      CONTINUE WHEN v_count = 0;
      v_at := clock_timestamp();
      UPDATE ${schema}.messages m
        SET deleted_at = v_at, version = m.version + 1, role = NULL, content = NULL,
          parts = NULL, tool_calls = NULL, tool_call_id = NULL, name = NULL, model = NULL,
          is_error = false, prompt_tokens = NULL, completion_tokens = NULL, total_tokens = NULL,
          metadata = NULL, edited_at = NULL, edited_by = NULL, changed_xid = pg_current_xact_id()
        WHERE m.tenant_id = v_owner.tenant_id
          AND m.conversation_key = v_conversation.conversation_key
          AND m.generation = v_conversation.generation AND m.seq = ANY (v_conversation.seqs)
          AND num_nulls(m.deleted_at) <> 0;
      UPDATE ${schema}.conversations c
        SET version = c.version + 1, message_count = c.message_count - v_count,
          prompt_tokens = greatest(0, c.prompt_tokens - v_prompt),
          completion_tokens = greatest(0, c.completion_tokens - v_completion),
          total_tokens = greatest(0, c.total_tokens - v_total), changed_xid = pg_current_xact_id()
        WHERE c.tenant_id = v_owner.tenant_id
          AND c.conversation_key = v_conversation.conversation_key;
      deleted := deleted + v_count;
    END LOOP;
    IF v_picked >= p_batch THEN
      RETURN NEXT;
      RETURN;
    END IF;
  END LOOP;
  IF v_owners < 1000 THEN
    next_tenant := NULL;
    next_owner := NULL;
  ELSE
    next_owner := next_owner + 1;
  END IF;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.blank_messages_before IS 'Blanks up to a number of messages created before a time, except in pinned conversations, from an owner on; returns where to continue, null at the end.';

-- It begins where the batch before ended, and looks at as many rows as it may archive, each by its key:
-- the plan of a join depends on estimates and may read all rows.
CREATE FUNCTION ${schema}.archive_idle_conversations(
  p_cutoff timestamptz, p_batch integer, p_tenant text DEFAULT '', p_conversation bigint DEFAULT 0)
RETURNS TABLE (archived bigint, next_tenant text, next_conversation bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_conversation record;
  v_status_time jsonb;
BEGIN
  archived := 0;
  FOR v_conversation IN
    SELECT c.tenant_id, c.conversation_key,
        c.updated_at < p_cutoff AND c.status = 'active' AND c.deleted_at IS NULL AS idle
      FROM ${schema}.conversations c
      WHERE (c.tenant_id, c.conversation_key) > (p_tenant, p_conversation)
      ORDER BY c.tenant_id, c.conversation_key LIMIT p_batch
  LOOP
    next_tenant := v_conversation.tenant_id;
    next_conversation := v_conversation.conversation_key;
    CONTINUE WHEN NOT v_conversation.idle;
    PERFORM FROM ${schema}.conversations c
      WHERE c.tenant_id = v_conversation.tenant_id
        AND c.conversation_key = v_conversation.conversation_key
        AND c.updated_at < p_cutoff AND c.status = 'active' AND num_nulls(c.deleted_at) <> 0
      FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;
    v_status_time := jsonb_build_object('status', clock_timestamp());
    UPDATE ${schema}.conversations c
      SET status = 'archived', version = c.version + 1, changed_xid = pg_current_xact_id(),
        field_times = c.field_times || v_status_time
      WHERE c.tenant_id = v_conversation.tenant_id
        AND c.conversation_key = v_conversation.conversation_key;
    archived := archived + 1;
  END LOOP;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.archive_idle_conversations IS 'Looks at up to a number of conversations beyond a place and archives those that were last used before a time; returns where to continue, null at the end. A conversation in use is not idle.';

CREATE FUNCTION ${schema}.delete_old_conversations(
  p_age interval DEFAULT interval '7 days', p_limit integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_cutoff timestamptz := clock_timestamp() - p_age;
  v_deleted bigint;
  v_tenant text := '';
  v_owner bigint := 0;
BEGIN
  LOOP
    SELECT b.deleted, b.next_tenant, b.next_owner INTO v_deleted, v_tenant, v_owner
      FROM ${schema}.blank_messages_before(
        current_setting('lock_timeout'), v_cutoff, p_limit, v_tenant, v_owner) b;
    EXIT WHEN v_deleted > 0 OR v_tenant IS NULL;
  END LOOP;
  RETURN v_deleted;
END $$;
COMMENT ON FUNCTION ${schema}.delete_old_conversations IS 'Deletes up to a number (1,000) of messages older than an age (7 days), except in pinned conversations; returns how many. Repeat it, each time in its own transaction, until it returns 0.';

CREATE FUNCTION ${schema}.purge_messages(
  p_tenant text, p_from timestamptz, p_to timestamptz, p_limit bigint)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_conversation record;
  v_purged bigint := 0;
BEGIN
  PERFORM set_config('conversation_store.allow_delete', 'on', true);
  FOR v_conversation IN
    SELECT d.conversation_key, d.generation, array_agg(d.seq) AS seqs
      FROM (
        SELECT m.conversation_key, m.generation, m.seq FROM ${schema}.messages m
          WHERE m.tenant_id = p_tenant AND m.deleted_at >= p_from AND m.deleted_at <= p_to
          ORDER BY m.deleted_at LIMIT p_limit FOR UPDATE SKIP LOCKED) d
      GROUP BY d.conversation_key, d.generation
  LOOP
    DELETE FROM ${schema}.messages m
      WHERE m.tenant_id = p_tenant AND m.conversation_key = v_conversation.conversation_key
        AND m.generation = v_conversation.generation AND m.seq = ANY (v_conversation.seqs);
    v_purged := v_purged + cardinality(v_conversation.seqs);
  END LOOP;
  PERFORM set_config('conversation_store.allow_delete', '', true);
  RETURN v_purged;
END $$;
COMMENT ON FUNCTION ${schema}.purge_messages IS 'Removes up to a number of messages of a tenant that were deleted in a period. Part of purge_deleted().';

-- The lock on the row of the owner keeps creates out, which take the generation from it.
CREATE FUNCTION ${schema}.purge_conversations(
  p_tenant text, p_from timestamptz, p_to timestamptz, p_limit bigint)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_owner record;
  v_purged bigint := 0;
BEGIN
  PERFORM set_config('conversation_store.allow_delete', 'on', true);
  FOR v_owner IN
    SELECT d.user_id, max(d.generation) AS generation, array_agg(d.conversation_key) AS keys
      FROM (
        SELECT c.user_id, c.generation, c.conversation_key FROM ${schema}.conversations c
          JOIN ${schema}.owners o ON o.user_id = c.user_id
          WHERE c.tenant_id = p_tenant AND o.tenant_id = p_tenant
            AND c.deleted_at >= p_from AND c.deleted_at <= p_to
            AND NOT EXISTS (SELECT FROM ${schema}.messages m
              WHERE m.tenant_id = p_tenant AND m.conversation_key = c.conversation_key)
          ORDER BY c.deleted_at LIMIT p_limit FOR UPDATE OF c, o SKIP LOCKED) d
      GROUP BY d.user_id
  LOOP
    UPDATE ${schema}.owners o
      SET purged_generation = greatest(o.purged_generation, v_owner.generation)
      WHERE o.tenant_id = p_tenant AND o.user_id = v_owner.user_id;
    DELETE FROM ${schema}.conversations c
      WHERE c.tenant_id = p_tenant AND c.conversation_key = ANY (v_owner.keys);
    v_purged := v_purged + cardinality(v_owner.keys);
  END LOOP;
  PERFORM set_config('conversation_store.allow_delete', '', true);
  RETURN v_purged;
END $$;
COMMENT ON FUNCTION ${schema}.purge_conversations IS 'Removes up to a number of conversations of a tenant that were deleted in a period and have no messages left. Part of purge_deleted().';

-- The oldest rows of all tenants are counted without locks first; then each of their tenants is purged
-- for the period of its rows. It waits for no row. If another run holds some of the oldest, it
-- continues with later ones.
CREATE FUNCTION ${schema}.purge_deleted(
  p_age interval DEFAULT interval '30 days', p_limit integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_cutoff timestamptz := clock_timestamp() - p_age;
  v_tenant record;
  v_from timestamptz := '-infinity';
  v_to timestamptz;
  v_purged bigint := 0;
BEGIN
  LOOP
    v_to := NULL;
    FOR v_tenant IN
      SELECT d.tenant_id, min(d.deleted_at) AS first, max(d.deleted_at) AS last
        FROM (
          SELECT m.tenant_id, m.deleted_at FROM ${schema}.messages m
            WHERE m.deleted_at < v_cutoff AND m.deleted_at > v_from
            ORDER BY m.deleted_at LIMIT p_limit - v_purged) d
        GROUP BY d.tenant_id ORDER BY d.tenant_id
    LOOP
      v_to := greatest(v_to, v_tenant.last);
      v_purged := v_purged + ${schema}.purge_messages(
        v_tenant.tenant_id, v_tenant.first, v_tenant.last, p_limit - v_purged);
    END LOOP;
    EXIT WHEN v_to IS NULL OR v_purged >= p_limit;
    v_from := v_to;
  END LOOP;
  -- A conversation goes after its messages: together they could be very many for one transaction.
  v_from := '-infinity';
  WHILE v_purged < p_limit LOOP
    v_to := NULL;
    FOR v_tenant IN
      SELECT d.tenant_id, min(d.deleted_at) AS first, max(d.deleted_at) AS last
        FROM (
          SELECT c.tenant_id, c.deleted_at FROM ${schema}.conversations c
            WHERE c.deleted_at < v_cutoff AND c.deleted_at > v_from
              AND NOT EXISTS (SELECT FROM ${schema}.messages m
                WHERE m.tenant_id = c.tenant_id AND m.conversation_key = c.conversation_key)
            ORDER BY c.deleted_at LIMIT p_limit - v_purged) d
        GROUP BY d.tenant_id ORDER BY d.tenant_id
    LOOP
      v_to := greatest(v_to, v_tenant.last);
      v_purged := v_purged + ${schema}.purge_conversations(
        v_tenant.tenant_id, v_tenant.first, v_tenant.last, p_limit - v_purged);
    END LOOP;
    EXIT WHEN v_to IS NULL;
    v_from := v_to;
  END LOOP;
  RETURN v_purged;
END $$;
COMMENT ON FUNCTION ${schema}.purge_deleted IS 'Removes up to a number (1,000) of messages and conversations that were deleted longer ago than any node may be offline (30 days); returns how many. Repeat it, each time in its own transaction, until it returns 0.';


-- ---------------------------------------------------------------------------------------------
-- Other functions for operators
-- ---------------------------------------------------------------------------------------------

CREATE FUNCTION ${schema}.get_conversation_history(
  p_user text, p_tenant text, p_limit integer DEFAULT 20)
RETURNS TABLE (conversation_id text, seq bigint, message_id uuid, role text, content text,
  parts jsonb, tool_calls jsonb, metadata jsonb, created_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT q.conversation_id, q.seq, q.message_id, q.role, q.content, q.parts, q.tool_calls,
      q.metadata, q.created_at
    FROM (
      SELECT c.conversation_id, m.*
        FROM ${schema}.owners o
        JOIN ${schema}.messages m ON m.tenant_id = o.tenant_id AND m.owner_key = o.owner_key
        JOIN ${schema}.conversations c ON c.tenant_id = m.tenant_id
          AND c.conversation_key = m.conversation_key AND c.generation = m.generation
          AND num_nulls(c.deleted_at) <> 0
        WHERE o.tenant_id = p_tenant AND o.user_id = p_user AND m.deleted_at IS NULL
        ORDER BY m.created_at DESC, c.conversation_id DESC, m.seq DESC
        LIMIT p_limit) q
    ORDER BY q.created_at, q.conversation_id, q.seq;
$$;
COMMENT ON FUNCTION ${schema}.get_conversation_history IS 'The last messages of a user across conversations, oldest first.';

CREATE FUNCTION ${schema}.delete_user_conversations(p_user text, p_tenant text)
RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.messages FROM ${schema}.erase_owner('0', p_tenant, p_user, gen_random_uuid(), -1, false) e;
$$;
COMMENT ON FUNCTION ${schema}.delete_user_conversations IS 'Erases all data of a user in a tenant; returns the number of messages.';


-- ---------------------------------------------------------------------------------------------
-- Identity of the database
-- ---------------------------------------------------------------------------------------------

-- A dump, a template and logical replication copy the row of the table store, and with it the store id
-- and the history: to a node the copy looks like the database that it knows. Therefore the row names
-- the cluster and the database where it was written, and a contact compares them.

CREATE FUNCTION ${schema}.server_identity()
RETURNS TABLE (system_identifier bigint, database_oid bigint, database_name text, timeline integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT d.oid::bigint, d.datname::text INTO database_oid, database_name
    FROM pg_database d WHERE d.datname = current_database();
  BEGIN
    SELECT c.system_identifier INTO system_identifier FROM pg_control_system() c;
  EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
    system_identifier := NULL;
  END;
  BEGIN
    -- The name of a WAL file begins with the timeline. The last checkpoint may not know it yet.
    timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
  EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported
      OR object_not_in_prerequisite_state THEN
    timeline := NULL;
  END;
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION ${schema}.server_identity IS 'The cluster, the database and the timeline of this server; null if the server does not reveal it to this role.';

-- A contact counts only if the database may be used. hidden_rows: the feed cannot show some rows yet,
-- see adopt_restored_rows(). copied_from: this database is a copy, under another name, of that one, and
-- its purpose is not decided yet. A copy under the same name replaces the first one: a new history
-- begins, so that local copies follow from the start and resend what it lacks.
CREATE FUNCTION ${schema}.contact_node(p_node uuid)
RETURNS TABLE (store_id uuid, history uuid, counter bigint, database_time timestamptz,
  hidden_rows boolean, copied_from text,
  system_identifier bigint, database_oid bigint, database_name text, timeline integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_here record;
  v_store ${schema}.store;
  v_moved boolean;
  v_counter bigint := 0;
  v_hidden boolean := false;
  v_copied_from text;
  v_history uuid;
  v_now timestamptz;
BEGIN
  SELECT * INTO v_here FROM ${schema}.server_identity();
  SELECT * INTO v_store FROM ${schema}.store;
  v_moved := coalesce(v_store.database_oid <> v_here.database_oid, false)
    OR coalesce(v_store.system_identifier <> v_here.system_identifier, false);
  IF v_moved AND v_store.database_name <> v_here.database_name THEN
    v_copied_from := v_store.database_name;
  ELSE
    SELECT coalesce(bool_or(q.hidden), false) INTO v_hidden FROM (
      (SELECT o.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) AS hidden
        FROM ${schema}.owners o ORDER BY o.changed_xid DESC LIMIT 1)
      UNION ALL (SELECT c.changed_xid >= pg_snapshot_xmax(pg_current_snapshot())
        FROM ${schema}.conversations c ORDER BY c.changed_xid DESC LIMIT 1)
      UNION ALL (SELECT m.changed_xid >= pg_snapshot_xmax(pg_current_snapshot())
        FROM ${schema}.messages m ORDER BY m.changed_xid DESC LIMIT 1)
      UNION ALL (SELECT p.changed_xid >= pg_snapshot_xmax(pg_current_snapshot())
        FROM ${schema}.user_preferences p ORDER BY p.changed_xid DESC LIMIT 1)) q;
  END IF;
  IF v_copied_from IS NULL AND NOT v_hidden THEN
    IF v_moved THEN
      -- Of two concurrent nodes the second waits here, and then finds that the row is updated.
      v_history := gen_random_uuid();
      UPDATE ${schema}.store s
        SET history = v_history, system_identifier = v_here.system_identifier,
          database_oid = v_here.database_oid, database_name = v_here.database_name
        WHERE s.database_oid <> v_here.database_oid
          OR coalesce(s.system_identifier <> v_here.system_identifier, false);
    ELSIF v_store.database_oid IS NULL OR v_store.database_name <> v_here.database_name
        OR (v_store.system_identifier IS NULL AND v_here.system_identifier IS NOT NULL) THEN
      UPDATE ${schema}.store s
        SET system_identifier = coalesce(v_here.system_identifier, s.system_identifier),
          database_oid = v_here.database_oid, database_name = v_here.database_name;
    END IF;
    v_now := clock_timestamp();
    INSERT INTO ${schema}.nodes AS n (node, counter, last_contact)
      VALUES (p_node, 1, v_now)
      ON CONFLICT (node) DO UPDATE SET counter = n.counter + 1, last_contact = excluded.last_contact
      RETURNING n.counter INTO v_counter;
  END IF;
  RETURN QUERY
    SELECT s.store_id, s.history, v_counter, clock_timestamp(), v_hidden, v_copied_from,
        v_here.system_identifier, v_here.database_oid, v_here.database_name,
        greatest(v_here.timeline, CASE WHEN v_here.timeline IS NOT NULL THEN s.accepted_timeline END)
      FROM ${schema}.store s;
END $$;
COMMENT ON FUNCTION ${schema}.contact_node IS 'A contact of a node: increments its counter if the database may be used, and returns the identity of the store and of the database.';

CREATE FUNCTION ${schema}.become_own_store()
RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_here record;
  v_store uuid := gen_random_uuid();
  v_history uuid := gen_random_uuid();
BEGIN
  SELECT * INTO v_here FROM ${schema}.server_identity();
  UPDATE ${schema}.store s
    SET store_id = v_store, history = v_history, accepted_timeline = 0,
      system_identifier = v_here.system_identifier, database_oid = v_here.database_oid,
      database_name = v_here.database_name;
  DELETE FROM ${schema}.nodes;
  RETURN v_store;
END $$;
COMMENT ON FUNCTION ${schema}.become_own_store IS 'Makes a copy of a database that is used beside the first one (for example staging) a store of its own, which refuses nodes of the first one. The owner of the tables calls it in the copy. Returns the new store id.';

CREATE FUNCTION ${schema}.take_over_store(p_timeline integer DEFAULT 0)
RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_here record;
  v_history uuid := gen_random_uuid();
BEGIN
  SELECT * INTO v_here FROM ${schema}.server_identity();
  UPDATE ${schema}.store s
    SET history = v_history, accepted_timeline = greatest(s.accepted_timeline, p_timeline),
      system_identifier = v_here.system_identifier, database_oid = v_here.database_oid,
      database_name = v_here.database_name;
  RETURN v_history;
END $$;
COMMENT ON FUNCTION ${schema}.take_over_store IS 'Makes a database replace the one that nodes know: a copy under another name, or a server of a lower timeline than the given one, which nodes name when they refuse it. The owner of the tables calls it. Begins a new history and returns it. The other database must not be used any more.';

-- Neither a dump of the data alone nor logical replication copies the next keys.
CREATE FUNCTION ${schema}.advance_identities()
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_key record;
  v_used bigint;
  v_last bigint;
BEGIN
  FOR v_key IN
    SELECT k.table_name, k.column_name,
        pg_get_serial_sequence('${schema}.' || k.table_name, k.column_name) AS sequence
      FROM (VALUES ('owners', 'owner_key'), ('conversations', 'conversation_key'))
        AS k (table_name, column_name)
  LOOP
    EXECUTE format('SELECT max(%I) FROM ${schema}.%I', v_key.column_name, v_key.table_name)
      INTO v_used;
    EXECUTE 'SELECT last_value FROM ' || v_key.sequence INTO v_last;
    IF v_used >= v_last THEN
      PERFORM setval(v_key.sequence::regclass, v_used);
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION ${schema}.advance_identities IS 'Moves the next keys above those of all rows, after rows were copied into the tables. The owner of the tables calls it; adopt_restored_rows() includes it.';

-- A dump that is restored into another cluster contains the transaction ids of the first one. A cluster
-- with lower transaction ids would omit those rows from the feed until it reaches their ids.
CREATE FUNCTION ${schema}.adopt_restored_rows(p_limit integer DEFAULT 1000)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_rows bigint;
  v_adopted bigint;
  v_history uuid;
BEGIN
  UPDATE ${schema}.owners o SET changed_xid = pg_current_xact_id()
    WHERE (o.tenant_id, o.owner_key) IN (SELECT q.tenant_id, q.owner_key FROM ${schema}.owners q
      WHERE q.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT p_limit);
  GET DIAGNOSTICS v_adopted = ROW_COUNT;
  UPDATE ${schema}.conversations c SET changed_xid = pg_current_xact_id()
    WHERE (c.tenant_id, c.conversation_key) IN (
      SELECT q.tenant_id, q.conversation_key FROM ${schema}.conversations q
        WHERE q.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT p_limit - v_adopted);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_adopted := v_adopted + v_rows;
  UPDATE ${schema}.messages m SET changed_xid = pg_current_xact_id()
    WHERE (m.tenant_id, m.conversation_key, m.generation, m.seq) IN (
      SELECT q.tenant_id, q.conversation_key, q.generation, q.seq FROM ${schema}.messages q
        WHERE q.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT p_limit - v_adopted);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_adopted := v_adopted + v_rows;
  UPDATE ${schema}.user_preferences p SET changed_xid = pg_current_xact_id()
    WHERE (p.tenant_id, p.user_id) IN (
      SELECT q.tenant_id, q.user_id FROM ${schema}.user_preferences q
        WHERE q.changed_xid >= pg_snapshot_xmax(pg_current_snapshot()) LIMIT p_limit - v_adopted);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_adopted := v_adopted + v_rows;
  IF v_adopted > 0 THEN
    -- Positions of the feed that were reached before would skip these rows.
    v_history := gen_random_uuid();
    UPDATE ${schema}.store SET history = v_history;
  ELSE
    PERFORM ${schema}.advance_identities();
  END IF;
  RETURN v_adopted;
END $$;
COMMENT ON FUNCTION ${schema}.adopt_restored_rows IS 'After a dump was restored into another cluster, while no node is connected: gives up to a number (1,000) of rows with transaction ids of the first cluster the present one, and begins a new history; returns how many. The owner of the tables calls it. Repeat it until it returns 0.';


-- ---------------------------------------------------------------------------------------------
-- The row of the table store
-- ---------------------------------------------------------------------------------------------

INSERT INTO ${schema}.store (schema_version, system_identifier, database_oid, database_name)
  SELECT 1, i.system_identifier, i.database_oid, i.database_name FROM ${schema}.server_identity() i;
