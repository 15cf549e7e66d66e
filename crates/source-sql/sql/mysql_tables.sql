SELECT CAST(t.table_schema AS CHAR),
       CAST(t.table_name AS CHAR),
       CAST(t.table_rows AS SIGNED),
       CAST(c.column_name AS CHAR),
       CAST(c.data_type AS CHAR),
       CAST(c.column_type AS CHAR),
       CAST(c.is_nullable = 'YES' AS SIGNED),
       CAST(c.column_key = 'PRI' AS SIGNED),
       CAST(EXISTS (SELECT 1 FROM information_schema.statistics s
                     WHERE s.table_schema = t.table_schema AND s.table_name = t.table_name
                       AND s.column_name = c.column_name AND s.seq_in_index = 1) AS SIGNED),
       CAST(EXISTS (SELECT 1 FROM information_schema.statistics s
                     WHERE s.table_schema = t.table_schema AND s.table_name = t.table_name
                       AND s.column_name = c.column_name AND s.seq_in_index = 1
                       AND s.non_unique = 0
                       AND NOT EXISTS (SELECT 1 FROM information_schema.statistics o
                                        WHERE o.table_schema = s.table_schema
                                          AND o.table_name = s.table_name
                                          AND o.index_name = s.index_name
                                          AND o.seq_in_index = 2)) AS SIGNED)
  FROM information_schema.tables t
  JOIN information_schema.columns c
    ON c.table_schema = t.table_schema AND c.table_name = t.table_name
 WHERE t.table_schema NOT IN ('information_schema', 'performance_schema', 'sys')
