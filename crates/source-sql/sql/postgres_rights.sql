SELECT current_user::text,
       current_setting('transaction_read_only') = 'on',
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
         OR EXISTS (SELECT FROM pg_class c
                      JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE c.relkind IN ('r', 'p')
                       AND n.nspname <> 'information_schema'
                       AND n.nspname NOT LIKE 'pg\_%'
                       AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE')),
       (SELECT count(*)
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND n.nspname <> 'information_schema'
           AND n.nspname NOT LIKE 'pg\_%'
           AND has_schema_privilege(n.oid, 'USAGE')
           AND has_any_column_privilege(c.oid, 'SELECT')),
       pg_has_role(current_user, 'pg_read_all_stats', 'MEMBER'),
       (SELECT string_agg(t.name, ', ')
          FROM (SELECT c.relname::text AS name
                  FROM pg_class c
                  JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity
                   AND has_schema_privilege(n.oid, 'USAGE')
                   AND has_any_column_privilege(c.oid, 'SELECT')
                   AND row_security_active(c.oid)
                   AND NOT EXISTS (SELECT FROM pg_policy p
                                    WHERE p.polrelid = c.oid AND p.polpermissive
                                      AND p.polcmd IN ('r', '*')
                                      AND pg_get_expr(p.polqual, p.polrelid) = 'true'
                                      AND EXISTS (SELECT FROM unnest(p.polroles) o
                                                   WHERE o = 0 OR pg_has_role(o, 'USAGE')))
                 ORDER BY 1
                 LIMIT 5) t),
       pg_is_in_recovery()
