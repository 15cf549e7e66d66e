SELECT n.nspname::text, c.relname::text, a.kind, a.name
  FROM (SELECT i.indrelid AS relid, 'index' AS kind, x.relname::text AS name
          FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
        UNION ALL
        SELECT conrelid, 'constraint', conname::text
          FROM pg_constraint WHERE contype IN ('c', 'u', 'x', 'f')
        UNION ALL
        SELECT tgrelid, 'trigger', tgname::text FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL
        SELECT r.prrelid, 'publication', p.pubname::text
          FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid) a
  JOIN pg_class c ON c.oid = a.relid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY 1, 2, 3, 4
