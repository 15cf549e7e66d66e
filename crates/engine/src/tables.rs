//! What a database's tables are: whose outbox, whose inbox.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use waybill_layouts::{
    Attached, Attachment, Candidate, Confidence, Dbms, Explanation, FoundColumn, FoundSaying,
    FoundTable, NoTable, SaidBy, Verdict, explain, find_table, recognise,
};
use waybill_protocol::{Code, Failure};
use waybill_source::{AttachmentKind, Database, Result, TableInfo};

/// How many rows of a library's table are looked at: whether its values fit.
const SAMPLED_ROWS: u32 = 20;

/// How many of somebody's own: what its values mean. Few rows are failed or wait.
const LEARNT_ROWS: u32 = 200;

/// How many tables are looked into; a database with more of them is odd.
const SAMPLED_TABLES: usize = 50;

/// The tables of a database.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Whose database it is.
    pub dbms: Dbms,
    /// All tables that can be read. Those that may be somebody's have some of their rows.
    pub tables: Vec<FoundTable>,
    /// The columns that our user may not read, by the table's full name; in the rows they are
    /// empty.
    pub unreadable: BTreeMap<String, Vec<String>>,
}

impl Tables {
    /// What is to be said about one of them.
    pub fn explain(&self, table: &FoundTable) -> Explanation {
        explain(table, &self.tables)
    }

    /// Those that belong to the database an address names. A MySQL server shows its others, too.
    #[must_use]
    pub(crate) fn of_address(&self, url: &str) -> Self {
        let path = url.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_own = |table: &&FoundTable| table.schema.eq_ignore_ascii_case(name);
        let own: Vec<FoundTable> = self.tables.iter().filter(is_own).cloned().collect();
        if self.dbms != Dbms::MySql || own.is_empty() {
            return self.clone();
        }
        Self {
            dbms: self.dbms,
            tables: own,
            unreadable: self.unreadable.clone(),
        }
    }

    /// The table that is meant by a name, first of all in the database the address names.
    pub fn find(&self, name: &str, url: &str) -> std::result::Result<&FoundTable, NoTable> {
        let here = find_table(&self.of_address(url).tables, name).map(FoundTable::full_name);
        match here {
            Ok(full_name) => find_table(&self.tables, &full_name),
            Err(none) if none.alike.is_empty() => find_table(&self.tables, name),
            Err(several) => Err(several),
        }
    }

    /// The columns of a table that our user may not read.
    pub fn unreadable(&self, table: &FoundTable) -> &[String] {
        let found = self.unreadable.get(&table.full_name());
        found.map_or(&[], Vec::as_slice)
    }

    /// What is to be said about all that are somebody's, what matters most first.
    pub fn recognised(&self) -> Vec<Explanation> {
        recognise(&self.tables)
    }
}

/// Reads the catalogue, then a few rows of those tables that rows can tell something about.
pub async fn look(database: &Arc<dyn Database>, dbms: Dbms) -> Result<Tables> {
    let tables = database.tables().await?.into_iter();
    // Of a table in parts the parts would all look like it.
    let whole = tables.filter(|table| !table.partition);
    let whole: Vec<TableInfo> = whole.collect();
    let unreadable = whole.iter().filter_map(unreadable).collect();
    let mut tables: Vec<FoundTable> = whole.into_iter().map(described).collect();
    for at in worth_a_look(&tables) {
        let name = tables[at].full_name();
        // A table whose rows we may not read is still one whose columns we know.
        let is_own = matches!(explain(&tables[at], &tables).verdict, Verdict::HandMade(_));
        let n_rows = if is_own { LEARNT_ROWS } else { SAMPLED_ROWS };
        match database.sample(&name, n_rows).await {
            Ok(sample) => tables[at].rows = sample.rows,
            Err(error) => tracing::debug!(table = %name, %error, "Table could not be sampled"),
        }
    }
    Ok(Tables {
        dbms,
        tables,
        unreadable,
    })
}

