//! The tables of every layout, each known version, on real servers: the recogniser sees them
//! through the real source as what they are, the reader says of rows in every state what their
//! library would say, and the ways back do what they are for and nothing else.

mod inboxes;
mod row;
mod states;
mod tried;
mod ways;

use std::collections::BTreeSet;
use std::sync::Arc;

use waybill_engine::tables::{Tables, look};
use waybill_layouts::{
    Attached, Confidence, Dbms, Explanation, FoundTable, TableRole, Verdict, find_table, layout,
    layouts,
};
use waybill_source::Database;

use self::states::Stage;
use self::tried::Tried;
use super::base::{Base, Product};
use waybill_tests::library_table::Made;

/// What is created at the same time: nothing in it has the same name.
type Round = Vec<Made>;

fn dbms(product: Product) -> Dbms {
    match product {
        Product::Postgres => Dbms::Postgres,
        Product::MariaDb => Dbms::MySql,
        Product::Sqlite => Dbms::Sqlite,
    }
}

/// Every version of every table that exists on a database, also under names by which it is something
/// else.
fn every_version_of_every_table(dbms: Dbms) -> Vec<Made> {
    let tables = layouts().iter().flat_map(|layout| &layout.tables);
    let versions = tables.flat_map(|table| {
        let versions = table.known_versions().into_iter();
        versions.map(move |version| (table, version))
    });
    versions
        .filter_map(|(table, version)| {
            let made = Made::of(table, &version, dbms)?;
            let named = table.name_roles.iter();
            let otherwise = named.map(|it| made.clone().called(&it.name));
            let otherwise: Vec<Made> = otherwise.collect();
            Some(std::iter::once(made).chain(otherwise))
        })
        .flatten()
        .collect()
}

/// Tables in as few rounds as their names allow.
fn rounds(all: Vec<Made>) -> Vec<Round> {
    let mut rounds: Vec<(BTreeSet<String>, Round)> = Vec::new();
    for made in all {
        let name = made.place();
        match rounds.iter_mut().find(|(names, _)| !names.contains(&name)) {
            Some((names, round)) => {
                names.insert(name);
                round.push(made);
            }
            None => rounds.push((BTreeSet::from([name]), vec![made])),
        }
    }
    rounds.into_iter().map(|(_, round)| round).collect()
}

/// Makes the tables of a round, and looks at all of them together.
async fn created(base: &Base, database: &Arc<dyn Database>, round: &Round) -> Tables {
    for made in round {
        base.execute(&made.create(&base.name)).await;
    }
    look_around(database, dbms(base.product)).await
}

async fn dropped(base: &Base, round: &Round) {
    for made in round {
        base.execute(&made.drop()).await;
    }
}

/// A table of a round as it was found.
fn found<'a>(base: &Base, tables: &'a Tables, made: &Made) -> &'a FoundTable {
    find_table(&tables.tables, &made.full_name(&base.name))
        .unwrap_or_else(|none| panic!("{made:?} is among the tables: {none:?}"))
}

async fn look_around(database: &Arc<dyn Database>, dbms: Dbms) -> Tables {
    look(database, dbms)
        .await
        .expect("the tables can be listed")
}

fn claims(explanation: &Explanation) -> Vec<&str> {
    let claims = explanation.candidates.iter();
    claims
        .filter(|candidate| candidate.confidence > Confidence::Possible)
        .map(|candidate| candidate.table.id.as_str())
        .collect()
}

/// Creates, looks, fills with rows in every state, puts them back and drops, round by round.
async fn every_version(product: Product) -> Tried {
    let base = Base::new(product, "layouts").await;
    let database = base.open().await;
    let mut tried = Tried::default();
    for round in rounds(every_version_of_every_table(dbms(product))) {
        let tables = created(&base, &database, &round).await;
        for made in &round {
            let stage = Stage {
                base: &base,
                database: &database,
                made,
                found: found(&base, &tables, made),
            };
            stage.is_recognised(&tables).await;
            tried.tables += 1;
            tried.ids.insert(made.id().to_owned());
            stage.read_every_state(&tables, &mut tried).await;
            stage.read_inbox(&tables, &mut tried).await;
            stage.put_back_by_every_way(&mut tried).await;
        }
        dropped(&base, &round).await;
    }
    database.close().await;
    tried
}

impl Stage<'_> {
    /// The only layout that claims it is its own, and its rows can be looked at.
    async fn is_recognised(&self, tables: &Tables) {
        let (made, table) = (self.made, self.found);
        let explanation = tables.explain(table);
        let claims = claims(&explanation);
        assert_eq!(claims, [made.id()], "{made:?}: {explanation:#?}");
        let sample = self.database.sample(&table.full_name(), 1).await;
        let sample = sample.unwrap_or_else(|error| panic!("{made:?}: {}", error.chain()));
        assert_eq!(sample.columns.len(), table.columns.len(), "{made:?}");
    }
}

#[tokio::test]
async fn every_version_on_postgres() {
    let tried = every_version(Product::Postgres).await;
    tried.is_all(
        dbms(Product::Postgres),
        [113, 163, 63, 89, 103, 7, 25, 22, 23, 52, 29],
    );
}

#[tokio::test]
async fn every_version_on_mariadb() {
    let tried = every_version(Product::MariaDb).await;
    tried.is_all(
        dbms(Product::MariaDb),
        [90, 120, 56, 79, 72, 6, 21, 15, 18, 39, 21],
    );
}

