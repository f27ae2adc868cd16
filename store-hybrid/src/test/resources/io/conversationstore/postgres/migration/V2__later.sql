-- A version of the schema for tests, which changes nothing.
UPDATE ${schema}.store SET schema_version = 2;
