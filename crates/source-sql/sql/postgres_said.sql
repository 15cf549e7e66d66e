SELECT n.nspname::text, c.relname::text, s.name, s.by, left(s.text, 500)
  FROM (SELECT d.adrelid AS relid, a.attname::text AS name, 'default' AS by,
               pg_get_expr(d.adbin, d.adrelid) AS text
          FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        UNION ALL
        SELECT d.objoid, a.attname::text, 'comment', d.description
          FROM pg_description d
          JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
         WHERE d.classoid = 'pg_class'::regclass AND d.objsubid > 0
        UNION ALL
        SELECT a.attrelid, a.attname::text, 'label', e.enumlabel::text
          FROM pg_attribute a JOIN pg_enum e ON e.enumtypid = a.atttypid
         WHERE a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT conrelid, '', 'check', pg_get_constraintdef(oid)
          FROM pg_constraint WHERE contype = 'c'
        UNION ALL
        SELECT indrelid, '', 'index', pg_get_expr(indpred, indrelid)
          FROM pg_index WHERE indpred IS NOT NULL) s
  JOIN pg_class c ON c.oid = s.relid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND s.text IS NOT NULL
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY 1, 2, 4, 3, 5
 LIMIT 20000
