//! How a check ends: fine only where everything was looked at and nothing waits in vain.

use std::collections::BTreeMap;

use serde_json::json;
use waybill_layouts::Dbms;
use waybill_tests::rabbit::Vhost;
use waybill_tests::service::{Said, Service};
use waybill_tests::shop::Shop;
use waybill_tests::waybill::Waybill;

/// Nothing was written, and everything was read: that is an answer of its own.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_window_that_was_read_is_an_answer() {
    let service = Service::with_outbox("endings_empty").await;
    service.shop.execute("TRUNCATE outbox").await;
    service.profile(&Said::default());
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(document["reasons"][0]["code"], "empty", "{document:#}");
    service.shop.close().await;
}

/// An outbox that deletes, an exchange that nobody listened to: having seen nothing is no answer.
#[tokio::test(flavor = "multi_thread")]
async fn having_seen_nothing_is_not_nothing_missing() {
    let shop = Shop::open(Dbms::Postgres, "endings_blind").await;
    shop.execute(
        "CREATE TABLE outbox (id uuid PRIMARY KEY, created_at timestamptz NOT NULL, \
         payload text NOT NULL)",
    )
    .await;
    let vhost = Vhost::new("endings-blind");
    vhost.exchange("shipments", "topic", json!({}));
    vhost.queue("crm", "classic", json!({}));
    vhost.bind("shipments", "#", "crm");
    let secrets = BTreeMap::from([
        ("shop-db".to_owned(), shop.password().to_owned()),
        ("shop-rabbit".to_owned(), vhost.password().to_owned()),
    ]);
    let waybill = Waybill::with_secrets(secrets);
    std::fs::create_dir_all(waybill.config()).expect("a folder");
    let profile = format!(
        "name = \"blind\"\nenvironment = \"development\"\n[database]\nurl = \"{}\"\n\
         secret = \"shop-db\"\n[broker]\nurl = \"{}\"\nmanagement-url = \"{}\"\n\
         secret = \"shop-rabbit\"\n[outbox]\ntable = \"outbox\"\nkey = \"id\"\nid = \"id\"\n\
         created-at = \"created_at\"\npayload = \"payload\"\ndeletes-after-send = true\n\
         [[flow]]\nname = \"f\"\ndestination = \"shipments\"\n[[flow.consumer]]\nname = \"crm\"\n\
         queue = \"crm\"\n[grace]\nconfirm-secs = 1\n",
        shop.url(),
        vhost.url(),
        vhost.management_url(),
    );
    std::fs::write(waybill.config().join("blind.toml"), profile).expect("it can be written");
    let ended = waybill.check(&["--profile", "blind"]);
    let document = ended.json();
    assert_eq!(ended.code, Some(2), "{}\n{}", ended.stdout, ended.stderr);
    let because = document["because"].as_str().unwrap_or_default();
    assert!(because.contains("nothing was listening then"), "{because}");
    let text = waybill.run(&["check", "--profile", "blind"]);
    assert!(
        !text.stdout.contains("Nothing is missing"),
        "{}",
        text.stdout
    );
    shop.close().await;
}
