SELECT CAST(c.table_schema AS CHAR),
       CAST(c.table_name AS CHAR),
       CAST((SELECT t.table_rows FROM information_schema.tables t
              WHERE t.table_schema = ? AND t.table_name = ?) AS SIGNED),
       CAST(c.column_name AS CHAR),
       CAST(c.data_type AS CHAR),
       CAST(c.column_type AS CHAR),
       CAST(c.is_nullable = 'YES' AS SIGNED),
       CAST(c.column_key = 'PRI' AS SIGNED),
       CAST(i.column_name IS NOT NULL AS SIGNED),
       CAST(COALESCE(i.alone, 0) AS SIGNED),
       CAST(FIND_IN_SET('select', c.privileges) > 0 AS SIGNED)
  FROM information_schema.columns c
  LEFT JOIN (SELECT x.column_name, MAX(x.alone) AS alone
               FROM (SELECT MAX(IF(seq_in_index = 1, column_name, NULL)) AS column_name,
                            MAX(seq_in_index) = 1 AND MAX(non_unique) = 0 AS alone
                       FROM information_schema.statistics
                      WHERE table_schema = ? AND table_name = ?
                      GROUP BY index_name) x
              GROUP BY x.column_name) i
    ON i.column_name = c.column_name
 WHERE c.table_schema = ? AND c.table_name = ?
 ORDER BY c.ordinal_position
