SELECT CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS SIGNED),
       (SELECT CAST(MAX(TIMESTAMPDIFF(MICROSECOND, trx_started,
                                      CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', 'SYSTEM'))) AS SIGNED)
          FROM information_schema.innodb_trx
         WHERE trx_mysql_thread_id <> CONNECTION_ID()
           AND (trx_rows_modified > 0
                OR trx_started > CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM') - INTERVAL 5 MINUTE))
