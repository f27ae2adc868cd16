-- Periodic jobs that the nodes share, such as retention: the node that made or renewed a claim last, and when.
-- A claim needs no session and no open transaction.
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

-- As the table of nodes has it: who may write.
DO $$
DECLARE
  v_grantee text;
BEGIN
  FOR v_grantee IN
    SELECT DISTINCT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
      FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
      WHERE c.oid = '${schema}.nodes'::regclass AND x.privilege_type = 'INSERT'
        AND x.grantee <> c.relowner
  LOOP
    EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.jobs TO ' || v_grantee;
  END LOOP;
END $$;

-- As in V10; and this table.
CREATE OR REPLACE FUNCTION ${schema}.grant_use(p_role name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA ${schema} TO %I', p_role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.owners, ${schema}.owner_erasures,'
    ' ${schema}.conversations, ${schema}.messages, ${schema}.user_preferences, ${schema}.nodes,'
    ' ${schema}.taken_over, ${schema}.jobs TO %I', p_role);
  EXECUTE format('GRANT SELECT, UPDATE (history, system_identifier, database_oid, database_name)'
    ' ON ${schema}.store TO %I', p_role);
END $$;
UPDATE ${schema}.store SET schema_version = 11;
