//! Every known version of every table is recognised as what it is, and as nothing else.

use super::*;
use crate::{Attached, Attachment, Dbms, FoundColumn, Version};

/// A layout's table as a database would describe it.
fn made(shape: &TableLayout, version: &Version, dbms: Dbms, name: &str) -> FoundTable {
    let (schema, name) = match name.split_once('.') {
        Some((schema, name)) if dbms == Dbms::Postgres => (schema, name),
        _ => ("shop", name),
    };
    let columns = shape.columns_of(version, dbms).into_iter();
    FoundTable {
        schema: schema.to_owned(),
        name: name.replace('*', "orders"),
        columns: columns
            .map(|(name, column)| FoundColumn {
                name,
                sql_type: column.sql_type(dbms).expect("it exists there").to_owned(),
                nullable: column.null,
                primary_key: column.key,
            })
            .collect(),
        ..FoundTable::default()
    }
}

/// Calls `each` with every table of every layout in every version on every database.
fn for_each_version(mut each: impl FnMut(&TableLayout, &FoundTable, &str)) -> usize {
    let mut n = 0;
    for shape in layouts().iter().flat_map(|layout| &layout.tables) {
        for version in shape.known_versions() {
            for dbms in Dbms::ALL {
                let default = shape.names.first().map_or("queue_out", String::as_str);
                let name = version.table.as_deref().unwrap_or(default);
                let table = made(shape, &version, dbms, name);
                if !table.columns.is_empty() {
                    n += 1;
                    each(
                        shape,
                        &table,
                        &format!("{} {} {dbms:?}", shape.id, version.name),
                    );
                }
            }
        }
    }
    n
}

fn claims(explanation: &Explanation) -> Vec<&str> {
    let claims = explanation
        .candidates
        .iter()
        .filter(|candidate| candidate.confidence > Confidence::Possible);
    claims
        .map(|candidate| candidate.table.id.as_str())
        .collect()
}

#[test]
fn every_version_is_recognised_alone_and_by_nobody_else() {
    let n = for_each_version(|shape, table, what| {
        let explanation = explain(table, std::slice::from_ref(table));
        let alone = shape.recognise.strength == Strength::ColumnsAlone;
        let by_name = is_named_so(shape, table);
        if alone || by_name {
            assert_eq!(
                claims(&explanation),
                [&shape.id],
                "{what}: {explanation:#?}"
            );
        } else {
            assert_eq!(claims(&explanation), [""; 0], "{what}: {explanation:#?}");
        }
    });
    assert!(n > 150, "{n} versions");
}

/// Under a name nobody gives it, only what the columns settle is claimed.
#[test]
fn another_name_takes_no_claim_that_columns_settle_and_gives_none() {
    for_each_version(|shape, table, what| {
        let mut table = table.clone();
        table.name = "zzz".to_owned();
        table.schema = "shop".to_owned();
        let explanation = explain(&table, std::slice::from_ref(&table));
        let telling_column = shape
            .recognise
            .telling_columns
            .iter()
            .any(|name| table.column(name).is_some());
        if shape.recognise.strength == Strength::ColumnsAlone || telling_column {
            assert_eq!(claims(&explanation), [&shape.id], "{what}");
        } else {
            assert_eq!(claims(&explanation), [""; 0], "{what}: {explanation:#?}");
            let possible = explanation.candidates.iter();
            assert!(
                possible.into_iter().any(|c| c.table.id == shape.id),
                "{what}"
            );
        }
    });
}

/// All tables of all layouts side by side, as nobody has them: no neighbour misleads.
#[test]
fn neighbours_mislead_nobody() {
    let mut all: Vec<FoundTable> = Vec::new();
    let mut whose: Vec<String> = Vec::new();
    for_each_version(|shape, table, _| {
        if !shape.names.is_empty() && !all.iter().any(|other| other.name == table.name) {
            all.push(table.clone());
            whose.push(shape.id.clone());
        }
    });
    for (table, id) in all.iter().zip(&whose) {
        let explanation = explain(table, &all);
        assert_eq!(
            claims(&explanation),
            [id],
            "{}: {explanation:#?}",
            table.name
        );
    }
}

#[test]
fn the_name_decides_what_one_shape_is_for() {
    let shape = crate::layout("pg-transactional-outbox").expect("it is known");
    let shape = &shape.tables[0];
    for (name, role) in [
        ("outbox", TableRole::Outbox),
        ("inbox", TableRole::Inbox),
        ("messages", TableRole::Outbox),
    ] {
        let table = made(shape, &Version::default(), Dbms::Postgres, name);
        let explanation = explain(&table, std::slice::from_ref(&table));
        assert_eq!(
            explanation.recognised().map(|first| first.role),
            Some(role),
            "{name}"
        );
    }
}

/// A table with few and ordinary columns, and what makes it certain.
fn oagudo(name: &str) -> FoundTable {
    let shape = &crate::layout("oagudo-outbox").expect("it is known").tables[0];
    made(shape, &Version::default(), Dbms::Postgres, name)
}

fn confidence_of(table: &FoundTable, all: &[FoundTable]) -> Option<Confidence> {
    let explanation = explain(table, all);
    explanation.recognised().map(|first| first.confidence)
}

