//! What goes wrong on the way to the broker, and what the user reads then.

use futures::StreamExt as _;
use waybill_model::{Access, ConsumerNo, GapReason};
use waybill_source::{
    ConsumerRef, CopyQuery, CopyRole, Driver as _, Error, ProbeOutcome, ProbeStep, Secret, Target,
};
use waybill_source_amqp::RabbitMq;
use waybill_tests::proxy::Proxy;
use waybill_tests::wait::wait_for;

use super::stage::{LIMIT, Stage, Yield, open, query, scan, until};

async fn failure(target: &Target) -> Error {
    open(target).await.expect_err("it must not open")
}

async fn probe(target: &Target) -> Vec<ProbeStep> {
    let steps: Vec<_> = RabbitMq.probe(target).collect().await;
    assert!(!format!("{steps:?}").contains("s3cret"));
    steps
}

/// What failed, and why.
async fn probe_failure(target: &Target) -> (String, String) {
    let steps = probe(target).await;
    let fine = &steps[..steps.len() - 1];
    assert!(
        fine.iter()
            .all(|step| matches!(step.outcome, ProbeOutcome::Fine(_))),
        "{steps:?}"
    );
    let last = steps.last().expect("there are steps");
    match &last.outcome {
        ProbeOutcome::Failed(why) => (last.what.clone(), why.clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_working_connection_is_tested_in_steps() {
    let stage = Stage::new("broken-not").await;
    let steps = probe(&stage.target(Access::ReadOnly)).await;
    let whats: Vec<_> = steps
        .iter()
        .map(|step| step.what.split(' ').next().unwrap_or_default())
        .collect();
    assert_eq!(
        whats,
        ["Look", "Connect", "Log", "Enter", "Ask", "See"],
        "{steps:?}"
    );
    assert!(
        steps
            .iter()
            .all(|step| matches!(step.outcome, ProbeOutcome::Fine(_))),
        "{steps:?}"
    );

    let mut without_management = stage.target(Access::ReadOnly);
    without_management.management_url = None;
    let steps = probe(&without_management).await;
    let last = &steps.last().expect("there are steps").outcome;
    assert!(
        matches!(last, ProbeOutcome::Warn(text) if text.contains("management-url")),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_called_that() {
    let stage = Stage::new("broken-password").await;
    let mut target = stage.target(Access::ReadOnly);
    target.secret = Some(Secret::new("s3cret"));
    let error = failure(&target).await;
    assert!(
        matches!(&error, Error::Login { user, .. } if user == stage.vhost.user()),
        "{error:?}"
    );
    assert!(!error.chain().contains("s3cret"), "{}", error.chain());
    let (what, why) = probe_failure(&target).await;
    assert_eq!(what, format!("Log in as {}", stage.vhost.user()));
    assert!(why.contains("check user and password"), "{why}");
}

#[tokio::test]
async fn a_missing_virtual_host_is_named_with_what_was_meant() {
    let stage = Stage::new("broken-vhost").await;
    let mut target = stage.target(Access::ReadOnly);
    target.url = format!("{}x", target.url);
    let error = failure(&target).await;
    let text = error.to_string();
    assert!(
        matches!(
            error,
            Error::NotFound {
                what: "virtual host",
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        text.contains(&format!("did you mean '{}'?", stage.vhost.name())),
        "{text}"
    );
    let (what, why) = probe_failure(&target).await;
    assert!(what.starts_with("Enter virtual host"), "{what}");
    assert!(why.contains("did you mean"), "{why}");
}

#[tokio::test]
async fn a_user_without_rights_is_told_so() {
    let stage = Stage::new("broken-rights").await;
    let user = format!("stranger-{}", stage.vhost.name());
    let body = serde_json::json!({"password": "s3cret", "tags": ""});
    stage.vhost.put(&format!("users/{user}"), &body);
    let mut target = stage.target(Access::ReadOnly);
    target.url = target.url.replacen(stage.vhost.user(), &user, 1);
    target.management_url = None;
    target.secret = Some(Secret::new("s3cret"));
    let error = failure(&target).await;
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");

    let path = format!("permissions/{}/{user}", stage.vhost.name());
    let nothing = serde_json::json!({"configure": "^$", "write": "^$", "read": "^$"});
    stage.vhost.put(&path, &nothing);
    let broker = open(&target).await.expect("it may enter now");
    let mut all = Yield::default();
    let mut stream = broker.scan(query(CopyRole::Destination, "audit"));
    until(&mut stream, &mut all, |all| all.error.is_some()).await;
    let error = all.error.expect("it may not read");
    assert!(
        matches!(error, Error::Forbidden { action: "read", .. }),
        "{error:?}"
    );

    target.management_url = Some(stage.vhost.management_url().replacen(
        stage.vhost.user(),
        &user,
        1,
    ));
    let (what, why) = probe_failure(&target).await;
    assert!(what.contains("management API"), "{what}");
    assert!(why.contains("monitoring"), "{why}");
    stage.vhost.delete(&format!("users/{user}"));
}

#[tokio::test]
async fn nobody_there_is_not_the_same_as_not_let_in() {
    let stage = Stage::new("broken-nobody").await;
    let proxy = Proxy::to(stage.vhost.address()).await;
    let mut target = stage.target(Access::ReadOnly);
    target.url = stage.vhost.url_at(proxy.port());
    proxy.cut();
    let error = failure(&target).await;
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");

    let mut target = stage.target(Access::ReadOnly);
    target.url = "amqp://waybill@no-such-host.invalid/x".to_owned();
    let (what, why) = probe_failure(&target).await;
    assert_eq!(what, "Look up no-such-host.invalid");
    assert!(why.contains("check the host"), "{why}");
    assert!(matches!(failure(&target).await, Error::Connect { .. }));
}

#[tokio::test]
async fn the_management_api_fails_under_its_own_name() {
    let stage = Stage::new("broken-management").await;
    let search = ConsumerRef {
        consumer: ConsumerNo(0),
        destination: "products".to_owned(),
        group: None,
        queue: Some("search".to_owned()),
    };
    let mut target = stage.target(Access::ReadOnly);
    // Nobody listens on port 1.
    target.management_url = Some("http://127.0.0.1:1".to_owned());
    let broker = open(&target).await.expect("the broker itself is there");
    let error = broker
        .progress(std::slice::from_ref(&search))
        .await
        .expect_err("nobody to ask");
    assert!(
        error
            .to_string()
            .contains("the management API at 127.0.0.1:1"),
        "{error}"
    );
    let all = scan(&broker, query(CopyRole::Destination, "audit")).await;
    assert_eq!(all.seen, [], "streams can be read all the same");
    let (what, why) = probe_failure(&target).await;
    assert!(what.contains("management API"), "{what}");
    assert!(why.contains("plug-in"), "{why}");

    target.management_url = Some(format!("{}/", stage.vhost.management_url()).replacen(
        stage.vhost.user(),
        "nobody",
        1,
    ));
    let broker = open(&target).await.expect("the broker itself is there");
    let error = broker.topology().await.expect_err("it does not know us");
    assert!(
        matches!(&error, Error::Login { user, .. } if user == "nobody"),
        "{error:?}"
    );

    target.management_url = None;
    let broker = open(&target).await.expect("the broker itself is there");
    for error in [
        broker.progress(&[search]).await.expect_err("nobody to ask"),
        broker.topology().await.expect_err("nobody to ask"),
    ] {
        assert!(error.to_string().contains("management-url"), "{error}");
    }
}

#[tokio::test]
async fn a_line_cut_in_the_middle_of_a_scan_leaves_what_was_read() {
    let stage = Stage::new("broken-scan").await;
    let body = vec![b'x'; 100_000];
    for id in 0..200 {
        let event = super::stage::event(id);
        stage
            .publisher
            .publish("products", "product.created", event, &body)
            .await;
    }
    let proxy = Proxy::to(stage.vhost.address()).await;
    let mut target = stage.target(Access::ReadOnly);
    target.url = stage.vhost.url_at(proxy.port());
    let broker = open(&target).await.expect("it opens");
    let mut all = Yield::default();
    let mut stream = broker.scan(query(CopyRole::Destination, "audit"));
    // A good half of the stream.
    proxy.cut_once_answered(12_000_000);
    until(&mut stream, &mut all, |all| all.error.is_some()).await;
    let n = all.seen.len();
    assert!(n > 0 && n < 200, "{n} of 200");
    let gap = all.coverage().gaps.last().expect("a gap");
    assert!(matches!(&gap.reason, GapReason::Failed(_)), "{gap:?}");
    assert!(!all.coverage().proves_absence_at(gap.window.to.plus(-1)));

    let direct = stage.open(Access::ReadOnly).await;
    let rest = CopyQuery {
        after: all.resume.clone(),
        ..query(CopyRole::Destination, "audit")
    };
    let rest = scan(&direct, rest).await;
    assert_eq!(
        n + rest.seen.len(),
        200,
        "the next scan reads the rest and nothing twice"
    );
}

#[tokio::test]
async fn closing_the_source_ends_its_reads() {
    let stage = Stage::new("broken-closed").await;
    let broker = stage.open(Access::ReadOnly).await;
    let mut stream = broker.follow(query(CopyRole::Destination, "audit"));
    let mut all = Yield::default();
    until(&mut stream, &mut all, |all| all.covered.is_some()).await;
    let path = format!("vhosts/{}/connections", stage.vhost.name());
    let n_ours = || {
        let connections = stage.vhost.get(&path);
        let products = connections.as_array().into_iter().flatten();
        products
            .filter(|connection| connection["client_properties"]["product"] == "waybill")
            .count()
    };
    wait_for("our connection to show", LIMIT, async || {
        (n_ours() > 0).then_some(())
    })
    .await;
    broker.close().await;
    let ended = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(LIMIT, ended)
        .await
        .expect("it has ended");
    wait_for("our connection to go", LIMIT, async || {
        (n_ours() == 0).then_some(())
    })
    .await;
}
