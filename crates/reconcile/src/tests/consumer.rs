//! Consumer verdicts and their precedence.

use expect_test::{Expect, expect};
use waybill_model::{GapReason, Marks};

use super::company::*;
use crate::{ConsumerShape, OwnResend, ProgressKind, QueueProgress, Shape};

fn check(mut company: Company, expected: Expect) {
    expected.assert_eq(&company.verdict("e"));
}

/// Published at 1000 with offset 5, long ago.
fn published() -> Company {
    Company::new()
        .row("e", 999, Marks::SENT)
        .copy("e", 1000, 5, Marks::empty())
}

fn with_consumer(edit: impl Fn(&mut ConsumerShape)) -> Company {
    let mut shape: Shape = shape();
    edit(&mut shape.consumers[0]);
    Company::of(shape)
        .row("e", 999, Marks::SENT)
        .copy("e", 1000, 5, Marks::empty())
}

fn queue(ready: u64, consumers: u32) -> QueueProgress {
    QueueProgress {
        ready,
        unacked: 0,
        consumers,
        bound: true,
        may_drop: false,
    }
}

#[test]
fn passed_and_absent_from_the_inbox_is_lost_only_where_everything_was_read() {
    let passed = || published().committed(1900, Some(6));
    check(passed().covered(), expect!["published / lost-by-consumer"]);
    check(
        passed().covered_but(INBOX),
        expect!["published / unknown(NotCovered)"],
    );
    check(
        passed().covered_but(LETTERS),
        expect!["published / unknown(NotCovered)"],
    );
    check(
        passed().covered_but(INBOX).failed(INBOX),
        expect!["published / unknown(SourceFailed)"],
    );
    check(
        passed()
            .covered_but(INBOX)
            .gap(INBOX, 1050, 1060, GapReason::OpenTransactions),
        expect!["published / unknown(OpenTransactions)"],
    );
    check(
        passed().covered_but(INBOX).cover(INBOX, 1010, 2100),
        expect!["published / unknown(NotCovered)"],
    );
}

#[test]
fn an_inbox_row_outweighs_everything() {
    let processed = |company: Company| company.inbox("e", 1003).covered();
    check(processed(published()), expect!["published / processed"]);
    check(
        processed(published().committed(1900, Some(6))),
        expect!["published / processed"],
    );
    check(
        processed(published().letter("e", 1900, Marks::empty())),
        expect!["published / processed"],
    );
    check(
        processed(published()).failed(INBOX),
        expect!["published / processed"],
    );
}

#[test]
fn a_look_younger_than_the_inbox_proves_nothing_unless_a_later_copy_was_processed() {
    // The inbox is known up to 1500 only; the group was looked at at 1900.
    let early = |company: Company| company.covered_but(INBOX).cover(INBOX, 0, 1500);
    let passed = || published().committed(1900, Some(9));
    check(early(passed()), expect!["published / unknown(NotCovered)"]);
    let later = |at| {
        passed()
            .copy("later", 1001, 6, Marks::empty())
            .inbox("later", at)
    };
    check(early(later(1002)), expect!["published / lost-by-consumer"]);
    check(
        early(later(1600)),
        expect!["published / unknown(NotCovered)"],
    );
    let earlier = passed()
        .copy("earlier", 998, 4, Marks::empty())
        .inbox("earlier", 999);
    check(early(earlier), expect!["published / unknown(NotCovered)"]);
}

#[test]
fn what_is_not_passed_is_on_its_way_then_lagging() {
    let young = Company::new()
        .row("e", 1949, Marks::SENT)
        .copy("e", 1950, 5, Marks::empty());
    check(
        young.committed(1990, Some(5)).covered(),
        expect!["published / in-flight"],
    );
    let waiting = || published().covered();
    check(
        waiting().committed(1990, Some(5)),
        expect!["published / lagging(Behind)"],
    );
    check(
        waiting().committed(1980, Some(3)).committed(1990, Some(5)),
        expect!["published / lagging(Behind)"],
    );
    check(
        waiting().committed(1980, Some(5)).committed(1990, Some(5)),
        expect!["published / lagging(Stalled)"],
    );
    // It never committed, and left no trace: it has never consumed. With one nobody knows.
    check(
        published().silent().committed(1990, None),
        expect!["published / lagging(NeverConsumed)"],
    );
    check(
        waiting().committed(1990, None).inbox("other", 1500),
        expect!["published / unknown(NoCommittedOffset)"],
    );
    check(waiting(), expect!["published / unknown(NotCovered)"]);
    check(
        waiting().failed(GROUP),
        expect!["published / unknown(SourceFailed)"],
    );
}

#[test]
fn passed_and_young_may_still_be_written_to_the_inbox() {
    let young = Company::new()
        .row("e", 1949, Marks::SENT)
        .copy("e", 1950, 5, Marks::empty());
    check(
        young.committed(1990, Some(6)).covered(),
        expect!["published / in-flight"],
    );
}

