//! The data files agree with themselves: what they name exists, and what must be said is said.

use std::collections::BTreeSet;

use super::*;
use crate::{
    Dbms, FoundColumn, FoundTable, MadeOf, NewValue, Requeue, RequeueBy, TableLayout, TableRole,
    TimeMeaning, Version, Way, canon,
};

fn tables() -> impl Iterator<Item = (&'static Layout, &'static TableLayout)> {
    layouts()
        .iter()
        .flat_map(|layout| layout.tables.iter().map(move |table| (layout, table)))
}

#[test]
fn every_file_is_read_and_says_where_its_facts_are_from() {
    for ((file, _), layout) in FILES.iter().zip(layouts()) {
        assert_eq!(*file, layout.name);
        assert!(!layout.sources.is_empty(), "{file} cites no source");
        assert!(
            !layout.relay.is_empty() && !layout.dangers.is_empty(),
            "{file}"
        );
        assert!(!layout.tables.is_empty(), "{file}");
    }
    assert!(layouts().len() >= 27);
}

#[test]
fn no_key_is_misspelt() {
    let wrong = FILES[0].1.replacen("title =", "titel =", 1);
    let error = toml::from_str::<Layout>(&wrong).expect_err("nobody knows the key titel");
    assert!(
        error.to_string().contains("unknown field `titel`"),
        "{error}"
    );
}

#[test]
fn ids_of_tables_are_unique() {
    let mut ids = BTreeSet::new();
    for (_, table) in tables() {
        assert!(ids.insert(&table.id), "{} is there twice", table.id);
    }
    assert_eq!(ids.len(), 66);
}

#[test]
fn every_column_that_is_named_exists() {
    for (layout, table) in tables() {
        let known: BTreeSet<String> = table.columns.iter().map(|c| canon(&c.name)).collect();
        let check = |name: &str, by: &str| {
            assert!(
                known.contains(&canon(name)),
                "{}: {by} names {name}",
                table.id
            );
        };
        let recognise = &table.recognise;
        for name in recognise.required.iter().chain(&recognise.telling_columns) {
            check(name, "recognise");
        }
        let told = recognise.types.keys().chain(recognise.values.keys());
        for name in told.chain(recognise.json_members.keys()) {
            check(name, "recognise");
        }
        for name in recognise.forbid.iter() {
            assert!(!recognise.required.contains(name), "{}: {name}", table.id);
        }
        let spots = table.roles.iter().flat_map(|roles| roles.spots());
        let spots = spots.chain(table.inbox.iter().flat_map(|inbox| inbox.spots()));
        for name in spots.flat_map(|spot| &spot.columns) {
            assert!(
                table.column(name).is_some(),
                "{}: a role names {name}",
                table.id
            );
        }
        for condition in table.conditions() {
            assert!(
                table.column(&condition.column).is_some(),
                "{}: {condition:?}",
                table.id
            );
        }
        for requeue in &table.requeues {
            let named = requeue.set.keys().chain(&requeue.set_anew);
            let in_target = requeue.to.as_deref().and_then(|to| layout.table(to));
            for name in named {
                let there = in_target.unwrap_or(table).column(name).is_some();
                assert!(there, "{}: re-queue names {name}", table.id);
            }
            let own = requeue.unchanged.iter().chain(&requeue.once);
            for name in own.chain(&requeue.lacking) {
                assert!(table.column(name).is_some(), "{}: {name}", table.id);
            }
        }
        for version in &table.versions {
            for name in &version.without {
                assert!(table.column(name).is_some(), "{}: without {name}", table.id);
            }
        }
    }
}

#[test]
fn plain_roles_point_into_no_json() {
    for (_, table) in tables() {
        let Some(roles) = &table.roles else { continue };
        let plain = [
            &roles.created_at,
            &roles.sent_at,
            &roles.status,
            &roles.attempts,
        ];
        for spot in std::iter::once(&roles.key).chain(plain.into_iter().flatten()) {
            assert_eq!(spot.pointer, None, "{}: {spot}", table.id);
        }
    }
}

#[test]
fn a_condition_tests_one_thing() {
    for (_, table) in tables() {
        for condition in table.conditions() {
            let tests = [
                condition.is.is_some(),
                !condition.one_of.is_empty(),
                !condition.none_of.is_empty(),
                condition.at_least.is_some(),
            ];
            let n_tests = tests.into_iter().filter(|given| *given).count();
            assert_eq!(n_tests, 1, "{}: {condition:?}", table.id);
        }
    }
}

