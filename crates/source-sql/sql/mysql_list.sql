SELECT CAST(t.table_schema AS CHAR),
       CAST(t.table_name AS CHAR),
       CAST(t.table_rows AS SIGNED),
       CAST(c.column_name AS CHAR),
       CAST(c.data_type AS CHAR),
       CAST(c.column_type AS CHAR),
       CAST(c.is_nullable = 'YES' AS SIGNED),
       CAST(c.column_key = 'PRI' AS SIGNED),
       0,
       0,
       CAST(FIND_IN_SET('select', c.privileges) > 0 AS SIGNED)
  FROM information_schema.tables t
  JOIN information_schema.columns c
    ON c.table_schema = t.table_schema AND c.table_name = t.table_name
 WHERE t.table_schema NOT IN ('information_schema', 'performance_schema', 'sys', 'mysql')
 ORDER BY t.table_schema, t.table_name, c.ordinal_position