#[test]
fn without_an_inbox_passing_is_all_that_can_be_said() {
    let blind = || with_consumer(|consumer| consumer.inbox = false).covered();
    check(
        blind().committed(1900, Some(6)),
        expect!["published / passed"],
    );
    check(
        blind().committed(1900, Some(5)),
        expect!["published / lagging(Behind)"],
    );
    check(
        with_consumer(|c| (c.inbox, c.progress) = (false, ProgressKind::None)).covered(),
        expect!["published / unknown(NoProbe)"],
    );
    let inbox_only = || with_consumer(|consumer| consumer.progress = ProgressKind::None);
    check(
        inbox_only().covered(),
        expect!["published / lagging(Behind)"],
    );
    check(
        inbox_only().covered_but(INBOX),
        expect!["published / unknown(NotCovered)"],
    );
    check(
        inbox_only().inbox("e", 1001),
        expect!["published / processed"],
    );
}

#[test]
fn dead_letters_and_retries() {
    let failed = |marks| {
        published()
            .letter("e", 1005, marks)
            .committed(1900, Some(6))
            .covered()
    };
    check(failed(Marks::empty()), expect!["published / dead-lettered"]);
    check(failed(Marks::RETRY), expect!["published / retrying"]);
    check(
        failed(Marks::RETRY).letter("e", 1009, Marks::empty()),
        expect!["published / dead-lettered"],
    );
}

#[test]
fn a_queue_has_been_left_when_it_was_seen_empty() {
    let queued = || with_consumer(|consumer| consumer.progress = ProgressKind::Queue).covered();
    check(
        queued().queue(1500, queue(0, 1)),
        expect!["published / lost-by-consumer"],
    );
    check(
        queued().queue(1500, queue(0, 1)).inbox("e", 1002),
        expect!["published / processed"],
    );
    check(
        queued().queue(1500, queue(3, 1)),
        expect!["published / lagging(Behind)"],
    );
    check(
        queued().queue(1500, queue(3, 0)),
        expect!["published / lagging(NoConsumers)"],
    );
    check(
        queued().queue(1400, queue(3, 1)).queue(1500, queue(3, 1)),
        expect!["published / lagging(Stalled)"],
    );
    check(
        queued().queue(900, queue(0, 1)),
        expect!["published / lagging(Behind)"],
    );
    check(queued(), expect!["published / unknown(NotCovered)"]);
}

#[test]
fn a_queue_that_may_drop_or_is_not_bound_is_told_apart() {
    let blind =
        || with_consumer(|c| (c.inbox, c.progress) = (false, ProgressKind::Queue)).covered();
    let may_drop = QueueProgress {
        may_drop: true,
        ..queue(0, 1)
    };
    let unbound = QueueProgress {
        bound: false,
        ..queue(0, 1)
    };
    check(
        blind().queue(1500, queue(0, 1)),
        expect!["published / passed"],
    );
    check(
        blind().queue(1500, may_drop),
        expect!["published / unknown(QueueMayDrop)"],
    );
    check(
        blind().queue(1500, unbound),
        expect!["published / not-routed"],
    );
    // It might have dropped the message while that was waiting, and not since.
    let waiting = QueueProgress {
        ready: 3,
        ..may_drop
    };
    check(
        blind().queue(1400, waiting).queue(1500, queue(0, 1)),
        expect!["published / unknown(QueueMayDrop)"],
    );
    check(
        blind().queue(1500, queue(0, 1)).queue(1600, may_drop),
        expect!["published / passed"],
    );
}

#[test]
fn a_consumer_of_another_destination_is_not_due() {
    let elsewhere = with_consumer(|consumer| consumer.destination = Some(LETTERS));
    check(
        elsewhere.committed(1900, Some(6)).covered(),
        expect!["published / not-due"],
    );
}

#[test]
fn a_resend_starts_the_clock_anew() {
    let lost = || published().committed(1900, Some(6)).covered();
    let resend = |at, offset| OwnResend {
        at: secs(at),
        consumer: None,
        coordinate: Some((TOPIC, 0, offset)),
    };
    check(lost(), expect!["published / lost-by-consumer"]);
    check(
        lost().resent("e", resend(1990, 8)),
        expect!["published / in-flight [RESENT]"],
    );
    check(
        lost()
            .resent("e", resend(1990, 8))
            .copy("e", 1990, 8, Marks::OWN_RESEND)
            .inbox("e", 1991),
        expect!["published / processed [RESENT]"],
    );
    // Resent long ago and passed again, still not processed.
    let in_vain = lost().resent("e", resend(1500, 8)).committed(1950, Some(9));
    check(in_vain, expect!["published / lost-by-consumer [RESENT]"]);
    // Resent long ago and not reached yet.
    check(
        lost()
            .copy("e", 1500, 8, Marks::OWN_RESEND)
            .committed(1950, Some(7)),
        expect!["published / lagging(Behind) [RESENT]"],
    );
}