#[test]
fn there_is_a_way_back_or_a_reason_why_not() {
    for (_, table) in tables() {
        let has_way = !table.requeues.is_empty();
        assert_ne!(has_way, table.no_requeue.is_some(), "{}", table.id);
        for requeue in &table.requeues {
            assert!(
                !requeue.from.is_empty() && !requeue.then.is_empty(),
                "{}",
                table.id
            );
            let told = match requeue.by {
                RequeueBy::Update => !requeue.set.is_empty() && !requeue.unchanged.is_empty(),
                RequeueBy::MoveBack => requeue.to.is_some() && !requeue.unchanged.is_empty(),
                RequeueBy::Command => requeue.run.is_some(),
                RequeueBy::InsertCopy => !requeue.once.is_empty() || takes_new_id(requeue),
                RequeueBy::Redeliver => true,
            };
            assert!(told, "{}: {:?} lacks what it needs", table.id, requeue.by);
        }
    }
}

/// Else a second run of the same statement would do it again.
#[test]
fn a_requeue_guards_something_it_changes() {
    for (_, table) in tables() {
        let updates = table
            .requeues
            .iter()
            .filter(|requeue| requeue.by == RequeueBy::Update);
        for requeue in updates {
            let changed = requeue
                .unchanged
                .iter()
                .any(|name| requeue.set.contains_key(name));
            assert!(changed, "{}: {requeue:?}", table.id);
        }
    }
}

fn takes_new_id(requeue: &Requeue) -> bool {
    let is_new_id =
        |value: &NewValue| matches!(value, NewValue::Made(made) if made.to == MadeOf::NewId);
    requeue.set.values().any(is_new_id)
}

/// A version that lacks a column which all states, or all ways back, go by says so.
#[test]
fn a_version_has_states_and_a_way_back_or_a_reason_why_not() {
    for (_, table) in tables() {
        for version in table.known_versions() {
            for dbms in Dbms::ALL {
                let Some(found) = as_found(table, &version, dbms) else {
                    continue;
                };
                let what = format!("{}: {} on {dbms:?}", table.id, version.name);
                let has_states = table.states_of(&found).count() > 0 || table.states.is_empty();
                assert_ne!(has_states, version.no_states.is_some(), "{what}: states");
                let has_way = table.requeues_of(&found).count() > 0 || table.requeues.is_empty();
                assert_ne!(has_way, version.no_requeue.is_some(), "{what}: way back");
            }
        }
    }
}

/// What fits a table's columns can be written as a statement, and a command is none.
#[test]
fn a_way_back_is_a_statement_or_a_command() {
    let mut n_written = 0;
    for (layout, table) in tables() {
        for version in table.known_versions() {
            for dbms in Dbms::ALL {
                let Some(found) = as_found(table, &version, dbms) else {
                    continue;
                };
                for requeue in table.requeues_of(&found) {
                    let to = requeue.to.as_deref().and_then(|to| layout.table(to));
                    let into =
                        to.and_then(|to| Some((to, as_found(to, &to.known_versions()[0], dbms)?)));
                    let update = table.guarded_update(requeue, &found, dbms).is_some();
                    let copy = table.guarded_copy(requeue, &found, dbms).is_some();
                    let moved = into.is_some_and(|(to, into)| {
                        table
                            .guarded_move(requeue, &found, (to, &into), dbms)
                            .is_some()
                    });
                    let expected = match requeue.by {
                        RequeueBy::Update => (true, false, false),
                        RequeueBy::InsertCopy => (false, true, false),
                        RequeueBy::MoveBack => (false, false, true),
                        RequeueBy::Command | RequeueBy::Redeliver => (false, false, false),
                    };
                    let what = format!("{}: {} on {dbms:?}", table.id, version.name);
                    assert_eq!((update, copy, moved), expected, "{what}: {requeue:?}");
                    n_written += 1;
                }
            }
        }
    }
    assert!(n_written > 150, "{n_written}");
}

/// A version's table as a database would describe it; `None` where it does not exist.
fn as_found(table: &TableLayout, version: &Version, dbms: Dbms) -> Option<FoundTable> {
    let columns = table.columns_of(version, dbms).into_iter();
    let columns: Vec<FoundColumn> = columns
        .map(|(name, column)| FoundColumn {
            name,
            sql_type: String::new(),
            nullable: column.null,
            primary_key: column.key,
        })
        .collect();
    let found = FoundTable {
        name: "outbox".to_owned(),
        columns,
        ..FoundTable::default()
    };
    (!found.columns.is_empty()).then_some(found)
}

