//! The list of drivers: the only place that names concrete sources.

use std::sync::Arc;

use waybill_source::Driver;
use waybill_source_amqp::RabbitMq;
use waybill_source_kafka::KafkaDriver;
use waybill_source_sql::{MySqlDriver, PostgresDriver, SqliteDriver};

/// All sources this build can open.
pub fn drivers() -> Vec<Arc<dyn Driver>> {
    vec![
        Arc::new(PostgresDriver),
        Arc::new(MySqlDriver),
        Arc::new(SqliteDriver),
        Arc::new(KafkaDriver),
        Arc::new(RabbitMq),
    ]
}
