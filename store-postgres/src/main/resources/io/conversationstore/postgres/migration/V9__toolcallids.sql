-- Ids of tool calls are the providers': some are empty, and some have thousands of characters. Nothing
-- is rewritten; the CHECKs of the table are looked at again.
ALTER TABLE ${schema}.messages ALTER COLUMN tool_call_id TYPE text;
UPDATE ${schema}.store SET schema_version = 9;