/// What a driver reads, where that is a database.
pub(crate) fn dbms_of(driver: &str) -> std::result::Result<Dbms, Failure> {
    match driver {
        "postgres" => Ok(Dbms::Postgres),
        "mysql" => Ok(Dbms::MySql),
        "sqlite" => Ok(Dbms::Sqlite),
        other => {
            let told = format!("'{other}' is no database.");
            Err(Failure::new(Code::BadProfile, told))
        }
    }
}

/// The tables that could be somebody's, those that are for sure last.
fn worth_a_look(tables: &[FoundTable]) -> Vec<usize> {
    let mut worth: BTreeSet<(bool, usize)> = BTreeSet::new();
    for (at, table) in tables.iter().enumerate() {
        let explanation = explain(table, tables);
        let hand_made = matches!(explanation.verdict, Verdict::HandMade(_));
        let certain = |candidate: &Candidate| candidate.confidence == Confidence::Certain;
        if hand_made || !explanation.candidates.is_empty() {
            worth.insert((explanation.recognised().is_some_and(certain), at));
        }
    }
    worth
        .into_iter()
        .map(|(_, at)| at)
        .take(SAMPLED_TABLES)
        .collect()
}

/// The columns of a table that our user may not read, with its full name.
fn unreadable(info: &TableInfo) -> Option<(String, Vec<String>)> {
    let columns = info.columns.iter().filter(|column| !column.readable);
    let columns: Vec<String> = columns.map(|column| column.name.clone()).collect();
    let name = FoundTable {
        schema: info.schema.clone(),
        name: info.name.clone(),
        ..FoundTable::default()
    };
    (!columns.is_empty()).then(|| (name.full_name(), columns))
}

fn described(info: TableInfo) -> FoundTable {
    let columns = info.columns.into_iter().map(|column| FoundColumn {
        name: column.name,
        sql_type: column.sql_type,
        nullable: column.nullable,
        primary_key: column.primary_key,
    });
    let attached = info.attached.into_iter().map(|thing| Attachment {
        kind: match thing.kind {
            AttachmentKind::Index => Attached::Index,
            AttachmentKind::Constraint => Attached::Constraint,
            AttachmentKind::Trigger => Attached::Trigger,
            AttachmentKind::Publication => Attached::Publication,
        },
        name: thing.name,
    });
    let said = info.said.into_iter().map(|said| FoundSaying {
        column: said.column,
        by: match said.by {
            waybill_source::SaidBy::Default => SaidBy::Default,
            waybill_source::SaidBy::Comment => SaidBy::Comment,
            waybill_source::SaidBy::Label => SaidBy::Label,
            waybill_source::SaidBy::Check => SaidBy::Check,
            waybill_source::SaidBy::Index => SaidBy::Index,
        },
        text: said.text,
    });
    FoundTable {
        schema: info.schema,
        name: info.name,
        columns: columns.collect(),
        attached: attached.collect(),
        said: said.collect(),
        rows: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A MySQL server shows its other databases, too, and each service has an `outbox`.
    #[test]
    fn the_database_of_the_address_comes_first() {
        let table = |schema: &str, name: &str| FoundTable {
            schema: schema.to_owned(),
            name: name.to_owned(),
            ..FoundTable::default()
        };
        let tables = Tables {
            dbms: Dbms::MySql,
            tables: vec![
                table("billing", "outbox"),
                table("shop", "outbox"),
                table("billing", "invoices"),
            ],
            unreadable: BTreeMap::new(),
        };
        let find = |name: &str, url: &str| tables.find(name, url).map(FoundTable::full_name);
        let shop = "mysql://waybill@db.example/shop?ssl-mode=required";
        assert_eq!(find("outbox", shop).as_deref(), Ok("shop.outbox"));
        assert_eq!(find("OUTBOX", shop).as_deref(), Ok("shop.outbox"));
        assert_eq!(
            find("billing.outbox", shop).as_deref(),
            Ok("billing.outbox")
        );
        assert_eq!(find("invoices", shop).as_deref(), Ok("billing.invoices"));
        let of_nobody = find("outbox", "mysql://waybill@db.example").expect_err("two have it");
        assert_eq!(of_nobody.alike, ["billing.outbox", "shop.outbox"]);
        assert!(
            find("orders", shop)
                .expect_err("nobody has it")
                .alike
                .is_empty()
        );
    }
}
