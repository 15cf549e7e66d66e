SELECT '', m.name, c.name, 'default', substr(c.dflt_value, 1, 500)
  FROM sqlite_master m JOIN pragma_table_info(m.name) c
 WHERE m.type = 'table' AND c.dflt_value IS NOT NULL
UNION ALL
SELECT '', tbl_name, '', 'index-statement', substr(sql, 1, 2000)
  FROM sqlite_master WHERE type = 'index' AND sql LIKE '% where %'
UNION ALL
SELECT '', tbl_name, '', 'table-statement', substr(sql, 1, 8000)
  FROM sqlite_master WHERE type = 'table' AND sql LIKE '%check%'
 LIMIT 20000
