SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8,
       txid_snapshot_xmin(txid_current_snapshot()),
       txid_snapshot_xmax(txid_current_snapshot()),
       (SELECT (extract(epoch FROM min(xact_start)) * 1000000)::int8
          FROM pg_stat_activity
         WHERE datname = current_database()
           AND backend_type = 'client backend'
           AND pid <> pg_backend_pid()
           AND (backend_xid IS NOT NULL OR xact_start > clock_timestamp() - interval '5 minutes')),
       (SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database()
           AND pid <> pg_backend_pid()
           AND state IS NULL
           AND (backend_type IS NULL OR backend_type = 'client backend'))
     + (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())
