-- A version of the schema for tests of upgrades: a column with an index, a table, a new function and a
-- replaced one.
ALTER TABLE ${schema}.messages ADD COLUMN colour text;
CREATE INDEX messages_by_colour ON ${schema}.messages (tenant_id, colour);
CREATE TABLE ${schema}.colours (tenant_id text NOT NULL, colour text NOT NULL, PRIMARY KEY (tenant_id, colour));
CREATE FUNCTION ${schema}.colour_of(p_role text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'red' $$;
CREATE OR REPLACE FUNCTION ${schema}.forget_search_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search_tokens := NULL;
  NEW.colour := NULL;
  RETURN NEW;
END $$;
UPDATE ${schema}.store SET schema_version = 2;
