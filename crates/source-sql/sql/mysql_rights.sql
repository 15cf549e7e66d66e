SELECT CAST(CURRENT_USER() AS CHAR),
       CAST((SELECT COUNT(*) FROM information_schema.tables
              WHERE table_schema NOT IN
                    ('information_schema', 'performance_schema', 'sys', 'mysql')) AS SIGNED),
       CAST((SELECT COUNT(*) FROM (
               SELECT grantee, privilege_type FROM information_schema.user_privileges
               UNION ALL
               SELECT grantee, privilege_type FROM information_schema.schema_privileges
               UNION ALL
               SELECT grantee, privilege_type FROM information_schema.table_privileges) g
              WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE')
                AND grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')) AS SIGNED)
