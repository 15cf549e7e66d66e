//! A process that dies in the middle of a resend, and the next one.

use expect_test::expect;
use waybill_protocol::{Code, GetJournal};
use waybill_source::fake::broker::SendFault;
use waybill_tests::wait::wait_for;

use crate::company::{Company, Fate, LIMIT, named, now, open, order, plan, scan};

/// A core in a runtime of its own sends four events and dies while the third is being sent.
fn dies_while_sending(company: &Company) {
    company
        .broker
        .script_sends([SendFault::None, SendFault::None, SendFault::Hangs]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    runtime.block_on(async {
        let core = company.another_core();
        open(&core).await;
        scan(&core).await;
        let plan = plan(&core, "").await;
        assert_eq!(plan.events.len(), 4);
        core.send(order(plan.id)).await.expect("it begins");
        wait_for("the third send", LIMIT, async || {
            (company.broker.submitted().len() == 3).then_some(())
        })
        .await;
    });
    // Everything in it is dropped where it stands: no outcome is written, no end, no goodbye.
    runtime.shutdown_background();
}

#[test]
fn after_a_crash_nothing_is_sent_twice_and_what_is_left_can_be_sent() {
    let company = Company::new("resend");
    company.play(&[Fate::Lost, Fate::Lost, Fate::Lost, Fate::Lost], 600);
    company.publishes_others();
    dies_while_sending(&company);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    runtime.block_on(async {
        let core = &company.core;
        let run = wait_for("the dead process to be gone", LIMIT, async || {
            open(core).await.unfinished.first().copied()
        })
        .await;
        expect![[r#"
            e0 Sent
            e1 Sent
            e2 Unknown
            e3 Planned
        "#]]
        .assert_eq(&journal(&company).await);

        core.continue_run(run).await.expect("it goes on");
        wait_for("the rest", LIMIT, async || {
            (company.broker.submitted().len() == 4).then_some(())
        })
        .await;
        for parcel in company.broker.submitted() {
            company.inbox_row(&parcel.event, now());
        }
        core.watch_run(run, |_| {}).await.expect("it ends");
        let sent: Vec<_> = company
            .broker
            .submitted()
            .iter()
            .map(|p| named(&p.event))
            .collect();
        assert_eq!(sent, ["e0", "e1", "e2", "e3"], "each was submitted once");
        expect![[r#"
            e0 Sent
            e1 Sent
            e2 Unknown
            e3 Effective
        "#]]
        .assert_eq(&journal(&company).await);
        let over = core.continue_run(run).await.expect_err("nothing is left");
        assert_eq!(over.code, Code::Stale);
        assert!(open(core).await.unfinished.is_empty());
    });
}

async fn journal(company: &Company) -> String {
    let runs = company
        .core
        .journal_runs(GetJournal { limit: 10 })
        .await
        .expect("it can be read");
    let attempts = runs.iter().flat_map(|run| &run.attempts);
    let line = |attempt: &waybill_model::Attempt| {
        let state = format!("{:?}", attempt.state);
        let word = state
            .split([' ', '{'])
            .next()
            .unwrap_or_default()
            .to_owned();
        format!("{} {word}\n", named(&attempt.event))
    };
    attempts.map(line).collect()
}
