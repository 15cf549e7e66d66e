//! Bodies, keys and headers that are written otherwise than expected.

use std::collections::BTreeMap;

use waybill_tests::service::{ID_HEADER, SOON, Said, Service, verdicts};

/// The scene of most reports: every row has its copy, and nothing is missing.
#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_service_is_fine() {
    let service = Service::with_outbox("ordinary").await;
    service.publish_rows("true").await;
    service.profile(&Said::default());
    let ended = service.check(&[]);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert!(verdicts(&ended.json()).is_empty(), "{}", ended.stdout);
    service.shop.close().await;
}

/// Publishes all rows but `a9` with these headers and bodies, which are SQL over `id` and `json`
/// (the body as text), and says what `check` finds.
async fn found(name: &str, headers: &str, body: &str, matching: &str) -> (Service, String) {
    let service = Service::with_outbox(name).await;
    let rows = format!(
        "SELECT aggregate_id, {headers}, {SOON}, {body} FROM (SELECT *, \
         json_build_object('eventId', id)::text AS json FROM outbox) o WHERE aggregate_id <> 'a9'"
    );
    service.publish(&service.topic, &rows).await;
    service.profile(&Said {
        matching: matching.to_owned(),
        ..Said::default()
    });
    let said = service.check(&[]).stdout;
    (service, said)
}

/// The row without a copy, and nothing else, is lost.
async fn one_is_lost(name: &str, headers: &str, body: &str, matching: &str) {
    let (service, said) = found(name, headers, body, matching).await;
    let document = serde_json::from_str(&said).expect("it is JSON");
    let lost = BTreeMap::from([("lost-in-publish".to_owned(), 1)]);
    assert_eq!(verdicts(&document), lost, "{said}");
    service.shop.close().await;
}

const IN_BODY: &str = "id = [\"json:/eventId\"], aggregate = [\"key\"]";

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_hides_no_id() {
    let body = "CASE WHEN aggregate_id = 'a17' THEN '\\xefbbbf'::bytea ELSE ''::bytea END || \
                convert_to(json, 'UTF8')";
    one_is_lost("bom", "'[]'", body, IN_BODY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_marker_of_a_schema_registry_hides_no_id() {
    let body = "'\\x000000002a'::bytea || convert_to(json, 'UTF8')";
    one_is_lost("registry", "'[]'", body, IN_BODY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn base64_and_a_string_of_json_hide_no_id() {
    let body = "CASE WHEN substr(aggregate_id, 2)::int % 2 = 0 THEN \
                replace(encode(convert_to(json, 'UTF8'), 'base64'), E'\\n', '') \
                ELSE to_json(json)::text END";
    one_is_lost("strings", "'[]'", body, IN_BODY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_equal_headers_the_last_that_says_anything_counts() {
    let headers = "CASE WHEN aggregate_id = 'a20' THEN json_build_array(json_build_array('id', \
                   gen_random_uuid()), json_build_array('id', id), json_build_array('id', ''))::text \
                   ELSE json_build_array(json_build_array('id', id))::text END";
    one_is_lost("twice", headers, "'{}'", &Said::default().matching).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_thirty_digits_are_exact() {
    let service = Service::empty("digits").await;
    service
        .shop
        .execute(
            "CREATE TABLE outbox (id numeric(38) PRIMARY KEY, aggregate_type text DEFAULT 'o', \
             aggregate_id text, type text, payload jsonb, created_at timestamptz, sent_at timestamptz); \
             INSERT INTO outbox (id, aggregate_id, created_at, sent_at) SELECT \
             123456789012345678901234567000 + g, g, t, t FROM generate_series(1, 60) g, \
             LATERAL (SELECT now() - make_interval(secs => 600 - 9 * g) t) x",
        )
        .await;
    let rows = format!(
        "SELECT aggregate_id, '[]', {SOON}, '{{\"id\":' || id || '}}' FROM outbox WHERE aggregate_id <> '9'"
    );
    service.publish(&service.topic, &rows).await;
    service.profile(&Said {
        matching: "id = [\"json:/id\"], aggregate = [\"key\"]".to_owned(),
        ..Said::default()
    });
    let ended = service.check(&[]);
    let lost = BTreeMap::from([("lost-in-publish".to_owned(), 1)]);
    assert_eq!(verdicts(&ended.json()), lost, "{}", ended.stdout);
    service.shop.close().await;
}

/// A copy whose body nobody can read is there, and says that it cannot be read.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_read_is_no_silence() {
    let body = "CASE WHEN aggregate_id = 'a17' THEN '<event/>' ELSE json END";
    let (service, said) = found("xml", "'[]'", body, IN_BODY).await;
    assert!(said.contains("malformed"), "{said}");
    service.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_the_quotes_of_json_tells_the_aggregate() {
    let service = Service::with_outbox("quotes").await;
    service
        .shop
        .execute("ALTER TABLE outbox ADD version int DEFAULT 1")
        .await;
    let new_id = ID_HEADER.replace(
        "id)",
        "gen_random_uuid()), json_build_array('version', '1')",
    );
    let rows = format!("SELECT to_json(aggregate_id)::text, {new_id}, {SOON}, '{{}}' FROM outbox");
    service.publish(&service.topic, &rows).await;
    let usual = Said::default();
    service.profile(&Said {
        outbox: format!("{}version = \"version\"\n", usual.outbox),
        matching: "id = [\"header:id\"], aggregate = [\"key\"], version = [\"header:version\"]"
            .to_owned(),
        ..usual
    });
    let ended = service.check(&[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    service.shop.close().await;
}
