SELECT t.name,
       c.name,
       c.type,
       c."notnull" = 0,
       c.pk > 0,
       EXISTS (SELECT 1 FROM pragma_index_list(t.name) l, pragma_index_info(l.name) i
                WHERE i.seqno = 0 AND i.name = c.name AND l.partial = 0),
       (c.pk = 1 AND (SELECT count(*) FROM pragma_table_xinfo(t.name) o WHERE o.pk > 0) = 1)
         OR EXISTS (SELECT 1 FROM pragma_index_list(t.name) l
                     WHERE l."unique" = 1 AND l.partial = 0
                       AND (SELECT count(*) FROM pragma_index_info(l.name)) = 1
                       AND (SELECT i.name FROM pragma_index_info(l.name) i) = c.name),
       t.type = 'table' AND t.wr = 0,
       EXISTS (SELECT 1 FROM sqlite_master m
                WHERE m.type = 'table' AND m.name = t.name AND m.sql LIKE '%AUTOINCREMENT%')
  FROM pragma_table_list t, pragma_table_xinfo(t.name) c
 WHERE t.schema = 'main' AND t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
   AND c.hidden IN (0, 2, 3)
   AND (?1 = '' OR lower(t.name) = lower(?1))
 ORDER BY t.name, c.cid