#[test]
fn a_resend_does_not_hide_that_the_original_may_have_been_processed_unseen() {
    // The inbox is known from 1200 on only; a consumer that processed the original at 1003
    // ignores the resend.
    let resent = published()
        .copy("e", 1500, 8, Marks::OWN_RESEND)
        .committed(1900, Some(9));
    check(
        resent.covered_but(INBOX).cover(INBOX, 1200, 2100),
        expect!["published / unknown(NotCovered) [RESENT]"],
    );
}

#[test]
fn a_resend_makes_older_dead_letters_history() {
    let dead = || {
        published()
            .letter("e", 1005, Marks::empty())
            .committed(1900, Some(6))
            .covered()
    };
    let again = OwnResend {
        at: secs(1990),
        consumer: Some(SEARCH),
        coordinate: None,
    };
    check(
        dead().resent("e", again.clone()),
        expect!["published / in-flight [RESENT]"],
    );
    check(
        dead().resent("e", again).letter("e", 1995, Marks::empty()),
        expect!["published / dead-lettered [RESENT]"],
    );
}

#[test]
fn a_confirmed_resend_counts_as_published_before_it_is_seen() {
    let resend = OwnResend {
        at: secs(1990),
        consumer: None,
        coordinate: Some((TOPIC, 0, 8)),
    };
    let stuck = Company::new().row("e", 1000, Marks::empty()).covered();
    check(
        stuck.resent("e", resend.clone()),
        expect!["published / in-flight [RESENT]"],
    );
    // The journal may be read before the event is.
    let unseen = Company::new()
        .resent("e", resend)
        .row("e", 1000, Marks::empty())
        .covered();
    check(unseen, expect!["published / in-flight [RESENT]"]);
}

/// A copy in some partition.
fn copy_in(partition: u32, offset: i64, id: &str, at: i64) -> waybill_model::Observation {
    waybill_model::Observation {
        partition,
        position: offset,
        key: String::new(),
        ..seen(TOPIC, id, at)
    }
}

#[test]
fn what_still_lies_before_a_group_in_another_partition_is_not_lost() {
    let twice = |at| {
        published()
            .see(copy_in(1, 3, "e", at))
            .committed_in(0, 1900, Some(6))
            .covered()
    };
    // Whether the copy that is still waiting is the older one, as old, or the younger one.
    for at in [999, 1000, 1010] {
        check(
            twice(at).committed_in(1, 1900, Some(3)),
            expect!["published / lagging(Behind) [DUPLICATE]"],
        );
        check(
            twice(at).committed_in(1, 1900, Some(4)),
            expect!["published / lost-by-consumer [DUPLICATE]"],
        );
        check(
            twice(at),
            expect!["published / unknown(NotCovered) [DUPLICATE]"],
        );
    }
}

#[test]
fn a_group_that_cannot_be_looked_at_again_is_not_called_behind() {
    let waiting = || published().covered().committed(1990, Some(5));
    check(waiting(), expect!["published / lagging(Behind)"]);
    check(
        waiting().failed(GROUP),
        expect!["published / unknown(SourceFailed)"],
    );
    // What it has passed it has passed.
    check(
        published().covered().committed(1990, Some(6)).failed(GROUP),
        expect!["published / lost-by-consumer"],
    );
}

#[test]
fn standing_still_before_the_event_came_is_no_stall() {
    let idle = || published().covered().committed(900, Some(5));
    check(
        idle().committed(950, Some(5)),
        expect!["published / lagging(Behind)"],
    );
    check(
        idle().committed(1010, Some(5)),
        expect!["published / lagging(Stalled)"],
    );
    let queued = || with_consumer(|consumer| consumer.progress = ProgressKind::Queue).covered();
    check(
        queued().queue(900, queue(3, 1)).queue(950, queue(3, 1)),
        expect!["published / lagging(Behind)"],
    );
}

#[test]
fn a_queue_got_what_was_published_while_something_led_to_it() {
    let queued = || with_consumer(|consumer| consumer.progress = ProgressKind::Queue).covered();
    let unbound = QueueProgress {
        bound: false,
        ..queue(0, 1)
    };
    check(
        queued().queue(1500, queue(0, 1)).queue(1900, unbound),
        expect!["published / lost-by-consumer"],
    );
    check(
        queued().queue(900, queue(0, 1)).queue(1900, unbound),
        expect!["published / not-routed"],
    );
    check(
        queued().queue(1500, unbound).queue(1900, queue(0, 1)),
        expect!["published / not-routed"],
    );
}

