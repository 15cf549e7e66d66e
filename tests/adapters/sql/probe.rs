//! The connection test says what works, and stops at what does not.

use futures::StreamExt as _;
use waybill_source::{ProbeOutcome, Secret, Target};

use super::base::{Base, Product};

/// Each step as `what: outcome`, without what differs from run to run.
async fn steps(base: &Base, target: &Target) -> Vec<String> {
    let steps = base.driver().probe(target).collect::<Vec<_>>().await;
    let shown = steps.into_iter().map(|step| match step.outcome {
        ProbeOutcome::Fine(_) => format!("{}: fine", step.what),
        ProbeOutcome::Warn(text) => format!("{}: warning: {text}", step.what),
        ProbeOutcome::Failed(text) => format!("{}: failed: {text}", step.what),
    });
    shown
        .map(|text| without_port(&text.replace(&base.name, "shop")))
        .collect()
}

fn without_port(text: &str) -> String {
    let Some((before, after)) = text.split_once("127.0.0.1:") else {
        return text.to_owned();
    };
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    let port = if rest == after { "" } else { "PORT" };
    format!("{before}127.0.0.1:{port}{}", without_port(rest))
}

#[tokio::test]
async fn every_step_of_a_user_who_may_read() {
    for product in [Product::Postgres, Product::MariaDb] {
        let base = Base::new(product, "probe").await;
        base.plain_table("outbox").await;
        let target = base.user("waybill_probe").await;
        let refused = steps(&base, &target).await;
        if product == Product::Postgres {
            let last = refused.last().map(String::as_str);
            let expected = "Check the rights: failed: user 'waybill_probe' can read no table; \
                grant SELECT on the outbox and inbox tables";
            assert_eq!(last, Some(expected), "{refused:?}");
            base.execute("GRANT SELECT ON outbox TO waybill_probe")
                .await;
        } else {
            base.execute(&format!("GRANT SELECT ON {}.* TO waybill_probe", base.name))
                .await;
        }
        let rights = match product {
            Product::Postgres => {
                "Check the rights: warning: 1 tables can be read; transactions of other users are \
                 hidden; with GRANT pg_read_all_stats an open one holds back less"
            }
            _ => {
                "Check the rights: warning: 1 tables can be read; open transactions are hidden; \
                 with GRANT PROCESS late rows are found exactly instead of by waiting"
            }
        };
        assert_eq!(
            steps(&base, &target).await,
            [
                "Look up 127.0.0.1: fine",
                "Connect to 127.0.0.1:PORT: fine",
                "Log in as waybill_probe to shop: fine",
                "Check that the session cannot write: fine",
                rights,
            ]
        );
        let drop = match product {
            Product::Postgres => "DROP OWNED BY waybill_probe; DROP ROLE waybill_probe",
            _ => "DROP USER waybill_probe",
        };
        base.execute(drop).await;
    }
}

#[tokio::test]
async fn a_user_who_may_write_is_warned() {
    for product in [Product::Postgres, Product::MariaDb] {
        let base = Base::new(product, "probe_admin").await;
        base.plain_table("outbox").await;
        let steps = steps(&base, &base.target()).await;
        // MariaDB says from where the user may come, too.
        assert!(
            steps[3].starts_with(
                "Check that the session cannot write: warning: the session is read-only, but user \
                 'waybill"
            ) && steps[3].ends_with("' may write; a user with SELECT only is safer"),
            "{steps:?}"
        );
        assert_eq!(steps.len(), 5, "{steps:?}");
    }
}

#[tokio::test]
async fn the_test_stops_where_it_fails() {
    let base = Base::new(Product::Postgres, "probe_stop").await;
    let mut target = base.target();
    target.secret = Some(Secret::new("wrong"));
    let stopped = steps(&base, &target).await;
    assert_eq!(stopped.len(), 3, "{stopped:?}");
    assert!(
        stopped[2].starts_with("Log in as waybill to shop: failed: 127.0.0.1:PORT refused user")
    );
    assert!(
        stopped[2].ends_with("; check user and password"),
        "{}",
        stopped[2]
    );

    target.url = "postgres://waybill@no-such-host.invalid/shop".to_owned();
    let stopped = steps(&base, &target).await;
    assert_eq!(stopped.len(), 1, "{stopped:?}");
    assert!(
        stopped[0].starts_with("Look up no-such-host.invalid: failed: "),
        "{}",
        stopped[0]
    );

    target.url = "postgres:shop".to_owned();
    let stopped = steps(&base, &target).await;
    assert_eq!(stopped.len(), 1, "{stopped:?}");
    assert!(
        stopped[0].starts_with("Read the address: failed: ")
            && stopped[0].contains("is not an address"),
        "{}",
        stopped[0]
    );
}

#[tokio::test]
async fn a_file_is_looked_into() {
    let base = Base::new(Product::Sqlite, "probe_file").await;
    base.plain_table("outbox").await;
    let target = base.target();
    let steps = steps(&base, &target).await;
    assert_eq!(steps.len(), 4, "{steps:?}");
    assert!(
        steps.iter().all(|step| step.ends_with(": fine")),
        "{steps:?}"
    );
}
