//! Before a profile is saved: its events are read for a trial, rows are read by a mapping.

use waybill_model::{OutboxSettings, Profile, VerdictClass};
use waybill_protocol::wire::{decode_outcome, encode_request};
use waybill_protocol::{
    Call, Code, DropTry, Failure, GetProfile, GetStatus, GetTrying, Hello, MappedState,
    ReadMapping, TryProfile, Trying, TypedSecrets,
};
use waybill_tests::wait::wait_for;

use crate::company::{Company, Fate, LIMIT};

async fn ask<C: Call>(company: &Company, call: &C) -> Result<C::Reply, Failure> {
    decode_outcome::<C>(&company.core.ask(&encode_request(call)).await)
}

async fn text(company: &Company) -> String {
    let name = "toys".to_owned();
    ask(company, &GetProfile { name })
        .await
        .expect("it is there")
        .toml
}

async fn tried(company: &Company, no: u64) -> Trying {
    wait_for("the trial to end", LIMIT, async || {
        let so_far = ask(company, &GetTrying { no }).await.expect("it goes on");
        so_far.done.then_some(so_far)
    })
    .await
}

#[tokio::test]
async fn a_profile_shows_its_events_before_it_is_saved() {
    let company = Company::new("resend");
    use Fate::{Fine, Lost, Stuck};
    company.play(&[Fine, Fine, Stuck, Fine, Lost], 600);
    let toml = text(&company).await.replace("\"toys\"", "\"new-toys\"");
    let secrets = TypedSecrets::default();
    let no = ask(&company, &TryProfile { toml, secrets }).await;
    let no = no.expect("the profile is fine");
    let trial = tried(&company, no).await;
    assert_eq!(
        (trial.failure, trial.total, trial.doing.as_str()),
        (None, 5, "")
    );
    assert_eq!(trial.consumers, ["search"]);
    let told: Vec<(VerdictClass, bool)> = trial
        .events
        .iter()
        .map(|event| (event.row.class, event.sentence.is_empty()))
        .collect();
    let (missing, fine) = (
        (VerdictClass::Missing, false),
        (VerdictClass::Arrived, false),
    );
    assert_eq!(told, [missing, missing, fine, fine, fine]);

    let welcome = ask(&company, &Hello {}).await.expect("the core is there");
    assert_eq!(welcome.profiles.len(), 1, "nothing was saved");
    let not_open = ask(&company, &GetStatus {})
        .await
        .expect_err("nothing is open");
    assert_eq!(not_open.code, Code::NotOpen);
    ask(&company, &DropTry { no })
        .await
        .expect("it may be forgotten");
    let gone = ask(&company, &GetTrying { no })
        .await
        .expect_err("it is forgotten");
    assert_eq!(gone.code, Code::Stale);
}

#[tokio::test]
async fn a_profile_that_is_wrong_is_not_tried() {
    let company = Company::new("read-only");
    let toml = text(&company).await.replace("key = \"id\"", "");
    let secrets = TypedSecrets::default();
    let refused = ask(&company, &TryProfile { toml, secrets }).await;
    let refused = refused.expect_err("an outbox needs its key");
    assert_eq!(refused.code, Code::BadProfile);
    assert!(refused.message.contains("key"), "{}", refused.message);
}

async fn mapped(
    company: &Company,
    change: fn(&mut OutboxSettings),
) -> Result<Vec<(String, Option<i64>, MappedState)>, Failure> {
    let profile: Profile = toml::from_str(&text(company).await).expect("it is one");
    let mut outbox = profile.outbox.expect("it has one");
    change(&mut outbox);
    let asked = ReadMapping {
        database: profile.database,
        secrets: TypedSecrets::default(),
        outbox,
    };
    let rows = ask(company, &asked).await?.into_iter();
    Ok(rows
        .map(|row| (row.aggregate, row.version, row.state))
        .collect())
}

#[tokio::test]
async fn rows_are_read_as_the_mapping_says() {
    let company = Company::new("read-only");
    company.play(&[Fate::Fine, Fate::Stuck], 600);
    let whole = mapped(&company, |_| {}).await.expect("it fits");
    let mut states: Vec<MappedState> = whole.iter().map(|(_, _, state)| *state).collect();
    states.sort_by_key(|state| *state == MappedState::Sent);
    assert_eq!(states, [MappedState::Unsent, MappedState::Sent]);
    assert!(
        whole
            .iter()
            .all(|(about, version, _)| about.starts_with("product/") && version.is_some())
    );

    let less = mapped(&company, |outbox| {
        outbox.version = None;
        outbox.sent_at = None;
    });
    let less = less.await.expect("it fits");
    assert!(
        less.iter()
            .all(|(_, version, state)| version.is_none() && *state == MappedState::Untold)
    );

    let wrong = mapped(&company, |outbox| outbox.id = "evnt_id".to_owned());
    let wrong = wrong.await.expect_err("there is no such column");
    assert!(wrong.message.contains("evnt_id"), "{}", wrong.message);
}
