//! Opens the shop's database, making it where it lives on a server.

use std::sync::Arc;

use url::Url;

use super::mysql::MySql;
use super::postgres::Postgres;
use super::sql::Sql;
use super::sqlite::Sqlite;
use crate::name::Names;
use crate::{DatabaseKind, Error, Result};

/// The file of a SQLite shop.
pub(crate) const SQLITE_FILE: &str = "shop.db";

/// Opens what `kind` describes, with its tables.
pub(super) async fn open(kind: &DatabaseKind, names: &Names) -> Result<Arc<dyn Sql>> {
    let failed = |what| {
        move |source| Error::Database {
            what,
            database: kind.name(),
            source,
        }
    };
    let name = names.database();
    let sql: Arc<dyn Sql> = match kind {
        DatabaseKind::Sqlite { dir } => {
            std::fs::create_dir_all(dir).map_err(|source| Error::File {
                what: "make the folder",
                path: dir.clone(),
                source,
            })?;
            let opened = Sqlite::open(&dir.join(SQLITE_FILE)).await;
            Arc::new(opened.map_err(failed("open the file"))?)
        }
        DatabaseKind::Postgres { url } => {
            let made = Postgres::make_database(url, &name).await;
            made.map_err(failed("make a database"))?;
            let opened = Postgres::open(&with_database(url, &name)?, url, &name).await;
            Arc::new(opened.map_err(failed("connect"))?)
        }
        DatabaseKind::MySql { url } => {
            let made = MySql::make_database(url, &name).await;
            made.map_err(failed("make a database"))?;
            let opened = MySql::open(&with_database(url, &name)?, url, &name).await;
            Arc::new(opened.map_err(failed("connect"))?)
        }
    };
    sql.make_tables().await.map_err(failed("make the tables"))?;
    Ok(sql)
}

/// The same server, another database.
pub(crate) fn with_database(url: &str, name: &str) -> Result<String> {
    let mut url = Url::parse(url)
        // The text may hold a password, and so may the parser's error.
        .map_err(|error| Error::Config(format!("the database's address is no URL: {error}")))?;
    url.set_path(name);
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_changes() {
        assert_eq!(
            with_database("postgres://me:pw@127.0.0.1:5432/postgres?a=b", "t1-shop")
                .expect("it is a URL"),
            "postgres://me:pw@127.0.0.1:5432/t1-shop?a=b"
        );
    }
}
