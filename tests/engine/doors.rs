//! Bytes in, bytes out: the two doors, profiles through them, and a connection test.

use waybill_protocol::wire::{decode_outcome, encode_request};
use waybill_protocol::{
    Call, CheckProfile, Code, DeleteProfile, Failure, GetProfile, GetStatus, Hello, Open,
    OpenTarget, Probe, ProbeSteps, SaveProfile, Send,
};
use waybill_tests::wait::wait_for;

use crate::company::{Company, LIMIT, order};

async fn ask<C: Call>(company: &Company, call: &C) -> Result<C::Reply, Failure> {
    decode_outcome::<C>(&company.core.ask(&encode_request(call)).await)
}

async fn act<C: Call>(company: &Company, call: &C) -> Result<C::Reply, Failure> {
    decode_outcome::<C>(&company.core.act(&encode_request(call)).await)
}

#[tokio::test]
async fn orders_are_refused_at_the_door_for_questions_and_the_other_way_round() {
    let company = Company::new("resend");
    let send: Send = order(waybill_model::ResendId(uuid::Uuid::nil()));
    let refused = ask(&company, &send).await.expect_err("it is an order");
    assert_eq!(refused.message, "'send' is nothing that can be asked.");
    let refused = act(&company, &Hello {})
        .await
        .expect_err("it is a question");
    assert_eq!(refused.message, "'hello' is nothing that can be ordered.");
    let not_open = ask(&company, &GetStatus {})
        .await
        .expect_err("nothing is open");
    assert_eq!(not_open.code, Code::NotOpen);
    let bytes = company.core.ask(b"{").await;
    let malformed = decode_outcome::<Hello>(&bytes).expect_err("it is no request");
    assert_eq!(malformed.code, Code::Internal);
}

#[tokio::test]
async fn a_profile_is_saved_listed_opened_and_removed() {
    let company = Company::new("read-only");
    let toys = GetProfile {
        name: "toys".to_owned(),
    };
    let text = ask(&company, &toys).await.expect("it is there").toml;
    let save = SaveProfile {
        toml: text.replace("name = \"toys\"", "name = \"more-toys\""),
        secrets: vec![("more".to_owned(), "hunter2".to_owned())],
    };
    act(&company, &save).await.expect("it is fine");
    let welcome = ask(&company, &Hello {}).await.expect("the core is there");
    let names: Vec<_> = welcome
        .profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    assert_eq!(names, ["more-toys", "toys"]);
    assert_eq!(welcome.profiles[0].subtitle, "outbox → product-events");
    let open = Open {
        target: OpenTarget::Profile("more-toys".to_owned()),
    };
    let opened = ask(&company, &open).await.expect("it opens");
    assert_eq!(
        (opened.consumers.as_slice(), opened.lanes.len()),
        (&["search".to_owned()][..], 5)
    );
    let delete = DeleteProfile {
        name: "more-toys".to_owned(),
    };
    act(&company, &delete).await.expect("it is removed");
    let gone = ask(
        &company,
        &Open {
            target: OpenTarget::Profile("toy".to_owned()),
        },
    )
    .await;
    let gone = gone.expect_err("there is none");
    assert!(gone.message.contains("did you mean 'toys'"), "{gone:?}");
}

#[tokio::test]
async fn a_wrong_profile_is_not_saved_and_says_where() {
    let company = Company::new("read-only");
    let toys = GetProfile {
        name: "toys".to_owned(),
    };
    let text = ask(&company, &toys).await.expect("it is there").toml;
    let wrong = text.replace("sent-at", "send-at");
    let problems = ask(
        &company,
        &CheckProfile {
            toml: wrong.clone(),
        },
    )
    .await
    .expect("it is checked");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].suggestion, "Did you mean 'sent-at'?");
    let line = wrong
        .lines()
        .position(|line| line.starts_with("send-at"))
        .expect("it is there")
        + 1;
    assert_eq!(problems[0].line as usize, line);
    let save = SaveProfile {
        toml: wrong,
        secrets: Vec::new(),
    };
    let refused = act(&company, &save).await.expect_err("it is wrong");
    assert_eq!(refused.code, Code::BadProfile);
}

#[tokio::test]
async fn a_connection_test_uses_what_was_typed_and_tells_no_password() {
    let company = Company::new("read-only");
    let toys = GetProfile {
        name: "toys".to_owned(),
    };
    let text = ask(&company, &toys).await.expect("it is there").toml;
    let probe = Probe {
        toml: text.replace(
            "url = \"memory://toys\"",
            "url = \"memory://toys\"\nsecret = \"toys-db\"",
        ),
        secrets: vec![("toys-db".to_owned(), "hunter2".to_owned())],
    };
    let no = ask(&company, &probe).await.expect("it begins");
    let probed = wait_for("the test", LIMIT, async || {
        let probed = ask(&company, &ProbeSteps { probe: no })
            .await
            .expect("it is known");
        probed.done.then_some(probed)
    })
    .await;
    let mut steps: Vec<_> = probed
        .steps
        .iter()
        .map(|(name, step)| format!("{name}: {:?}", step.outcome))
        .collect();
    steps.sort();
    assert_eq!(
        steps,
        [
            "broker: Fine(\"without a password\")",
            "database: Fine(\"with a password\")"
        ]
    );
}
