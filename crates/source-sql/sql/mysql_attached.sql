SELECT CAST(table_schema AS CHAR), CAST(table_name AS CHAR), 'index', CAST(index_name AS CHAR)
  FROM information_schema.statistics
 WHERE seq_in_index = 1 AND index_name <> 'PRIMARY'
   AND table_schema NOT IN ('information_schema', 'performance_schema', 'sys', 'mysql')
UNION ALL
SELECT CAST(table_schema AS CHAR), CAST(table_name AS CHAR), 'constraint',
       CAST(constraint_name AS CHAR)
  FROM information_schema.table_constraints
 WHERE constraint_type <> 'PRIMARY KEY'
   AND table_schema NOT IN ('information_schema', 'performance_schema', 'sys', 'mysql')
UNION ALL
SELECT CAST(event_object_schema AS CHAR), CAST(event_object_table AS CHAR), 'trigger',
       CAST(trigger_name AS CHAR)
  FROM information_schema.triggers
 WHERE event_object_schema NOT IN ('information_schema', 'performance_schema', 'sys', 'mysql')
 ORDER BY 1, 2, 3, 4
