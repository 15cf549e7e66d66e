//! Services that have only just begun, or never did: one, three and twenty events.

use waybill_tests::service::{Said, Service, verdicts};

const SIZES: [u32; 3] = [1, 3, 20];

/// A service with so many rows, two minutes ago.
async fn service(name: &str, rows: u32, sent_at: &str) -> Service {
    let service = Service::empty(&format!("{name}_{rows}")).await;
    service
        .shop
        .execute(&format!(
            "CREATE TABLE outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
             aggregate_type text DEFAULT 'order', aggregate_id text, type text DEFAULT 'OrderPlaced', \
             payload jsonb DEFAULT '{{}}', created_at timestamptz, sent_at timestamptz); \
             INSERT INTO outbox (aggregate_id, created_at, sent_at) SELECT 'a' || g, t, {sent_at} \
             FROM generate_series(1, {rows}) g, LATERAL (SELECT now() - interval '2 min' - g * interval '1 s' t) x"
        ))
        .await;
    service
}

/// The exit code, what all publications are called, and the first sentence.
fn said(service: &Service) -> (i32, Vec<(String, usize)>, String) {
    let ended = service.check(&[]);
    let document = ended.json();
    let sentence = document["findings"][0]["sentence"].as_str();
    (
        ended.code.expect("it ended by itself"),
        verdicts(&document).into_iter().collect(),
        sentence.unwrap_or_default().to_owned(),
    )
}

fn all(name: &str, rows: u32) -> Vec<(String, usize)> {
    vec![(name.to_owned(), rows as usize)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_dead_leaves_rows_that_are_stuck_from_the_first_on() {
    for rows in SIZES {
        let service = service("dead", rows, "NULL").await;
        service.profile(&Said::default());
        let (code, verdicts, sentence) = said(&service);
        assert_eq!((code, verdicts), (1, all("stuck", rows)), "{sentence}");
        assert!(
            sentence.contains("Its row still waits in the outbox"),
            "{sentence}"
        );
        assert!(
            sentence.contains("nothing written since has been sent"),
            "{sentence}"
        );
        service.shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_marks_and_never_sends_is_a_silent_flow() {
    for rows in SIZES {
        let service = service("marks", rows, "t").await;
        service.profile(&Said::default());
        let (code, verdicts, sentence) = said(&service);
        assert_eq!((code, verdicts), (2, all("unknown (no-control)", rows)));
        assert!(sentence.contains("ever seen at"), "{sentence}");
        assert!(sentence.contains("follow and make one event"), "{sentence}");
        service.shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_destination_in_the_profile_is_a_silent_flow() {
    for rows in SIZES {
        let service = service("elsewhere", rows, "t").await;
        let right = service.kafka.topic("elsewhere_right", 1, &[]).await;
        let copies = "SELECT aggregate_id, json_build_array(json_build_array('id', id))::text, \
                      (extract(epoch FROM created_at) * 1000)::bigint + 1000, '{}' FROM outbox";
        service.publish(&right, copies).await;
        service.profile(&Said::default());
        let (code, verdicts, sentence) = said(&service);
        assert_eq!((code, verdicts), (2, all("unknown (no-control)", rows)));
        assert!(sentence.contains("name another destination"), "{sentence}");
        service.shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_day_on_which_all_goes_well_is_fine() {
    for rows in SIZES {
        let service = service("first_day", rows, "t").await;
        service.publish_rows("true").await;
        service.profile(&Said::default());
        let (code, verdicts, _) = said(&service);
        assert_eq!((code, verdicts), (0, Vec::new()));
        service.shop.close().await;
    }
}
