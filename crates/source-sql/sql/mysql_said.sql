SELECT CAST(table_schema AS CHAR), CAST(table_name AS CHAR), CAST(column_name AS CHAR), 'default',
       CAST(LEFT(column_default, 500) AS CHAR)
  FROM information_schema.columns
 WHERE table_schema = DATABASE() AND column_default IS NOT NULL
UNION ALL
SELECT CAST(table_schema AS CHAR), CAST(table_name AS CHAR), CAST(column_name AS CHAR), 'comment',
       CAST(LEFT(column_comment, 500) AS CHAR)
  FROM information_schema.columns
 WHERE table_schema = DATABASE() AND column_comment <> ''
UNION ALL
SELECT CAST(table_schema AS CHAR), CAST(table_name AS CHAR), CAST(column_name AS CHAR), 'label',
       CAST(LEFT(column_type, 500) AS CHAR)
  FROM information_schema.columns
 WHERE table_schema = DATABASE() AND data_type = 'enum'
 LIMIT 20000
