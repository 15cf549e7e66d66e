//! `waybill layouts`: whose tables are known, and whose a table is.

use waybill_engine::tables::Tables;
use waybill_layouts::FoundTable;
use waybill_model::DatabaseSettings;

use crate::args::{Explain, Layouts, LayoutsCommand};
use crate::client::Client;
use crate::exit::Exit;
use crate::output;
use crate::report::layouts::{explained, known};
use crate::start::Refused;

/// How many names are offered when none was right.
const OFFERED: usize = 10;

pub(crate) async fn run(args: &Layouts) -> anyhow::Result<Exit> {
    match &args.what {
        Some(LayoutsCommand::Explain(explain)) => self::explain(explain).await,
        None if args.json => {
            output::json(&known::document())?;
            Ok(Exit::Fine)
        }
        None => {
            known::text();
            Ok(Exit::Fine)
        }
    }
}

async fn explain(args: &Explain) -> anyhow::Result<Exit> {
    let settings = DatabaseSettings {
        url: args.database.clone(),
        secret: args.secret.clone(),
    };
    let tables = Client::start()?
        .look_at_tables(&settings)
        .await
        .map_err(Refused)?;
    let table = meant(&tables, args)?;
    let explanation = tables.explain(table);
    if args.json {
        output::json(&explained::document(table, &explanation, &tables))?;
    } else {
        explained::text(table, &explanation, &tables);
    }
    Ok(Exit::Fine)
}

/// The table that is meant, or which there are instead.
fn meant<'a>(tables: &'a Tables, args: &Explain) -> anyhow::Result<&'a FoundTable> {
    let name = &args.table;
    tables.find(name, &args.database).map_err(|none| {
        if !none.alike.is_empty() {
            return anyhow::anyhow!(
                "several tables are called '{name}': {}; write one of them out",
                none.alike.join(", ")
            );
        }
        let somebodys: Vec<String> = tables
            .recognised()
            .into_iter()
            .map(|found| found.table)
            .collect();
        let (what, names) = if somebodys.is_empty() {
            let all = tables.tables.iter().map(FoundTable::full_name);
            ("there are", all.collect())
        } else {
            ("recognised are", somebodys)
        };
        let more = if names.len() > OFFERED { ", …" } else { "" };
        let names = names
            .into_iter()
            .take(OFFERED)
            .collect::<Vec<_>>()
            .join(", ");
        anyhow::anyhow!("there is no table '{name}'; {what}: {names}{more}")
    })
}