#[test]
fn a_command_is_filled_in_from_the_row() {
    for (_, table) in tables() {
        for run in table
            .requeues
            .iter()
            .filter_map(|requeue| requeue.run.as_ref())
        {
            for rest in run.split('{').skip(1) {
                let name = rest.split('}').next().unwrap_or_default();
                assert!(table.column(name).is_some(), "{}: {run}", table.id);
            }
        }
    }
}

#[test]
fn what_a_requeue_sets_is_no_key() {
    for (_, table) in tables() {
        let updates = table
            .requeues
            .iter()
            .filter(|requeue| requeue.by == RequeueBy::Update);
        for name in updates.flat_map(|requeue| requeue.set.keys()) {
            assert!(
                table.column(name).is_some_and(|column| !column.key),
                "{}: {name}",
                table.id
            );
        }
    }
}

#[test]
fn who_sends_says_how_it_is_told() {
    for (_, table) in tables() {
        let sends = matches!(
            table.role,
            TableRole::Outbox | TableRole::OutboxAndInbox | TableRole::EventStore | TableRole::Jobs
        );
        assert_eq!(sends, table.published.is_some(), "{}", table.id);
        assert!(!sends || table.roles.is_some(), "{}", table.id);
        let Some(published) = &table.published else {
            continue;
        };
        let visible = |way: &Way| {
            matches!(
                way,
                Way::FilledTime | Way::Flag | Way::StatusWord | Way::StatusNumber | Way::RowDeleted
            )
        };
        if published.by.iter().any(visible) {
            assert!(
                !table.states.is_empty(),
                "{}: its states can be seen",
                table.id
            );
        }
    }
}

#[test]
fn an_inbox_says_what_a_row_proves() {
    for (_, table) in tables() {
        let serves = |role: TableRole| matches!(role, TableRole::Inbox | TableRole::OutboxAndInbox);
        let is_inbox =
            serves(table.role) || table.name_roles.iter().any(|named| serves(named.role));
        assert_eq!(is_inbox, table.inbox.is_some(), "{}", table.id);
    }
}

#[test]
fn versions_exist_somewhere_and_are_recognised_by_columns_they_have() {
    for (_, table) in tables() {
        for version in table.known_versions() {
            let on: Vec<Dbms> = Dbms::ALL
                .into_iter()
                .filter(|dbms| !table.columns_of(&version, *dbms).is_empty())
                .collect();
            assert!(
                !on.is_empty(),
                "{}: {} exists nowhere",
                table.id,
                version.name
            );
            for dbms in on {
                let columns = table.columns_of(&version, dbms);
                assert!(columns.len() > 1, "{}: {}", table.id, version.name);
                let has =
                    |name: &String| columns.iter().any(|(real, _)| canon(real) == canon(name));
                let lacking: Vec<_> = table
                    .recognise
                    .required
                    .iter()
                    .filter(|n| !has(n))
                    .collect();
                assert!(
                    lacking.is_empty(),
                    "{}: {}: {lacking:?}",
                    table.id,
                    version.name
                );
                assert!(!table.recognise.forbid.iter().any(has), "{}", table.id);
            }
        }
    }
}

/// A `timestamp` may be anything; who writes it has to be asked.
#[test]
fn times_whose_type_says_nothing_say_what_they_mean() {
    for (_, table) in tables() {
        let Some(at) = table
            .roles
            .as_ref()
            .and_then(|roles| roles.created_at.as_ref())
        else {
            continue;
        };
        for column in at.columns.iter().filter_map(|name| table.column(name)) {
            assert!(column.time.is_some(), "{}: {}", table.id, column.name);
            if column.postgres.as_deref() == Some("timestamp") {
                assert_ne!(column.time, Some(TimeMeaning::Instant), "{}", table.id);
            }
        }
    }
}

#[test]
fn destinations_are_made_of_columns() {
    for layout in layouts() {
        for on in layout.rabbitmq.iter().chain(&layout.kafka) {
            for text in on.destination.iter().chain(&on.routing_key) {
                for name in text
                    .split('{')
                    .skip(1)
                    .filter_map(|rest| rest.split('}').next())
                {
                    let known = layout
                        .tables
                        .iter()
                        .any(|table| table.column(name).is_some());
                    assert!(known, "{}: {text}", layout.name);
                }
            }
        }
    }
}
