//! Scans: verdicts, confirmation by a second look, partial failure, stopping.

use std::time::{Duration, Instant};

use expect_test::expect;
use waybill_model::GapReason;
use waybill_protocol::{GetRows, ScanState, TimeSpec};
use waybill_tests::wait::wait_for;

use crate::company::{Company, Fate, LIMIT, now};

#[tokio::test]
async fn a_scan_says_what_became_of_every_event_and_confirms_it() {
    let company = Company::new("read-only");
    use Fate::{Fine, Lost, LostBySearch, NoOutboxRow, Phantom, Stuck};
    company.play(
        &[Fine, Stuck, Lost, Phantom, LostBySearch, NoOutboxRow, Fine],
        600,
    );
    company.published_before();
    let status = company.scanned().await;
    expect![[r#"
        e700 published processed
        e701 published processed
        e702 published processed
        e0 published processed
        e1 stuck not-due Confirmed
        e2 lost-in-publish not-due Confirmed
        e3 phantom processed Confirmed
        e4 published lost-by-consumer Confirmed
        lone missing-outbox-row not-due Confirmed
        e6 published processed
    "#]]
    .assert_eq(&company.told().await);
    assert!(
        matches!(status.scan, ScanState::Done { .. }),
        "{:?}",
        status.scan
    );
    assert_eq!((status.counts.total, status.counts.confirmed), (10, 5));
    assert!(
        status.places.iter().all(|place| place.complete),
        "{:#?}",
        status.places
    );
    let groups: Vec<_> = status
        .groups
        .iter()
        .map(|g| format!("{} {}\n", g.title, g.count))
        .collect();
    expect![[r#"
        Never published 1
        Lost in publishing 1
        Stored, never published 1
        Lost by search 1
        Published, never stored 1
        All 10
    "#]]
    .assert_eq(&groups.concat());
}

#[tokio::test]
async fn what_a_consumer_processed_is_found_however_wrong_its_clock_is() {
    let company = Company::new("read-only");
    company.play(&[Fate::LostBySearch, Fate::LostBySearch, Fate::Fine], 300);
    // Two hours ago, says its clock: long before the window begins.
    company.process(0, now().plus(-7_200_000_000));
    company.scanned().await;
    expect![[r#"
        e0 published processed
        e1 published lost-by-consumer Confirmed
        e2 published processed
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn nothing_is_expected_of_a_consumer_before_it_was_registered() {
    let company = Company::new("read-only");
    company.play(&[Fate::LostBySearch, Fate::LostBySearch, Fate::Fine], 300);
    // Half a second after the first event, half a second before the second.
    let since = now().plus(-299_500_000);
    let late = format!("group = \"search\"\nsince = \"{since}\"");
    company.reword_profile("group = \"search\"", &late);
    company.scanned().await;
    expect![[r#"
        e0 published not-due
        e1 published lost-by-consumer Confirmed
        e2 published processed
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn the_filter_of_a_tab_yields_as_many_events_as_stand_on_it() {
    let company = Company::new("read-only");
    use Fate::{Fine, Lost, LostBySearch, Phantom, Stuck};
    company.play(
        &[Fine, Stuck, Lost, Phantom, LostBySearch, Fine, Stuck],
        600,
    );
    company.play_one(900, Stuck, now().plus(-1_000_000));
    let status = company.scanned().await;
    assert!(status.groups.len() > 4, "{:?}", status.groups);
    for group in status.groups {
        let asked = GetRows {
            filter: group.filter.clone(),
            within: None,
            descending: true,
            offset: 0,
            limit: 100,
        };
        let rows = company.core.rows(asked).await.expect("the filter is fine");
        assert_eq!(rows.total, group.count, "{}", group.title);
    }
}

#[tokio::test]
async fn a_copy_whose_row_is_older_than_the_window_is_no_phantom() {
    let company = Company::new("read-only");
    // The relay was down for two hours; it published an old row just now.
    company.outbox_row(7, now().plus(-7_200_000_000), true);
    company.publish(7, now().plus(-300_000_000));
    company.process(7, now().plus(-299_000_000));
    company.play_one(8, Fate::Fine, now().plus(-200_000_000));
    company.search_passes_everything();
    company.scanned().await;
    expect![[r#"
        e8 published processed
    "#]]
    .assert_eq(&company.told().await);
}

#[tokio::test]
async fn without_the_broker_the_rest_is_shown_and_nothing_is_called_missing() {
    let company = Company::new("read-only");
    company.play(&[Fate::Fine, Fate::Lost], 600);
    company.broker.set_unreachable(true);
    let status = company.scanned().await;
    let told = company.told().await;
    assert!(told.contains("e1 not-checked"), "{told}");
    assert!(!told.contains("lost"), "{told}");
    let ScanState::Failed { failure } = &status.scan else {
        panic!("the broker is down: {:?}", status.scan);
    };
    assert!(failure.message.contains("Broker"), "{failure:?}");
    assert_eq!(status.counts.confirmed, 0);
}

#[tokio::test]
async fn a_broker_that_dies_on_the_way_leaves_what_was_read() {
    let company = Company::new("read-only");
    company.play(&[Fate::Fine, Fate::Fine, Fate::Fine, Fate::Lost], 600);
    company.broker.die_after(Some(1));
    let status = company.scanned().await;
    assert!(
        matches!(status.scan, ScanState::Failed { .. }),
        "{:?}",
        status.scan
    );
    assert_eq!(status.copies, 1);
    let told = company.told().await;
    assert!(!told.contains("lost"), "{told}");
    let topic = status
        .places
        .iter()
        .find(|place| place.place.name == "product-events");
    let gaps = &topic.expect("it is a place").gaps;
    assert!(
        gaps.iter()
            .any(|gap| matches!(gap.reason, GapReason::Failed(_))),
        "{gaps:?}"
    );

    company.broker.die_after(None);
    company.scanned().await;
    assert!(
        company
            .told()
            .await
            .contains("e3 lost-in-publish not-due Confirmed")
    );
}

#[tokio::test]
async fn stopping_takes_less_than_a_tenth_of_a_second_and_keeps_what_was_read() {
    let company = Company::new("read-only");
    company.play(&[Fate::Fine, Fate::Lost], 600);
    company.open().await;
    company.database.hold(true);
    let scan = waybill_protocol::Scan {
        window: TimeSpec::Last { secs: 3600 },
        live: false,
    };
    company.core.scan(scan).await.expect("it begins");
    wait_for("the read to begin", LIMIT, async || {
        (company.database.reading() > 0).then_some(())
    })
    .await;
    let asked = Instant::now();
    company.core.stop().expect("a session is open");
    wait_for("the read to end", LIMIT, async || {
        (company.database.reading() == 0).then_some(())
    })
    .await;
    wait_for("the state", LIMIT, async || {
        let status = company.core.status().expect("a session is open");
        (status.scan == ScanState::Stopped).then_some(())
    })
    .await;
    let took = asked.elapsed();
    // The condition is polled every 20 ms; ten times the budget would be a hang, not a slow machine.
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(!company.told().await.contains("lost"));

    company.database.hold(false);
    company.scanned().await;
    assert!(
        company
            .told()
            .await
            .contains("e1 lost-in-publish not-due Confirmed")
    );
}

#[tokio::test]
async fn what_arrives_between_the_two_looks_is_not_missing() {
    let company = Company::new("read-only");
    company.play(&[Fate::Stuck], 600);
    company.open().await;
    let hour = TimeSpec::Last { secs: 3600 };
    let mut published = false;
    let second_look = |status: &waybill_protocol::Status| {
        // The relay comes back after the first look.
        if matches!(status.scan, ScanState::Scanning { pass: 2, .. }) && !published {
            published = true;
            company.publish(0, now());
            company.process(0, now());
        }
    };
    let status = company
        .core
        .scan_and_wait(hour, second_look)
        .await
        .expect("it can be read");
    assert_eq!(status.counts.confirmed, 0);
    assert!(company.told().await.starts_with("e0 published processed"));
}

#[tokio::test]
async fn details_name_rows_and_offsets_and_hide_what_is_masked() {
    let company = Company::new("read-only");
    company.play(&[Fate::Fine], 600);
    company.scanned().await;
    let detail = company.core.detail(0).await.expect("event 0 was read");
    let facts: Vec<_> = detail
        .facts
        .iter()
        .map(|fact| format!("{}\n", fact.coordinate))
        .collect();
    expect![[r#"
        outbox, id 0
        product-events-0@0
        search_inbox, event_id 9e3779b9-7f4a-7c15-f39c-c0605cedc835
    "#]]
    .assert_eq(&facts.concat());
    assert_eq!(detail.problems, [""; 0]);
    let row = detail
        .outbox_row
        .expect("it has one")
        .payload
        .expect("with a body");
    let copy = detail.copies[0].payload.clone().expect("with a body");
    for body in [row, copy] {
        let shown = String::from_utf8(body).expect("it is text");
        assert!(shown.contains("•••") && !shown.contains("otter"), "{shown}");
    }
}

#[tokio::test]
async fn tiles_and_the_nearest_event_follow_the_lanes() {
    let company = Company::new("read-only");
    company.play(&[Fate::Fine, Fate::Lost, Fate::Fine], 600);
    let status = company.scanned().await;
    let tile = waybill_protocol::GetTile {
        window: status.window,
        cols: 100,
    };
    let tile = company.core.tile(tile).await.expect("a window was read");
    let tile = waybill_timeline::Tile::decode(&tile).expect("it is a tile");
    let sums: Vec<u32> = tile
        .lanes
        .iter()
        .map(|lane| lane.counts.iter().sum())
        .collect();
    // Missing, stored, outbox, published, search.
    assert_eq!(sums, [1, 0, 3, 2, 2]);
    let near = waybill_protocol::Nearest {
        lane: 0,
        at: now().0,
    };
    assert_eq!(
        company
            .core
            .nearest(near)
            .await
            .expect("there is such a lane"),
        Some(1)
    );
}
