//! Local times without a zone: columns that say what a clock on somebody's wall showed.

use serde_json::Value;
use waybill_tests::service::{Said, Service, verdicts};
use waybill_tests::waybill::Ended;

const CAP: &str = "CREATE SCHEMA cap; CREATE TABLE cap.published (\"Id\" bigint PRIMARY KEY, \
    \"Version\" varchar(20), \"Name\" varchar(200), \"Content\" text, \"Retries\" int, \
    \"Added\" timestamp NOT NULL, \"ExpiresAt\" timestamp, \"StatusName\" varchar(50) NOT NULL)";

/// A service so many hours from UTC: 40 events that arrived, one that waits since 20 minutes (50),
/// one that says sent and is nowhere (51), and one of this moment (52).
async fn cap(name: &str, hours: i32, published: bool) -> Service {
    let service = Service::empty(name).await;
    let wall = format!("timezone('utc', now() + interval '{hours} h')");
    service.shop.execute(CAP).await;
    service
        .shop
        .execute(&format!(
            "INSERT INTO cap.published SELECT g, 'v1', 'orders', '{{}}', 0, \
             {wall} - make_interval(secs => 1500 - 20 * g), NULL, 'Succeeded' FROM generate_series(1, 40) g; \
             INSERT INTO cap.published VALUES \
             (50, 'v1', 'orders', '{{}}', 0, {wall} - interval '20 min', NULL, 'Scheduled'), \
             (51, 'v1', 'orders', '{{}}', 0, {wall} - interval '20 min', NULL, 'Succeeded'), \
             (52, 'v1', 'orders', '{{}}', 0, {wall}, NULL, 'Scheduled')"
        ))
        .await;
    if published {
        let copies = format!(
            "SELECT 'k', json_build_array(json_build_array('cap-msg-id', \"Id\"::text))::text, \
             (extract(epoch FROM \"Added\" - interval '{hours} h') * 1000)::bigint, '{{}}' \
             FROM cap.published WHERE \"Id\" < 50"
        );
        service.publish(&service.topic, &copies).await;
    }
    service
}

/// Lines below `[outbox]` of CAP's table.
fn said(zone: &str) -> Said {
    Said {
        outbox: format!(
            "table = \"cap.published\"\nkey = \"Id\"\nid = \"Id\"\ntype = \"Name\"\n\
             payload = \"Content\"\ncreated-at = \"Added\"\nstatus = \"StatusName\"\n\
             sent-states = [\"Succeeded\"]\nfailed-states = [\"Failed\"]\n{zone}"
        ),
        matching: "id = [\"header:cap-msg-id\"]".to_owned(),
        ..Said::default()
    }
}

fn proposed(service: &Service) -> Ended {
    service.proposes(&["--destination", &service.topic, "--save"])
}

/// The verdict on each event that is not where it should be, or on its way.
fn of_events(document: &Value) -> Vec<(String, String)> {
    let findings = document["findings"].as_array().into_iter().flatten();
    let told = findings.map(|finding| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&finding["id"]), text(&finding["publish"]["verdict"]))
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

fn stuck_and_lost() -> Vec<(String, String)> {
    [("50", "stuck"), ("51", "lost-in-publish")]
        .map(|(id, verdict)| (id.to_owned(), verdict.to_owned()))
        .into()
}

/// The zone is found out and written down, and each window is read in it.
async fn a_zone_is_found(name: &str, hours: i32, zone: &str) {
    let service = cap(name, hours, true).await;
    let new = proposed(&service);
    let line = format!("zone = \"{zone}\"");
    assert!(new.stdout.contains(&line), "{}{}", new.stdout, new.stderr);
    let reason = format!("messages were published when their rows say, if those are in {zone}");
    assert!(new.stdout.contains(&reason), "{}", new.stdout);
    for since in ["1h", "1d"] {
        let ended = service.check(&["--since", since]);
        assert_eq!(ended.code, Some(1), "{since}: {}", ended.stdout);
        assert_eq!(of_events(&ended.json()), stuck_and_lost(), "{since}");
    }
    let shown = service.waybill.run(&["profiles", "check", service.name()]);
    let step = format!("its times name no zone and are read in {zone}: the profile says so");
    assert!(shown.stdout.contains(&step), "{}", shown.stdout);
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_the_west_is_read_in_its_zone() {
    a_zone_is_found("zone_west", -5, "-05:00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_the_east_is_read_in_its_zone() {
    a_zone_is_found("zone_east", 8, "+08:00").await;
}

/// Without a word in the profile it is found out at each look.
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_names_no_zone_has_it_found_out() {
    let service = cap("zone_unnamed", -5, true).await;
    service.profile(&said(""));
    let ended = service.check(&["--since", "1h"]);
    assert_eq!(
        of_events(&ended.json()),
        stuck_and_lost(),
        "{}",
        ended.stdout
    );
    let text = service.run("check", &["--since", "1h"]).stdout;
    assert!(
        text.contains("are read in -05:00: 40 of 40 messages"),
        "{text}"
    );
    service.shop.close().await;
}

/// No message, and no row that could be of this moment in UTC.
#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_know_the_zone_nothing_is_said_to_be_missing() {
    for hours in [-5_i32, 8] {
        let service = cap(&format!("zone_unknown{}", hours.abs()), hours, false).await;
        service.profile(&said(""));
        let ended = service.check(&["--since", "1h"]);
        let document = ended.json();
        assert_eq!(ended.code, Some(2), "{document:#}");
        let found = verdicts(&document);
        let unknown = found.get("unknown (zone-unknown)");
        assert!(unknown.is_some_and(|n| *n >= 2), "{hours}: {found:?}");
        assert!(!found.contains_key("stuck"), "{hours}: {found:?}");
        assert!(!found.contains_key("lost-in-publish"), "{hours}: {found:?}");
        let reasons = document["reasons"].to_string();
        assert!(reasons.contains("name it, as zone ="), "{reasons}");
        service.profile(&said(&format!("zone = \"{hours:+03}:00\"")));
        let known = service.check(&["--since", "1h"]);
        let waits = ("50".to_owned(), "stuck".to_owned());
        assert!(
            of_events(&known.json()).contains(&waits),
            "{}",
            known.stdout
        );
        service.shop.close().await;
    }
}

/// Clocks that were put forward since the profile was written.
#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_holds_no_more_is_told() {
    let service = cap("zone_moved", -4, true).await;
    service.profile(&said("zone = \"-05:00\""));
    let ended = service.check(&["--since", "1h"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    let reasons = ended.json()["reasons"].to_string();
    assert!(
        reasons.contains("the profile says -05:00, but 40 of 40 messages"),
        "{reasons}"
    );
    assert!(reasons.contains("zone = \\\"-04:00\\\""), "{reasons}");
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_is_none_is_refused_with_its_line() {
    let service = cap("zone_wrong", 0, false).await;
    service.profile(&said("zone = \"Europe/Berlin\""));
    let checked = service
        .waybill
        .run(&["profiles", "check", "--offline", service.name()]);
    let told = "'Europe/Berlin' is no offset from UTC: write UTC, or one from -12:00 to +14:00";
    assert!(checked.stdout.contains(told), "{}", checked.stdout);
    assert!(checked.stdout.starts_with("line "), "{}", checked.stdout);
    service.shop.close().await;
}
