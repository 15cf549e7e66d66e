//! The rule as a table: what was seen, and how that ends.

use waybill_model::{
    ConsumerNo, Coverage, Gap, GapReason, Grace, GraceBasis, Place, PlaceId, PlaceRole, Progress,
    Window,
};
use waybill_protocol::{ConsumerCounts, EdgeGrace, Failure, PlaceStatus, ScanState};

use super::*;

const HOUR: i64 = 3_600_000_000;

fn window() -> Window {
    Window {
        from: Micros(0),
        to: Micros(HOUR),
    }
}

fn place(role: PlaceRole, name: &str) -> PlaceStatus {
    PlaceStatus {
        place: Place {
            id: PlaceId(0),
            role,
            source: "broker".to_owned(),
            name: name.to_owned(),
        },
        progress: Progress::default(),
        complete: true,
        covered: 1.0,
        gaps: Vec::new(),
        window: Some(window()),
        failure: None,
        basis: None,
        matched: String::new(),
        accounts: None,
    }
}

/// A place that misses a stretch of the hour.
fn missing(role: PlaceRole, name: &str, from: i64, to: i64, reason: GapReason) -> PlaceStatus {
    let missed = Window {
        from: Micros(from),
        to: Micros(to),
    };
    let coverage = Coverage {
        place: PlaceId(0),
        partition: None,
        window: window(),
        positions: None,
        gaps: vec![Gap {
            window: missed,
            reason,
        }],
    };
    PlaceStatus {
        covered: coverage.share_of(window()) as f32,
        gaps: coverage.gaps,
        ..place(role, name)
    }
}

/// An outbox and a topic that were read as a whole, ten minutes of grace, and one consumer.
fn status() -> Status {
    Status {
        generation: 1,
        scan: ScanState::Done { took_micros: 1 },
        window: window(),
        places: vec![
            place(PlaceRole::Outbox, "outbox"),
            place(PlaceRole::Destination, "orders"),
        ],
        counts: Counts::default(),
        consumers: vec![ConsumerCounts {
            consumer: ConsumerNo(0),
            name: "search".to_owned(),
            processed: 0,
            passed: 0,
            lost: 0,
            dead_lettered: 0,
            late: 0,
            standing: 0,
            in_flight: 0,
            unknown: 0,
            lag: None,
        }],
        silent: Vec::new(),
        groups: Vec::new(),
        oldest_unsent: None,
        relay_p99_micros: None,
        graces: vec![EdgeGrace {
            consumer: None,
            grace: Grace {
                micros: HOUR / 6,
                basis: GraceBasis::Set,
            },
            sentence: String::new(),
        }],
        clocks: Vec::new(),
        run: None,
        copies: 0,
        oddities: 0,
        seen_until: None,
        now: Micros(HOUR),
    }
}

fn counts(of: &[(VerdictClass, u64)]) -> Counts {
    let mut counts = Counts::default();
    for (class, n) in of {
        counts.by_class[*class as usize] = *n;
        counts.total += n;
    }
    counts
}

/// How it ends with these places beside the two, and these events.
fn check(
    places: Vec<PlaceStatus>,
    of: &[(VerdictClass, u64)],
    wrong: u64,
    waiting: &[Waiting],
    exit: Exit,
    because: &str,
) {
    let mut status = status();
    status.places.extend(places);
    let counts = counts(of);
    let ending = Ending::of(&Seen {
        status: &status,
        counts: &counts,
        wrong,
        waiting,
        suspected: false,
    });
    assert_eq!((ending.exit, ending.because().as_str()), (exit, because));
}

use VerdictClass::{Arrived, Late, Missing, Pending, Unknown};

#[test]
fn it_is_fine_only_where_all_was_read_and_nothing_waits_in_vain() {
    let fine = |of: &[(VerdictClass, u64)], because| {
        check(Vec::new(), of, 0, &[], Exit::Fine, because);
    };
    fine(&[(Arrived, 30)], "Nothing is missing.");
    fine(
        &[(Arrived, 30), (Pending, 2)],
        "Nothing is missing; 2 events are on their way and not late.",
    );
    fine(&[], "Nothing was written in this window.");
    fine(
        &[(Arrived, 30), (Late, 1)],
        "Nothing is lost as far as known, but 1 event is late.",
    );
}

