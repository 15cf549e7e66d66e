WITH RECURSIVE asked AS (
       SELECT c.oid, c.relkind, r.oid AS reader, false AS by_view
         FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_roles r ON r.rolname = current_user
        WHERE n.nspname = $1 AND c.relname = $2),
     under (oid, relkind, reader) AS (
       SELECT oid, relkind, reader FROM asked
        UNION
       SELECT t.oid, t.relkind,
              CASE WHEN v.reloptions::text LIKE '%security_invoker=true%' THEN u.reader
                   ELSE v.relowner END
         FROM under u
         JOIN pg_class v ON v.oid = u.oid
         JOIN pg_rewrite w ON w.ev_class = u.oid
         JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                         AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> u.oid
         JOIN pg_class t ON t.oid = d.refobjid
        WHERE u.relkind = 'v'),
     hidden AS (
       SELECT c.relname::text AS name
         FROM under u
         JOIN pg_class c ON c.oid = u.oid
         JOIN pg_roles r ON r.oid = u.reader
        WHERE c.relrowsecurity
          AND NOT (r.rolsuper OR r.rolbypassrls)
          AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE'))
          AND NOT (EXISTS (SELECT FROM pg_policy p
                            WHERE p.polrelid = c.oid AND p.polpermissive
                              AND p.polcmd IN ('r', '*')
                              AND pg_get_expr(p.polqual, p.polrelid) = 'true'
                              AND EXISTS (SELECT FROM unnest(p.polroles) o
                                           WHERE o = 0 OR pg_has_role(r.oid, o, 'USAGE')))
                   AND NOT EXISTS (SELECT FROM pg_policy p
                                    WHERE p.polrelid = c.oid AND NOT p.polpermissive
                                      AND p.polcmd IN ('r', '*')
                                      AND EXISTS (SELECT FROM unnest(p.polroles) o
                                                   WHERE o = 0 OR pg_has_role(r.oid, o, 'USAGE')))))
SELECT (SELECT string_agg(DISTINCT name, ', ') FROM hidden),
       current_user::text,
       pg_is_in_recovery(),
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END,
       CASE WHEN pg_is_in_recovery()
            THEN (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::int8 END
