SELECT '', tbl_name, type, name
  FROM sqlite_master
 WHERE type IN ('index', 'trigger') AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
 ORDER BY tbl_name, type, name
