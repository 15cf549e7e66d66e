//! What was seen of a database and a broker, for whoever chooses by hand.

use waybill_layouts::{
    BrokerKind, Candidate, Explanation, FoundTable, NearMiss, Reason, TableRole, Verdict,
};
use waybill_protocol::{SeenBroker, SeenColumn, SeenReason, SeenRole, SeenTable};
use waybill_source::{ChannelKind, Topology};

use super::outbox::words;
use crate::tables::Tables;

/// Layouts that a table of nobody's is held against.
const NEAR: usize = 2;

/// All tables, those that are somebody's first and by their rank, the rest by name.
pub(crate) fn seen_tables(database: Option<&str>, tables: &Tables) -> Vec<SeenTable> {
    let ranked = tables.recognised();
    let is_ranked = |table: &&FoundTable| {
        let name = table.full_name();
        ranked.iter().any(|explanation| explanation.table == name)
    };
    let mut rest: Vec<&FoundTable> = tables.tables.iter().filter(|t| !is_ranked(t)).collect();
    rest.sort_by_key(|table| table.full_name());
    let rest: Vec<Explanation> = rest
        .into_iter()
        .map(|table| tables.explain(table))
        .collect();
    let all = ranked.iter().chain(&rest);
    all.filter_map(|explanation| {
        let mut tables = tables.tables.iter();
        let table = tables.find(|table| table.full_name() == explanation.table)?;
        Some(seen_table(database, table, explanation))
    })
    .collect()
}

fn seen_table(database: Option<&str>, table: &FoundTable, explanation: &Explanation) -> SeenTable {
    let mut seen = SeenTable {
        database: database.map(str::to_owned),
        name: explanation.table.clone(),
        columns: table
            .columns
            .iter()
            .map(|column| SeenColumn {
                name: column.name.clone(),
                sql_type: column.sql_type.clone(),
                key: column.primary_key,
            })
            .collect(),
        role: SeenRole::Nothing,
        title: String::new(),
        confidence: String::new(),
        reasons: Vec::new(),
        inbox: None,
    };
    match (&explanation.verdict, explanation.recognised()) {
        (Verdict::HandMade(proposal), _) => {
            seen.role = role(proposal.role, true);
            "somebody's own, by its columns".clone_into(&mut seen.title);
            words(proposal.confidence).clone_into(&mut seen.confidence);
            let reasons = proposal.reasons.iter();
            seen.reasons = reasons.map(|text| speaks(true, text)).collect();
            let inbox = proposal.inbox_settings(table, None).ok();
            seen.inbox = inbox.map(|mapped| mapped.settings);
        }
        (_, Some(first)) => {
            recognised(&mut seen, first);
            let inbox = first.inbox_settings(table, None).ok();
            seen.inbox = inbox.map(|mapped| mapped.settings);
        }
        _ => {
            let near = explanation.near.iter().take(NEAR);
            seen.reasons = near.map(|miss| speaks(false, &lacks(miss))).collect();
        }
    }
    seen
}

fn recognised(seen: &mut SeenTable, first: &Candidate) {
    seen.role = role(first.role, first.table.published.is_some());
    let version = first.version.as_ref();
    seen.title = version.map_or_else(
        || first.layout.title.clone(),
        |version| format!("{}, {version}", first.layout.title),
    );
    words(first.confidence).clone_into(&mut seen.confidence);
    let reasons = first.reasons.iter();
    seen.reasons = reasons
        .map(|reason| match reason {
            Reason::For(text) => speaks(true, text),
            Reason::Against(text) | Reason::Missing(text) => speaks(false, text),
        })
        .collect();
}

fn role(role: TableRole, is_sent: bool) -> SeenRole {
    match role {
        TableRole::History => SeenRole::Other,
        TableRole::Inbox => SeenRole::Inbox,
        _ if is_sent => SeenRole::Outbox,
        _ => SeenRole::Other,
    }
}

fn speaks(speaks_for: bool, text: &str) -> SeenReason {
    SeenReason {
        speaks_for,
        text: text.to_owned(),
    }
}

fn lacks(miss: &NearMiss) -> String {
    let title = &miss.layout.title;
    match (miss.lacking.as_slice(), miss.excess.as_slice()) {
        ([], excess) => format!("It would be {title}'s without {}.", excess.join(", ")),
        (lacking, _) => format!("It would be {title}'s if it had {}.", lacking.join(", ")),
    }
}

/// What there is to choose from.
pub(crate) fn seen_broker(kind: BrokerKind, topology: &Topology) -> SeenBroker {
    let of = |kinds: &[ChannelKind]| {
        let channels = topology.channels.iter();
        let named = channels.filter(|c| kinds.contains(&c.kind) && !c.name.is_empty());
        let mut names: Vec<String> = named.map(|c| c.name.clone()).collect();
        names.sort_unstable();
        names
    };
    let destination = match kind {
        BrokerKind::Kafka => ChannelKind::Topic,
        BrokerKind::RabbitMq => ChannelKind::Exchange,
    };
    let mut groups = topology.groups.clone();
    groups.sort_unstable();
    SeenBroker {
        destinations: of(&[destination]),
        readable: of(&[ChannelKind::Topic, ChannelKind::Stream]),
        queues: of(&[ChannelKind::Queue]),
        groups,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use waybill_layouts::{Dbms, FoundColumn};

    use super::*;

    fn table(name: &str, columns: &[(&str, &str)]) -> FoundTable {
        let column = |(name, sql_type): &(&str, &str)| FoundColumn {
            name: (*name).to_owned(),
            sql_type: (*sql_type).to_owned(),
            nullable: false,
            primary_key: *name == "id",
        };
        FoundTable {
            name: name.to_owned(),
            columns: columns.iter().map(column).collect(),
            ..FoundTable::default()
        }
    }

    #[test]
    fn the_outbox_comes_first_and_what_is_nothing_is_there_too() {
        let own = [
            ("id", "uuid"),
            ("aggregate_id", "text"),
            ("event_type", "text"),
            ("payload", "jsonb"),
            ("created_at", "timestamp with time zone"),
            ("published_at", "timestamp with time zone"),
        ];
        let tables = Tables {
            dbms: Dbms::Postgres,
            tables: vec![
                table("zebra", &[("id", "bigint"), ("stripes", "integer")]),
                table("aardvark", &[("id", "bigint")]),
                table("parcel_outbox", &own),
            ],
            unreadable: BTreeMap::new(),
        };
        let seen = seen_tables(Some("search"), &tables);
        let names: Vec<&str> = seen.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["parcel_outbox", "aardvark", "zebra"]);
        assert_eq!(seen[0].role, SeenRole::Outbox);
        assert_eq!(seen[0].confidence, "likely");
        assert!(seen[0].reasons.iter().all(|reason| reason.speaks_for));
        assert_eq!(seen[0].database.as_deref(), Some("search"));
        assert_eq!(seen[0].columns.len(), own.len());
        assert!(seen[0].columns[0].key);
        assert_eq!(seen[1].role, SeenRole::Nothing);
    }
}