#[test]
fn an_older_look_that_is_told_late_is_looked_at_again() {
    let blind = with_consumer(|c| (c.inbox, c.progress) = (false, ProgressKind::Queue)).covered();
    let mut company = blind.queue(1500, queue(0, 1));
    company.judge(2001);
    assert_eq!(company.told("e"), "published / passed");
    let unbound = QueueProgress {
        bound: false,
        ..queue(0, 1)
    };
    check(
        company.queue(1100, unbound),
        expect!["published / not-routed"],
    );
}

#[test]
fn looks_at_a_queue_count_in_any_order() {
    let queued = || with_consumer(|consumer| consumer.progress = ProgressKind::Queue).covered();
    for (one, other) in [(1400, 1500), (1500, 1400)] {
        check(
            queued().queue(one, queue(3, 1)).queue(other, queue(3, 1)),
            expect!["published / lagging(Stalled)"],
        );
    }
}

#[test]
fn an_event_that_may_have_been_processed_from_elsewhere_overtakes_nothing() {
    let early = |company: Company| {
        company
            .committed(1900, Some(9))
            .covered_but(INBOX)
            .cover(INBOX, 0, 1500)
    };
    let later = || {
        published()
            .see(copy_in(0, 6, "later", 1001))
            .inbox("later", 1002)
    };
    check(early(later()), expect!["published / lost-by-consumer"]);
    check(
        early(later().see(copy_in(0, 3, "later", 1001))),
        expect!["published / unknown(NotCovered)"],
    );
    check(
        early(later().see(copy_in(1, 8, "later", 1001))),
        expect!["published / unknown(NotCovered)"],
    );
    let judged = || {
        let mut company = early(later());
        company.judge(2001);
        company
    };
    check(
        judged().see(copy_in(0, 3, "later", 1001)),
        expect!["published / unknown(NotCovered)"],
    );
}

#[test]
fn a_copy_without_a_time_may_have_been_processed_ever_since_its_row_was_written() {
    let timeless = |company: Company| {
        company
            .copy("e", 1000, 5, Marks::NO_TIME)
            .committed(1900, Some(6))
            .covered()
    };
    check(
        timeless(Company::new().row("e", 900, Marks::SENT)),
        expect!["published / lost-by-consumer"],
    );
    check(
        timeless(Company::new()),
        expect!["unknown(NotCovered) / unknown(NotCovered)"],
    );
}

#[test]
fn what_another_consumer_had_may_have_been_there_long_before() {
    // Nobody saw a copy; storefront's dead letter of it lies at 1500, the inbox of search is known
    // from 1400 on.
    let mut shape = shape();
    shape.consumers[0].progress = ProgressKind::Queue;
    let mut other = shape.consumers[0].clone();
    "storefront".clone_into(&mut other.name);
    shape.consumers.push(other);
    let place = shape.places.iter().find(|place| place.id == LETTERS);
    let mut letters = place.expect("it is one of them").clone();
    letters.id = waybill_model::PlaceId(9);
    letters.role = waybill_model::PlaceRole::DeadLetters(waybill_model::ConsumerNo(1));
    let id = letters.id;
    shape.places.push(letters);
    let company = Company::of(shape)
        .row("e", 1000, Marks::SENT)
        .see(seen(id, "e", 1500))
        .queue(1900, queue(0, 1))
        .covered_but(INBOX);
    check(
        company.cover(INBOX, 1400, 2100),
        expect!["published / unknown(NotCovered) / dead-lettered"],
    );
}

/// Passed, and a later copy was processed at 1002.
fn overtaken() -> Company {
    published()
        .neighbour()
        .committed(1900, Some(9))
        .copy("later", 1001, 6, Marks::empty())
        .inbox("later", 1002)
}

#[test]
fn what_begins_after_the_grace_is_late_whatever_its_row_says() {
    // Overtaken at 1002 and late from 1100 on: a row from before 1098 has been seen, and one that
    // says 1099 could only come from a transaction that began later.
    let company = |inbox_until| {
        overtaken()
            .cover(INBOX, 0, inbox_until)
            .cover(LETTERS, 0, 2100)
    };
    check(company(1098), expect!["published / lost-by-consumer"]);
    check(company(1097), expect!["published / unknown(NotCovered)"]);
}

#[test]
fn an_inbox_known_for_longer_does_not_ask_more_of_the_dead_letters() {
    // Overtaken at 1002; dead letters are known up to 1400.
    let company = |inbox_until| {
        overtaken()
            .cover(INBOX, 0, inbox_until)
            .cover(LETTERS, 0, 1400)
    };
    check(company(1300), expect!["published / lost-by-consumer"]);
    check(company(1800), expect!["published / lost-by-consumer"]);
    check(company(2100), expect!["published / lost-by-consumer"]);
}
