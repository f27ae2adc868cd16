-- Tables of Conversation Store. ${schema} is replaced by the quoted name of the schema.
-- All times are timestamptz. Ids are compared by code point (collation "C"), as the library does.

CREATE TABLE ${schema}.store (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  store_id uuid NOT NULL DEFAULT gen_random_uuid(),
  history uuid NOT NULL DEFAULT gen_random_uuid(),
  schema_version integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ${schema}.store IS 'What this database is: one row.';
COMMENT ON COLUMN ${schema}.store.store_id IS 'Tells this database from any other, for good.';
COMMENT ON COLUMN ${schema}.store.history IS 'Cursors and feed positions belong to it; a new one voids them.';
COMMENT ON COLUMN ${schema}.store.schema_version IS 'The last migration that ran.';
INSERT INTO ${schema}.store (schema_version) VALUES (1);

CREATE TABLE ${schema}.nodes (
  node uuid PRIMARY KEY,
  counter bigint NOT NULL,
  last_contact timestamptz NOT NULL
);
COMMENT ON TABLE ${schema}.nodes IS 'Processes with a local copy. A counter lower than the node remembers means that the database went back in time.';

CREATE TABLE ${schema}.owners (
  tenant_id text COLLATE "C" NOT NULL CHECK (char_length(tenant_id) BETWEEN 1 AND 255 AND btrim(tenant_id) <> ''),
  user_id text COLLATE "C" NOT NULL CHECK (char_length(user_id) BETWEEN 1 AND 255 AND btrim(user_id) <> ''),
  owner_key bigint GENERATED ALWAYS AS IDENTITY,
  epoch bigint NOT NULL DEFAULT 0,
  changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, user_id),
  UNIQUE (tenant_id, owner_key)
);
COMMENT ON TABLE ${schema}.owners IS 'Users within tenants. A row stays after an erasure, to refuse what was written before it.';
COMMENT ON COLUMN ${schema}.owners.epoch IS 'One higher after each erasure.';
COMMENT ON COLUMN ${schema}.owners.changed_xid IS 'The transaction that last changed the row, for the feed.';

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
COMMENT ON TABLE ${schema}.owner_erasures IS 'Receipts of erasures, by which a repeated one is known.';

-- Rules for one value are domains, not CHECKs of a table: the server reads and plans all CHECKs of
-- a table anew for every statement that writes to it, which took a third of an append's time. So the
-- CHECKs over several columns below are short, too.
CREATE DOMAIN ${schema}.amount AS bigint CHECK (VALUE >= 0);
COMMENT ON DOMAIN ${schema}.amount IS 'A number of things.';
CREATE DOMAIN ${schema}.ordinal AS bigint CHECK (VALUE >= 1);
COMMENT ON DOMAIN ${schema}.ordinal IS 'A place, a generation or a version, from 1.';
CREATE DOMAIN ${schema}.short_name AS text CHECK (char_length(VALUE) BETWEEN 1 AND 255);
COMMENT ON DOMAIN ${schema}.short_name IS 'A name or an id of an application''s, up to 255 characters.';
CREATE DOMAIN ${schema}.title AS text CHECK (char_length(VALUE) <= 500);
COMMENT ON DOMAIN ${schema}.title IS 'A title, up to 500 characters.';
CREATE DOMAIN ${schema}.status AS text CHECK (VALUE IN ('active', 'archived'));
COMMENT ON DOMAIN ${schema}.status IS 'The status of a conversation.';
CREATE DOMAIN ${schema}.role AS text CHECK (VALUE IN ('system', 'user', 'assistant', 'tool'));
COMMENT ON DOMAIN ${schema}.role IS 'Who speaks.';
CREATE DOMAIN ${schema}.digest AS bytea CHECK (octet_length(VALUE) = 16);
COMMENT ON DOMAIN ${schema}.digest IS 'The first 16 bytes of a SHA-256.';
CREATE DOMAIN ${schema}.json_object AS jsonb CHECK (jsonb_typeof(VALUE) = 'object');
COMMENT ON DOMAIN ${schema}.json_object IS 'An object of JSON.';
CREATE DOMAIN ${schema}.json_array AS jsonb CHECK (jsonb_typeof(VALUE) = 'array');
COMMENT ON DOMAIN ${schema}.json_array IS 'An array of JSON.';

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
COMMENT ON TABLE ${schema}.conversations IS 'Conversations. A deleted one stays without content, so that late changes find out.';
COMMENT ON COLUMN ${schema}.conversations.conversation_id IS 'Chosen by the application, unique within the owner.';
COMMENT ON COLUMN ${schema}.conversations.epoch IS 'The owner''s epoch that the row belongs to.';
COMMENT ON COLUMN ${schema}.conversations.generation IS 'One more each time the id is created again after a delete.';
COMMENT ON COLUMN ${schema}.conversations.version IS 'One more at each change of the row.';
COMMENT ON COLUMN ${schema}.conversations.last_seq IS 'The highest seq given in this generation.';
COMMENT ON COLUMN ${schema}.conversations.last_message_at IS 'No later message gets an earlier time.';
COMMENT ON COLUMN ${schema}.conversations.field_times IS 'When a field was last written; one that is missing was written at created_at.';
COMMENT ON COLUMN ${schema}.conversations.created_by IS 'The change that created this generation.';
COMMENT ON COLUMN ${schema}.conversations.recent_changes IS 'The last changes of the header, by which a repeated one is known: each with the generation in which it took effect, and when.';
COMMENT ON COLUMN ${schema}.conversations.changed_xid IS 'The transaction that last changed the row, for the feed.';

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
COMMENT ON COLUMN ${schema}.messages.seq IS 'The place in the conversation, from 1 without gaps, in the order of commits.';
COMMENT ON COLUMN ${schema}.messages.digest IS 'The first 16 bytes of the SHA-256 of the original message, also after an edit.';
COMMENT ON COLUMN ${schema}.messages.content IS 'The text of a message with one text part; null with null parts is a message without content.';
COMMENT ON COLUMN ${schema}.messages.parts IS 'The parts of any other content.';
COMMENT ON COLUMN ${schema}.messages.metadata IS 'Null where there is none.';
COMMENT ON COLUMN ${schema}.messages.edited_by IS 'The last edit, by which a repeated one is known.';
COMMENT ON COLUMN ${schema}.messages.changed_xid IS 'The transaction that last changed the row, for the feed.';

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
COMMENT ON TABLE ${schema}.user_preferences IS 'What an owner last chose.';
COMMENT ON COLUMN ${schema}.user_preferences.active_generation IS 'The preference reads as empty unless this generation is live.';
COMMENT ON COLUMN ${schema}.user_preferences.changed_xid IS 'The transaction that last changed the row, for the feed.';

