//! Ways to a server that are not the straight one.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Executor as _, Row as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;
use waybill_layouts::Dbms;
use waybill_tests::pooler::Pooler;
use waybill_tests::rabbit::Vhost;
use waybill_tests::service::{Said, Service, verdicts};
use waybill_tests::shop::{Shop, has};
use waybill_tests::waybill::Waybill;

/// Poolers that refuse our settings say so; those that ignore them say nothing, hand out sessions
/// in which others have been, and take over the names of prepared statements.
#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_drops_settings_is_recognised_and_left_as_it_was() {
    let service = Service::with_outbox("pooler").await;
    service.publish_rows("aggregate_id <> 'a7'").await;
    for (ignored, more) in [
        ("extra_float_digits,options", "server_idle_timeout = 60"),
        ("extra_float_digits", ""),
    ] {
        let more = format!("ignore_startup_parameters = {ignored}\n{more}");
        let pooler = Pooler::of(&address(&service.shop), &more).await;
        let through = with_port(&service.shop.url(), pooler.port());
        service.profile(&Said {
            database: Some(through),
            ..Said::default()
        });
        for _ in 0..3 {
            let ended = service.check(&[]);
            let found = verdicts(&ended.json());
            assert_eq!(
                found,
                [("lost-in-publish".to_owned(), 1)].into(),
                "{}",
                ended.stderr
            );
        }
        let probed = service.waybill.run(&["profiles", "check", service.name()]);
        assert_eq!(probed.code, Some(0), "{}{}", probed.stdout, probed.stderr);
        has(
            &probed.stdout,
            &[
                "through a pooler that shares sessions",
                "the session is read-only",
            ],
        );
        assert_eq!(
            left_behind(&service.shop, pooler.port()).await,
            0,
            "{ignored}"
        );
    }
    service.shop.close().await;
}

/// Prepared statements in the sessions of a pooler that has two of them.
async fn left_behind(shop: &Shop, port: u16) -> i64 {
    let options: PgConnectOptions = address(shop).as_str().parse().expect("an address");
    let options = options.port(port).extra_float_digits(None);
    let mut first = PgConnection::connect_with(&options)
        .await
        .expect("it answers");
    let mut second = PgConnection::connect_with(&options)
        .await
        .expect("it answers");
    let mut left = 0;
    for connection in [&mut first, &mut second] {
        connection.execute("BEGIN").await.expect("a transaction");
        let asked = sqlx::raw_sql("SELECT count(*) FROM pg_prepared_statements");
        let row = asked.fetch_one(&mut *connection).await.expect("a number");
        left += row.get::<i64, _>(0);
    }
    left
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_ipv6_is_as_good_as_a_name() {
    let kafka = Service::empty("ipv6").await;
    for (dbms, name) in [(Dbms::Postgres, "ipv6_pg"), (Dbms::MySql, "ipv6_my")] {
        let shop = Shop::open(dbms, name).await;
        let port = on_ipv6(&address(&shop)).await;
        let url = with_port(&shop.url(), port).replace("127.0.0.1", "[::1]");
        let probed = probed(
            &url,
            shop.password(),
            &format!("kafka://{}", kafka.kafka.bootstrap()),
        );
        has(
            &probed,
            &[
                "ok  database: Look up ::1",
                "ok  database: Log in as waybill",
                "ok  broker: ",
            ],
        );
        shop.close().await;
    }
    let vhost = Vhost::new("ipv6");
    let port = on_ipv6(&vhost.url().parse().expect("an address")).await;
    let url = with_port(&vhost.url(), port).replace("127.0.0.1", "[::1]");
    let probed = probed_with(
        &kafka.shop.url(),
        kafka.shop.password(),
        &format!("url = \"{url}\"\nsecret = \"rabbit\""),
        &[("rabbit", vhost.password())],
    );
    has(
        &probed,
        &["ok  broker: Look up ::1", "ok  broker: Log in as"],
    );
    kafka.shop.close().await;
}

/// A password is a password, whatever it would mean in an address.
#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_taken_as_they_are() {
    let odd = ["a%2Fb", "a%zzb", "100%", "a/b?c#d@e:f", "ä ö", "%"];
    for dbms in [Dbms::Postgres, Dbms::MySql] {
        let shop = Shop::open(dbms, "passwords").await;
        let kafka = waybill_tests::kafka::Kafka::shared();
        for password in odd {
            let user = format!("odd_{}", std::process::id());
            let account = match dbms {
                Dbms::MySql => format!(
                    "CREATE OR REPLACE USER '{user}'@'127.0.0.1' IDENTIFIED BY '{password}'; GRANT ALL ON *.* TO '{user}'@'127.0.0.1'"
                ),
                _ => format!(
                    "DROP ROLE IF EXISTS {user}; CREATE ROLE {user} LOGIN PASSWORD '{password}'"
                ),
            };
            shop.execute(&account).await;
            let url = shop.url().replace("waybill@", &format!("{user}@"));
            let probed = probed(&url, password, &format!("kafka://{}", kafka.bootstrap()));
            has(&probed, &[&format!("ok  database: Log in as {user}")]);
        }
        shop.execute(&format!(
            "DROP USER odd_{}{}",
            std::process::id(),
            match dbms {
                Dbms::MySql => "@'127.0.0.1'",
                _ => "",
            }
        ))
        .await;
        shop.close().await;
    }
}

