//! A service of somebody's own making: an outbox in PostgreSQL that nobody's library made, an
//! exchange with a stream and a consumer, and two events that were not published.

use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, PgPool};
use url::Url;
use uuid::Uuid;
use waybill_tests::rabbit::Vhost;

/// Events in all.
pub(crate) const EVENTS: usize = 24;

/// Those that nobody published: one says so, one says it was.
pub(crate) const NOT_SENT: usize = 3;
pub(crate) const LOST: usize = 7;

/// The service.
pub(crate) struct Shop {
    name: String,
    url: Url,
    admin: PgPool,
    pub(crate) vhost: Vhost,
}

impl Shop {
    pub(crate) async fn open(test: &str) -> Self {
        let servers = waybill_services::endpoints().expect("cargo xtask services up");
        let name = format!("waybill_window_{test}_{}", std::process::id());
        let server = servers.postgres_url;
        let admin = PgPool::connect(&server).await.expect("it answers");
        run(&admin, &format!("CREATE DATABASE {name}")).await;
        let mut url: Url = server.parse().expect("an address");
        url.set_path(&name);
        let shop = Self {
            name,
            url,
            admin,
            vhost: Vhost::new(&format!("window-{test}")),
        };
        shop.fill(&server).await;
        shop
    }

    async fn fill(&self, server: &str) {
        let vhost = &self.vhost;
        vhost.exchange("parcels", "topic", json!({}));
        vhost.queue("parcels.audit", "stream", json!({}));
        vhost.queue("search.parcels", "quorum", json!({}));
        vhost.bind("parcels", "#", "parcels.audit");
        vhost.bind("parcels", "#", "search.parcels");
        let options: PgConnectOptions = server.parse().expect("an address");
        let pool = PgPool::connect_with(options.database(&self.name)).await;
        let pool = pool.expect("it was made");
        run(
            &pool,
            "CREATE TABLE parcel_outbox (no bigserial PRIMARY KEY, event_id uuid NOT NULL, \
             aggregate_type text, aggregate_id text, event_type text, payload jsonb, rev integer, \
             created_at timestamptz NOT NULL, published_at timestamptz); \
             CREATE TABLE search_inbox (message_id uuid PRIMARY KEY, processed_at timestamptz); \
             CREATE TABLE parcels (id text PRIMARY KEY, label text, weight integer); \
             CREATE TABLE settings (name text PRIMARY KEY, value text)",
        )
        .await;
        for nth in 0..EVENTS {
            let id = Uuid::now_v7();
            let rev = nth % 3 + 1;
            let body = format!(r#"{{"parcel": "p{nth}", "label": "to the moon", "rev": {rev}}}"#);
            let published = if nth == NOT_SENT {
                "NULL"
            } else {
                "created_at"
            };
            // The first rows are the oldest.
            let minutes = 45 - nth;
            run(
                &pool,
                &format!(
                    "INSERT INTO parcel_outbox (event_id, aggregate_type, aggregate_id, event_type, payload, rev, created_at) \
                     VALUES ('{id}', 'parcel', 'p{nth}', 'ParcelSent', '{body}', {rev}, now() - interval '{minutes} minutes'); \
                     UPDATE parcel_outbox SET published_at = {published} WHERE event_id = '{id}'"
                ),
            )
            .await;
            if nth == NOT_SENT || nth == LOST {
                continue;
            }
            let properties = json!({"message_id": id, "type": "ParcelSent", "headers": {"aggregateId": format!("p{nth}")}});
            let message = json!({
                "routing_key": "parcel.sent", "properties": properties, "payload": body, "payload_encoding": "string",
            });
            vhost.post(
                &format!("exchanges/{}/parcels/publish", vhost.name()),
                &message,
            );
            run(
                &pool,
                &format!("INSERT INTO search_inbox VALUES ('{id}', now())"),
            )
            .await;
        }
        pool.close().await;
    }

    /// The database's address, password and all.
    pub(crate) fn url_with_password(&self) -> String {
        self.url.to_string()
    }

    pub(crate) fn password(&self) -> String {
        self.url.password().unwrap_or_default().to_owned()
    }

    pub(crate) async fn close(self) {
        run(
            &self.admin,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        )
        .await;
    }
}

async fn run(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(pool)
        .await
        .expect("the service may write");
}
