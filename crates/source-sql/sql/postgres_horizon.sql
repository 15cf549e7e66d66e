SELECT (extract(epoch FROM CASE WHEN pg_is_in_recovery()
                                THEN pg_last_xact_replay_timestamp()
                                ELSE clock_timestamp() END) * 1000000)::int8,
       txid_snapshot_xmin(txid_current_snapshot()),
       txid_snapshot_xmax(txid_current_snapshot()),
       (SELECT (extract(epoch FROM min(xact_start)) * 1000000)::int8
          FROM pg_stat_activity
         WHERE datname = current_database()
           AND backend_type = 'client backend'
           AND pid <> pg_backend_pid()
           AND (backend_xid IS NOT NULL OR xact_start > clock_timestamp() - interval '5 minutes')),
       pg_is_in_recovery()
         OR EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database()),
       (SELECT string_agg(DISTINCT l.virtualtransaction, ',')
          FROM pg_locks l
          JOIN pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'virtualxid'
           AND l.pid <> pg_backend_pid()
           AND a.datname = current_database()
           AND a.usesysid IS NOT NULL
           AND a.state IS NULL
           AND (a.backend_type IS NULL OR a.backend_type = 'client backend'))
