//! Times that stand for "none", and times as other languages write them.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;
use waybill_layouts::Dbms;
use waybill_tests::service::{Said, Service, verdicts};
use waybill_tests::shop::Shop;

/// "Not yet" where a column may not be NULL.
#[tokio::test(flavor = "multi_thread")]
async fn a_default_that_means_not_yet_is_not_sent() {
    let service = Service::with_outbox("sentinels").await;
    service.publish_rows("true").await;
    service
        .shop
        .execute(
            "INSERT INTO outbox (aggregate_id, created_at, sent_at) \
             SELECT 'n' || s, now() - interval '1 min', s::timestamptz \
             FROM unnest(ARRAY['-infinity', 'infinity', '0001-01-01 00:00:00+00', \
             '1970-01-01 00:00:00+00', '9999-12-31 23:59:59+00']) s",
        )
        .await;
    service.profile(&Said::default());
    let ended = service.check(&[]);
    let found = verdicts(&ended.json());
    assert_eq!(found.get("stuck"), Some(&5), "{found:?}\n{}", ended.stdout);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(ended.code, Some(1));
    service.shop.close().await;
}

/// One row unsent and one that says sent, neither on the topic, five minutes old.
async fn check_written_as(form: &str, unix: fn(f64) -> String) -> (Option<i32>, String) {
    let service = Service::empty(&format!("written_{form}")).await;
    let shop = Shop::open(Dbms::Sqlite, form).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let at = unix(now.expect("after 1970").as_secs_f64() - 300.0);
    shop.execute(&format!(
        "CREATE TABLE outbox (id TEXT PRIMARY KEY, aggregate_type TEXT, aggregate_id TEXT, \
         type TEXT, payload TEXT, created_at TIMESTAMP, sent_at TIMESTAMP); \
         INSERT INTO outbox VALUES ('stuck', 'o', '1', 'T', '{{}}', {at}, NULL), \
         ('lost', 'o', '2', 'T', '{{}}', {at}, {at})"
    ))
    .await;
    service.profile(&Said {
        database: Some(shop.url()),
        ..Said::default()
    });
    let ended = service.check(&[]);
    let found = verdicts(&ended.json());
    service.shop.close().await;
    (ended.code, format!("{found:?}"))
}

/// `strftime` of a time that many seconds after 1970, as an SQL expression.
fn formatted(format: &str, unix: f64) -> String {
    format!("strftime('{format}', {unix}, 'unixepoch')")
}

/// A form's name, and how it writes a time of so many seconds after 1970.
type Form = (&'static str, fn(f64) -> String);

#[tokio::test(flavor = "multi_thread")]
async fn what_other_languages_write_is_read() {
    let forms: [Form; 6] = [
        ("go", |at| {
            formatted("%Y-%m-%d %H:%M:%S.000000123 +0000 UTC m=+0.012345678", at)
        }),
        ("julian", |at| format!("{}", at / 86_400.0 + 2_440_587.5)),
        ("compact", |at| formatted("%Y%m%d%H%M%S", at)),
        ("compact_number", |at| {
            format!("CAST({} AS INTEGER)", formatted("%Y%m%d%H%M%S", at))
        }),
        ("slashes", |at| formatted("%Y/%m/%d %H:%M:%S", at)),
        ("ticks", |at| {
            format!("{:.0}", (at + 62_135_596_800.0) * 10_000_000.0)
        }),
    ];
    let mut checks = JoinSet::new();
    for (form, unix) in forms {
        checks.spawn(async move { (form, check_written_as(form, unix).await) });
    }
    while let Some(checked) = checks.join_next().await {
        let (form, (code, found)) = checked.expect("it does not panic");
        assert_ne!(code, Some(0), "{form}: {found}");
        assert!(found.contains("\"stuck\": 1"), "{form}: {found}");
    }
}