#[tokio::test]
async fn every_version_on_sqlite() {
    let tried = every_version(Product::Sqlite).await;
    tried.is_all(
        dbms(Product::Sqlite),
        [49, 71, 32, 44, 40, 0, 12, 9, 14, 30, 16],
    );
}

/// A catalogue of a few hundred tables is read within the limit of a statement, and one of them is
/// described without a look at the others.
#[tokio::test]
async fn many_tables_are_listed_in_time() {
    for product in [Product::Postgres, Product::MariaDb, Product::Sqlite] {
        let base = Base::new(product, "layouts_many").await;
        // Tables on disk take MariaDB a minute to make.
        let engine = match product {
            Product::MariaDb => "ENGINE = MEMORY",
            Product::Postgres | Product::Sqlite => "",
        };
        let one = |nth: usize| {
            format!(
                "CREATE TABLE t{nth} (id int PRIMARY KEY, a int, b int, c int, UNIQUE (a)) {engine}"
            )
        };
        let all: Vec<String> = (0..300).map(one).collect();
        base.execute(&all.join("; ")).await;
        let database = base.open().await;
        let tables = look_around(&database, dbms(product)).await.tables;
        assert!(tables.len() >= 300, "{product:?}");
        let sample = database.sample("t7", 1).await;
        assert_eq!(sample.expect("it is described").columns.len(), 4);
    }
}

/// What a library hangs on its table is seen, and a publication with it.
#[tokio::test]
async fn what_hangs_on_a_table_is_seen() {
    let base = Base::new(Product::Postgres, "layouts_attached").await;
    base.execute(
        "CREATE TABLE outbox (id int); \
         ALTER TABLE outbox ADD CONSTRAINT outbox_lease_ck CHECK (id > 0); \
         CREATE INDEX outbox_pending_idx ON outbox (id); \
         CREATE FUNCTION tell() RETURNS trigger AS 'BEGIN RETURN NEW; END' LANGUAGE plpgsql; \
         CREATE TRIGGER notify_trigger AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION tell(); \
         CREATE PUBLICATION dbz_publication FOR TABLE outbox",
    )
    .await;
    let database = base.open().await;
    let tables = look_around(&database, Dbms::Postgres).await;
    let table = find_table(&tables.tables, "outbox").expect("it is there");
    let attached: Vec<(Attached, &str)> = table
        .attached
        .iter()
        .map(|thing| (thing.kind, thing.name.as_str()))
        .collect();
    assert_eq!(
        attached,
        [
            (Attached::Constraint, "outbox_lease_ck"),
            (Attached::Index, "outbox_pending_idx"),
            (Attached::Publication, "dbz_publication"),
            (Attached::Trigger, "notify_trigger"),
        ]
    );
}

/// pg-boss keeps each queue in a part of one table: it is one outbox, not one per queue.
#[tokio::test]
async fn a_table_in_parts_is_one_table() {
    let base = Base::new(Product::Postgres, "layouts_parts").await;
    let boss = &layout("pg-boss").expect("it is known").tables[0];
    let made = Made::of(boss, &boss.known_versions()[0], Dbms::Postgres).expect("it exists there");
    let create = made.create(&base.name);
    base.execute(&format!("{create} PARTITION BY LIST (name)"))
        .await;
    base.execute("CREATE TABLE pgboss.mail PARTITION OF pgboss.job FOR VALUES IN ('mail')")
        .await;
    let database = base.open().await;
    let tables = look_around(&database, Dbms::Postgres).await;
    let found: Vec<String> = tables
        .recognised()
        .into_iter()
        .map(|found| found.table)
        .collect();
    assert_eq!(found, ["pgboss.job"]);
}

/// Two services in one database, one of them quoted and in a schema of its own, beside business.
#[tokio::test]
async fn two_services_and_a_business_share_a_database() {
    let base = Base::new(Product::Postgres, "layouts_two").await;
    base.execute("CREATE SCHEMA \"Sales.EU\"").await;
    let masstransit = layout("masstransit").expect("it is known");
    for table in &masstransit.tables {
        let made = Made::of(table, &table.known_versions()[0], Dbms::Postgres);
        let made = made.expect("it exists there").in_schema("Sales.EU");
        base.execute(&made.create(&base.name)).await;
    }
    base.execute(
        "CREATE TABLE outbox (no bigserial PRIMARY KEY, event_id uuid, aggregate_id text, type text, \
           payload jsonb, created_at timestamptz, status text); \
         INSERT INTO outbox (type, created_at, status) VALUES ('a', now(), 'SENT'), ('b', now(), 'NEW'); \
         CREATE TABLE orders (id bigint PRIMARY KEY, status text, created_at timestamptz); \
         CREATE TABLE messages (id bigint PRIMARY KEY, chat_id bigint, body text, created_at timestamptz)",
    )
    .await;
    let database = base.open().await;
    let tables = look_around(&database, Dbms::Postgres).await;
    let recognised = tables.recognised();
    let found: Vec<(&str, Option<TableRole>)> = recognised
        .iter()
        .map(|found| {
            (
                found.table.as_str(),
                found.recognised().map(|first| first.role),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("Sales.EU.OutboxMessage", Some(TableRole::Outbox)),
            ("Sales.EU.InboxState", Some(TableRole::Inbox)),
            ("Sales.EU.OutboxState", Some(TableRole::State)),
            ("public.outbox", None),
        ]
    );
    let Verdict::HandMade(proposal) = &recognised[3].verdict else {
        panic!("{:#?}", recognised[3]);
    };
    assert_eq!(proposal.sent_states, ["SENT"], "its rows were looked at");
    assert_eq!(proposal.questions, []);
}
