//! Inbox rows that are there and not processed.

use expect_test::{Expect, expect};
use waybill_model::{Marks, Strength};

use super::company::*;
use crate::{Lane, OwnResend};

const WAITS: Marks = Marks::empty();

/// Published at 1000 with offset 5, long ago; the inbox says of its rows whether they are processed.
fn published() -> Company {
    let mut shape = shape();
    shape.consumers[0].inbox_tells = true;
    Company::of(shape)
        .row("e", 999, Marks::SENT)
        .copy("e", 1000, 5, Marks::empty())
}

impl Company {
    /// The consumer's inbox row of an event as it is read now.
    fn holds(self, id: &str, at: i64, marks: Marks) -> Self {
        self.see(waybill_model::Observation {
            marks,
            ..seen(INBOX, id, at)
        })
    }
}

fn check(mut company: Company, expected: Expect) {
    expected.assert_eq(&company.verdict("e"));
}

#[test]
fn a_row_that_is_not_processed_was_received_however_far_the_consumer_is() {
    let received = || published().holds("e", 1001, WAITS).covered();
    let lags = || expect!["published / lagging(Unprocessed)"];
    check(received(), lags());
    check(received().committed(1900, Some(6)), lags());
    check(received().committed(1900, Some(2)), lags());
    check(received().committed(1900, None), lags());
    check(published().holds("e", 1001, WAITS | Marks::NO_TIME), lags());
    let mut young = received();
    young.judge(1050);
    expect!["published / in-flight"].assert_eq(&young.told("e"));
}

#[test]
fn what_was_processed_once_was_processed() {
    let done = || expect!["published / processed"];
    check(published().holds("e", 1001, Marks::SENT), done());
    let turned = published().holds("e", 1001, WAITS | Marks::NO_TIME);
    check(turned.holds("e", 1500, Marks::SENT), done());
    let again = published().holds("e", 1001, Marks::SENT);
    check(again.holds("e", 1001, WAITS), done());
}

#[test]
fn a_failed_row_stands_between_dead_letters_and_retries() {
    let failed = || published().holds("e", 1001, Marks::FAILED);
    check(failed(), expect!["published / failed"]);
    // An error beside the time of processing.
    let with_time = published().holds("e", 1001, Marks::SENT | Marks::FAILED);
    check(with_time, expect!["published / failed"]);
    check(
        failed().letter("e", 1010, Marks::RETRY),
        expect!["published / failed"],
    );
    check(
        failed().letter("e", 1010, Marks::empty()),
        expect!["published / dead-lettered"],
    );
    check(
        published()
            .holds("e", 1001, WAITS)
            .letter("e", 1010, Marks::RETRY),
        expect!["published / retrying"],
    );
    // A resend does not make a row better that its consumer goes by.
    let resent = OwnResend {
        at: secs(1800),
        consumer: None,
        coordinate: None,
    };
    check(
        failed().resent("e", resent),
        expect!["published / failed [RESENT]"],
    );
    check(
        failed().holds("e", 1001, WAITS),
        expect!["published / lagging(Unprocessed)"],
    );
}

#[test]
fn what_a_row_said_counts_only_as_long_as_its_table_can_be_read() {
    let unread = || expect!["published / unknown(SourceFailed)"];
    check(published().holds("e", 1001, WAITS).failed(INBOX), unread());
    check(
        published().holds("e", 1001, Marks::FAILED).failed(INBOX),
        unread(),
    );
    let done = published().holds("e", 1001, Marks::SENT).failed(INBOX);
    check(done, expect!["published / processed"]);
}

#[test]
fn of_a_row_that_is_gone_nobody_can_say_what_became() {
    let mut company = published().holds("e", 1001, Marks::FAILED);
    company.judge(2001);
    assert_eq!(company.index.unprocessed(SEARCH), [company.no("e")]);
    company.index.inbox_row_gone(company.no("e"), SEARCH);
    let gone = company.committed(1900, Some(6)).covered();
    check(gone, expect!["published / unknown(InboxCleaned)"]);
    let mut back = published().holds("e", 1001, WAITS);
    back.index.inbox_row_gone(back.no("e"), SEARCH);
    let back = back.holds("e", 1002, Marks::SENT);
    assert_eq!(back.index.unprocessed(SEARCH), []);
    check(back, expect!["published / processed"]);
}

#[test]
fn a_row_shows_that_the_event_was_published_and_nothing_on_its_lane() {
    let mut shape = shape();
    shape.consumers[0].inbox_tells = true;
    let mut unseen = Company::of(shape)
        .row("e", 999, Marks::empty())
        .holds("e", 1001, WAITS);
    expect!["published / lagging(Unprocessed)"].assert_eq(&unseen.verdict("e"));
    let on_lane = |company: &Company| company.index.lane(Lane::Consumer(SEARCH)).len();
    let strengths = |company: &Company| {
        let facts = company.index.facts(company.no("e")).into_iter();
        let inbox = facts.filter(|seen| seen.place == INBOX);
        inbox.map(|seen| seen.strength).collect::<Vec<_>>()
    };
    assert_eq!(on_lane(&unseen), 0);
    assert_eq!(strengths(&unseen), [Strength::Circumstantial]);
    let mut done = unseen.holds("e", 1003, Marks::SENT);
    done.judge(2001);
    assert_eq!(on_lane(&done), 1);
    assert_eq!(strengths(&done), [Strength::Proof], "it is the same row");
}

#[test]
fn sentences_say_that_it_was_received() {
    let mut company = published()
        .holds("e", 1001, WAITS)
        .row("f", 999, Marks::SENT)
        .copy("f", 1000, 6, Marks::empty())
        .holds("f", 1001, Marks::FAILED)
        .row("g", 999, Marks::SENT)
        .copy("g", 1000, 7, Marks::empty())
        .holds("g", 1001, WAITS);
    company.index.inbox_row_gone(company.no("g"), SEARCH);
    company.judge(2001);
    let told = ["e", "f", "g"].map(|id| {
        let told = company.index.sentence(company.no(id));
        told.split_once("later. ")
            .map_or_else(String::new, |(_, rest)| rest.to_owned())
    });
    expect![[r#"
        search has received it, and its inbox says that it is not processed yet.
        search received it and failed on it, as its inbox row says; sent again under the same id it may be skipped because of that row.
        Nobody can say whether search processed it: its inbox held it unprocessed and does not hold it any more."#]].assert_eq(&told.join("\n"));
}