CREATE INDEX conversations_recent ON ${schema}.conversations
  (tenant_id, user_id, updated_at DESC, conversation_id) WHERE deleted_at IS NULL;
COMMENT ON INDEX ${schema}.conversations_recent IS 'An owner''s conversations, most recently used first.';
CREATE INDEX conversations_feed ON ${schema}.conversations (changed_xid, conversation_key);
COMMENT ON INDEX ${schema}.conversations_feed IS 'What was changed since a place in the feed.';
CREATE INDEX conversations_purge ON ${schema}.conversations (deleted_at) WHERE deleted_at IS NOT NULL;
COMMENT ON INDEX ${schema}.conversations_purge IS 'What was deleted before a time, to be removed; live ones are not in it.';
CREATE INDEX messages_by_time ON ${schema}.messages
  (tenant_id, owner_key, created_at) WHERE deleted_at IS NULL;
COMMENT ON INDEX ${schema}.messages_by_time IS 'An owner''s messages across conversations, by time; retention.';
CREATE INDEX messages_purge ON ${schema}.messages (deleted_at) WHERE deleted_at IS NOT NULL;
COMMENT ON INDEX ${schema}.messages_purge IS 'What was deleted before a time, to be removed; live ones are not in it.';
CREATE INDEX messages_feed ON ${schema}.messages (changed_xid, conversation_key, generation, seq);
COMMENT ON INDEX ${schema}.messages_feed IS 'What was changed since a place in the feed.';
CREATE INDEX messages_retention ON ${schema}.messages USING brin (created_at) WITH (autosummarize = on);
COMMENT ON INDEX ${schema}.messages_retention IS 'Messages of a time, over all owners; costs next to nothing to keep.';
CREATE INDEX messages_tool_calls ON ${schema}.messages USING gin (tool_calls jsonb_path_ops) WHERE tool_calls IS NOT NULL;
COMMENT ON INDEX ${schema}.messages_tool_calls IS 'Messages by the tool they call: tool_calls @> ''[{"function": {"name": "..."}}]''.';
CREATE INDEX owners_feed ON ${schema}.owners (changed_xid, owner_key);
COMMENT ON INDEX ${schema}.owners_feed IS 'What was changed since a place in the feed.';
CREATE INDEX user_preferences_feed ON ${schema}.user_preferences (changed_xid, owner_key);
COMMENT ON INDEX ${schema}.user_preferences_feed IS 'What was changed since a place in the feed.';

CREATE FUNCTION ${schema}.refuse_bare_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('conversation_store.allow_delete', true), '') <> 'on' THEN
    RAISE EXCEPTION '% on % is refused: local copies would never hear of it', tg_op, tg_table_name
      USING ERRCODE = 'CS009', HINT =
        'Use delete_old_conversations(), delete_user_conversations(user, tenant) or purge_deleted().';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION ${schema}.refuse_bare_delete() IS 'Lets rows leave only through the library''s functions.';

CREATE TRIGGER no_bare_delete BEFORE DELETE OR TRUNCATE ON ${schema}.messages
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_bare_delete();
CREATE TRIGGER no_bare_delete BEFORE DELETE OR TRUNCATE ON ${schema}.conversations
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_bare_delete();
CREATE TRIGGER no_bare_delete BEFORE DELETE OR TRUNCATE ON ${schema}.owners
  FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_bare_delete();