#[test]
fn an_ordinary_name_makes_likely_what_exact_columns_or_a_telling_sign_make_certain() {
    let mut table = oagudo("outbox");
    assert_eq!(confidence_of(&table, &[]), Some(Confidence::Certain));
    table.columns.push(FoundColumn {
        name: "customer".to_owned(),
        sql_type: "text".to_owned(),
        nullable: true,
        primary_key: false,
    });
    assert_eq!(confidence_of(&table, &[]), Some(Confidence::Likely));
    table.attached.push(Attachment {
        kind: Attached::Index,
        name: "idx_outbox_scheduled_at".to_owned(),
    });
    assert_eq!(confidence_of(&table, &[]), Some(Confidence::Certain));
    table.name = "messages_out".to_owned();
    table.attached.clear();
    assert_eq!(confidence_of(&table, &[]), None);
}

#[test]
fn a_publication_tells_that_debezium_reads_the_table() {
    let debezium = &crate::layout("debezium").expect("it is known").tables[0];
    let loose = debezium.versions.last().expect("it has versions");
    let mut table = made(debezium, loose, Dbms::Postgres, "outbox");
    assert_eq!(confidence_of(&table, &[]), Some(Confidence::Likely));
    table.attached.push(Attachment {
        kind: Attached::Publication,
        name: "dbz_publication".to_owned(),
    });
    assert_eq!(confidence_of(&table, &[]), Some(Confidence::Certain));
}

#[test]
fn a_companion_counts_only_in_the_same_schema_and_with_its_own_columns() {
    let eventuate = crate::layout("eventuate").expect("it is known");
    let received = eventuate
        .table("eventuate-tram-received")
        .expect("it is there");
    let message = eventuate
        .table("eventuate-tram-message")
        .expect("it is there");
    let version = Version::default();
    let inbox = made(received, &version, Dbms::Postgres, "handled");
    let mut outbox = made(message, &version, Dbms::Postgres, "message");
    assert_eq!(
        confidence_of(&inbox, &[inbox.clone(), outbox.clone()]),
        Some(Confidence::Certain)
    );
    outbox.columns.retain(|column| column.name != "destination");
    assert_eq!(
        confidence_of(&inbox, &[inbox.clone(), outbox.clone()]),
        None
    );
    let mut elsewhere = made(message, &version, Dbms::Postgres, "message");
    elsewhere.schema = "other".to_owned();
    assert_eq!(confidence_of(&inbox, &[inbox.clone(), elsewhere]), None);
}

#[test]
fn rows_speak_for_and_against() {
    let cap = crate::layout("cap").expect("it is known");
    let mut table = made(
        &cap.tables[0],
        &Version::default(),
        Dbms::Postgres,
        "cap.published",
    );
    let row = |status: &str| {
        let values = [
            "1",
            "v1",
            "order.placed",
            r#"{"Headers":{},"Value":{}}"#,
            "0",
            "now",
            "now",
            status,
        ];
        values.map(|value| Some(value.to_owned())).to_vec()
    };
    table.rows = vec![row("Succeeded")];
    assert_eq!(confidence_of(&table, &[]), Some(Confidence::Certain));
    table.rows = vec![row("Succeeded"), row("shipped")];
    assert_eq!(confidence_of(&table, &[]), Some(Confidence::Likely));
}

/// Two services in one database, each in a schema of its own.
#[test]
fn two_services_share_a_database() {
    let version = Version::default();
    let of = |layout: &str, id: &str, name: &str| {
        let shape = crate::layout(layout)
            .and_then(|layout| layout.table(id))
            .expect("it is known");
        made(shape, &version, Dbms::Postgres, name)
    };
    let mut tables = vec![
        of("cap", "cap-published", "cap.published"),
        of("cap", "cap-received", "cap.received"),
        of("pg-boss", "pg-boss", "pgboss.job"),
        of(
            "masstransit",
            "masstransit-outbox-message",
            "Sales.OutboxMessage",
        ),
        of("masstransit", "masstransit-inbox-state", "Sales.InboxState"),
        of(
            "masstransit",
            "masstransit-outbox-message",
            "Stock.OutboxMessage",
        ),
    ];
    tables.push(FoundTable {
        schema: "public".to_owned(),
        name: "orders".to_owned(),
        ..FoundTable::default()
    });
    let found: Vec<String> = recognise(&tables)
        .into_iter()
        .map(|found| found.table)
        .collect();
    assert_eq!(
        found,
        [
            "cap.published",
            "Sales.OutboxMessage",
            "Stock.OutboxMessage",
            "pgboss.job",
            "cap.received",
            "Sales.InboxState",
        ]
    );
}

#[test]
fn a_table_that_lacks_something_is_told_what() {
    let cap = crate::layout("cap").expect("it is known");
    let mut table = made(
        &cap.tables[0],
        &Version::default(),
        Dbms::Postgres,
        "cap.published",
    );
    table.columns.retain(|column| column.name != "Retries");
    let explanation = explain(&table, &[]);
    let near = explanation.near.first().expect("it is near");
    assert_eq!(
        (near.table.id.as_str(), &near.lacking),
        ("cap-published", &vec!["Retries".to_owned()])
    );
}