#[test]
fn what_is_certainly_wrong_outranks_what_cannot_be_known() {
    check(
        vec![missing(
            PlaceRole::Destination,
            "news",
            0,
            HOUR,
            GapReason::TapClosed,
        )],
        &[(Missing, 2), (Unknown, 3)],
        2,
        &[],
        Exit::Findings,
        "2 events are not where they should be.",
    );
    // Nobody wants to fail on it: what cannot be known is left.
    check(
        Vec::new(),
        &[(Missing, 2), (Unknown, 3)],
        0,
        &[],
        Exit::Unknown,
        "Of 3 events nobody can say what became of them.",
    );
}

#[test]
fn a_consumer_that_does_nothing_while_events_wait_is_wrong() {
    let waiting = |why| Waiting {
        consumer: "search".to_owned(),
        why,
        events: 3,
        since: Micros(0),
    };
    for (why, does) in [
        (LagReason::NoConsumers, "nobody is attached for search"),
        (LagReason::NeverConsumed, "search has never consumed"),
        (LagReason::Stalled, "search stands still"),
        (
            LagReason::Behind,
            "search has finished nothing of this window",
        ),
    ] {
        check(
            Vec::new(),
            &[(Arrived, 30), (Late, 3)],
            0,
            &[waiting(why)],
            Exit::Findings,
            &format!("3 events wait since 1970-01-01T00:00:00.000Z: {does}."),
        );
    }
}

#[test]
fn a_place_that_was_not_read_leaves_nobody_sure() {
    let unread = |name, reason| missing(PlaceRole::Destination, name, 0, HOUR, reason);
    // No event at all, and nothing was listening: that is no answer.
    check(
        vec![unread("shipments", GapReason::TapClosed)],
        &[],
        0,
        &[],
        Exit::Unknown,
        "shipments was not read without a gap: nothing was listening then. Give the exchange an \
         audit stream, or leave Waybill following it.",
    );
    check(
        vec![missing(
            PlaceRole::Inbox(ConsumerNo(0)),
            "inbox",
            7,
            9,
            GapReason::Retention,
        )],
        &[(Arrived, 30)],
        0,
        &[],
        Exit::Unknown,
        "inbox was not read without a gap: retention has removed older entries. A window that \
         begins later can be known.",
    );
    let mut failed = unread("orders", GapReason::TapClosed);
    failed.failure = Some(Failure::new(
        waybill_protocol::Code::Unreachable,
        "Broker: failed to connect to localhost:9092.",
    ));
    check(
        vec![failed.clone(), failed],
        &[(Arrived, 30)],
        0,
        &[],
        Exit::Unknown,
        "Broker: failed to connect to localhost:9092.",
    );
}

#[test]
fn what_is_too_young_to_be_late_need_not_be_known() {
    let open = |from| {
        let role = PlaceRole::Outbox;
        vec![missing(
            role,
            "outbox",
            from,
            HOUR,
            GapReason::OpenTransactions,
        )]
    };
    let arrived = [(Arrived, 30)];
    check(
        open(HOUR / 6 * 5),
        &arrived,
        0,
        &[],
        Exit::Fine,
        "Nothing is missing.",
    );
    check(
        open(HOUR / 2),
        &arrived,
        0,
        &[],
        Exit::Unknown,
        "outbox was not read without a gap: transactions are still open. Look again when they \
         have ended.",
    );
}

#[test]
fn dead_letters_matter_where_something_is_not_proven_otherwise() {
    let letters = || {
        let role = PlaceRole::DeadLetters(ConsumerNo(0));
        missing(
            role,
            "dlq",
            0,
            HOUR,
            GapReason::NotReadable("a queue".to_owned()),
        )
    };
    check(
        vec![letters()],
        &[(Arrived, 30)],
        0,
        &[],
        Exit::Fine,
        "Nothing is missing.",
    );
    let mut status = status();
    status.places.push(letters());
    status.consumers[0].passed = 30;
    let counts = counts(&[(Arrived, 30)]);
    let seen = Seen {
        status: &status,
        counts: &counts,
        wrong: 0,
        waiting: &[],
        suspected: false,
    };
    assert_eq!(Ending::of(&seen).exit, Exit::Unknown);
}

#[test]
fn older_rows_that_wait_unsent_are_told_instead_of_all_being_fine() {
    let mut outbox = place(PlaceRole::Outbox, "outbox");
    outbox.accounts = Some(waybill_model::Accounts {
        unsent_before: Some(waybill_model::Waiting {
            rows: waybill_model::Counted::Exactly(3),
            since: Some(Micros(0)),
        }),
        ..waybill_model::Accounts::default()
    });
    check(
        vec![outbox],
        &[(Arrived, 30)],
        0,
        &[],
        Exit::Fine,
        "Unsent rows of outbox from before this window: 3, the oldest of 1970-01-01T00:00:00.000Z.",
    );
}