/// What other programs find in the environment is not for us: a profile says whose password it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_another_program_is_not_used() {
    let service = Service::with_outbox("pgpassword").await;
    service.profile(&Said::default());
    let path = service.waybill.config().join("pgpassword.toml");
    let text = std::fs::read_to_string(&path).expect("it was written");
    std::fs::write(&path, text.replace("secret = \"shop-db\"\n", "")).expect("written");
    let password = service.shop.password();
    let ended = service.waybill.run_with(
        &["profiles", "check", "pgpassword"],
        &[("PGPASSWORD", password)],
    );
    has(&ended.stdout, &["NO  database: Log in as waybill"]);
    service.shop.close().await;
}

/// A file that somebody has locked for himself alone: neither fine nor missing, and said so.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_file_is_said_to_be_locked() {
    let service = Service::empty("locked_file").await;
    let shop = Shop::open(Dbms::Sqlite, "locked_file").await;
    shop.execute(
        "CREATE TABLE outbox (id text PRIMARY KEY, aggregate_type text, aggregate_id text, \
         type text, payload text, created_at text, sent_at text)",
    )
    .await;
    service.profile(&Said {
        database: Some(shop.url()),
        ..Said::default()
    });
    let held = shop.hold("BEGIN EXCLUSIVE").await;
    let ended = service.check(&[]);
    let document = ended.json();
    assert_eq!(ended.code, Some(2), "{document:#}");
    has(&format!("{document}{}", ended.stderr), &["locked"]);
    held.release().await;
    service.shop.close().await;
}

/// A broker that tells clients to find it under a name that nobody here knows.
#[tokio::test(flavor = "multi_thread")]
async fn an_advertised_name_that_is_unknown_is_named() {
    const TRUE: &[u8] = b"127.0.0.1";
    const TOLD: &[u8] = b"a.invalid";
    let service = Service::empty("advertised").await;
    let upstream = service.kafka.bootstrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = tokio::net::TcpStream::connect(upstream.clone()).await?;
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                loop {
                    let n = from_server.read(&mut bytes).await?;
                    if n == 0 {
                        return Ok::<_, std::io::Error>(());
                    }
                    for at in 0..n.saturating_sub(TRUE.len() - 1) {
                        if bytes[at..].starts_with(TRUE) {
                            bytes[at..at + TRUE.len()].copy_from_slice(TOLD);
                        }
                    }
                    to_client.write_all(&bytes[..n]).await?;
                }
            });
        }
        Ok::<_, std::io::Error>(())
    });
    let broker = format!("kafka://127.0.0.1:{port}");
    let probed = probed(&service.shop.url(), service.shop.password(), &broker);
    has(&probed, &["a.invalid", "correct its advertised.listeners"]);
    assert!(!probed.contains("security.protocol"), "{probed}");
    service.shop.close().await;
}

/// A port of `[::1]` that leads to a server on 127.0.0.1.
async fn on_ipv6(server: &Url) -> u16 {
    let upstream = format!("127.0.0.1:{}", server.port().expect("it has a port"));
    let listener = TcpListener::bind("[::1]:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let upstream = upstream.clone();
            tokio::spawn(async move {
                let mut server = tokio::net::TcpStream::connect(upstream).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    port
}

/// The address with its password.
fn address(shop: &Shop) -> Url {
    let mut url: Url = shop.url().parse().expect("an address");
    url.set_password(Some(shop.password()))
        .expect("it has a host");
    url
}

fn with_port(url: &str, port: u16) -> String {
    let mut url: Url = url.parse().expect("an address");
    url.set_port(Some(port)).expect("it has a host");
    url.to_string()
}

/// What `profiles check` says of a profile with these addresses.
fn probed(database: &str, password: &str, broker: &str) -> String {
    probed_with(database, password, &format!("url = \"{broker}\""), &[])
}

fn probed_with(database: &str, password: &str, broker: &str, secrets: &[(&str, &str)]) -> String {
    let own = [("shop-db", password)];
    let secrets = secrets.iter().chain(&own);
    let secrets = secrets.map(|(name, secret)| ((*name).to_owned(), (*secret).to_owned()));
    let waybill = Waybill::with_secrets(secrets.collect());
    std::fs::create_dir_all(waybill.config()).expect("the config folder can be made");
    let text = format!(
        "name = \"p\"\nenvironment = \"development\"\naccess = \"read-only\"\n\
         [database]\nurl = \"{database}\"\nsecret = \"shop-db\"\n[broker]\n{broker}\n\
         [outbox]\ntable = \"outbox\"\nkey = \"id\"\nid = \"id\"\ncreated-at = \"at\"\n\
         [[flow]]\nname = \"f\"\ndestination = \"d\"\nmatch = {{ id = [\"header:id\"] }}\n"
    );
    std::fs::write(waybill.config().join("p.toml"), text).expect("written");
    let ended = waybill.run(&["profiles", "check", "p"]);
    format!("{}{}", ended.stdout, ended.stderr)
}
