//! Addresses as people write and paste them.

use super::*;

const SECRETS: [&str; 2] = ["S3cret", "Pw1"];

fn told(url: &str) -> String {
    match refusal(url) {
        Some(refusal) => format!("{}: {refusal} {}", shown(url), refusal.advice()),
        None => shown(url),
    }
}

#[test]
fn ordinary_addresses_are_taken_and_shown_without_the_user() {
    for (url, shown) in [
        (
            "postgres://ann@db.example:5432/shop",
            "postgres://db.example:5432/shop",
        ),
        (
            "postgres://ann%40corp@db/shop?sslmode=verify-full",
            "postgres://db/shop",
        ),
        (
            "postgres://ann@[::1]:5432/shop",
            "postgres://[::1]:5432/shop",
        ),
        (
            "postgres://ann@[fe80::1%25eth0]/shop",
            "postgres://[fe80::1%25eth0]/shop",
        ),
        (
            "postgresql://ann@%2Fvar%2Frun/shop",
            "postgresql://%2Fvar%2Frun/shop",
        ),
        (
            "postgres://ann@localhost/shop?host=/var/run/postgresql",
            "postgres://localhost/shop",
        ),
        (
            "mysql://ann@db:3306/shop?charset=utf8mb4&connect_timeout=5",
            "mysql://db:3306/shop",
        ),
        (
            "kafka://one:9092,two:9092,[::1]:9092",
            "kafka://one:9092,two:9092,[::1]:9092",
        ),
        ("kafka://ann@one:9092/", "kafka://one:9092/"),
        ("amqps://ann@rabbit/%2f", "amqps://rabbit/%2f"),
        ("amqp://rabbit?heartbeat=10", "amqp://rabbit"),
        ("http://ann@rabbit:15672", "http://rabbit:15672"),
        ("sqlite:/var/a b/shop#1.db", "sqlite:/var/a b/shop#1.db"),
        ("sqlite:shop.db?mode=ro", "sqlite:shop.db?mode=ro"),
        ("db.example", "db.example"),
        ("one:9092,two:9092", "one:9092,two:9092"),
    ] {
        assert_eq!(told(url), shown, "{url}");
    }
}

#[test]
fn a_password_in_any_form_is_refused_and_never_shown() {
    for url in [
        "postgres://u:S3cretPw1@h:5432/db",
        "postgres://u:S3cret/Pw1@h:5432/db",
        "postgres://u:12/S3cret@h:5432/db",
        "postgres://u:S3cret#Pw1@h:5432/db",
        "postgres://u:12#S3cret@h:5432/db",
        "postgres://u:S3cret?Pw1@h:5432/db",
        "postgres://u:12?S3cret=Pw1@h:5432/db",
        "postgres://u:S3cret@Pw1@h:5432/db",
        "postgres://u:S3cret/x@Pw1/@h:5432/db",
        "postgres://u@S3cretPw1@h/db",
        "postgres://u%3AS3cretPw1@h/db",
        "postgres://:S3cretPw1@h/db",
        "postgres://u@h/db?password=S3cretPw1",
        "postgres://u@h/db?sslmode=require&sslpassword=S3cretPw1",
        "postgres://u@h/db?SSLPassword=S3cretPw1",
        "postgres://u@h/db?S3cretPw1",
        "postgres://u@h/db?sesame=S3cretPw1",
        "postgres://u@h/db;password=S3cretPw1",
        "postgres://u@h/db&password=S3cretPw1",
        "jdbc:postgresql://h/db?user=u&password=S3cretPw1",
        "jdbc:sqlserver://h;user=u;password=S3cretPw1",
        "r2dbc:mysql://u:S3cretPw1@h/db",
        "host=h user=u password=S3cretPw1 dbname=db",
        "user=u password='S3cret Pw1' host=h",
        "Server=h;Port=5432;Uid=u;Pwd=S3cretPw1",
        "Data Source=shop.db;Password=S3cretPw1",
        "Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey=S3cretPw1",
        "u:S3cretPw1@tcp(h:3306)/db",
        "u:S3cretPw1@h/db",
        "u/S3cretPw1@h:1521/db",
        "//u:S3cretPw1@h/db",
        "postgres:u:S3cretPw1@h",
        "postgres:/u:S3cretPw1@h/db",
        "mysql+pymysql://u:S3cretPw1@h/db",
        "kafka://u:S3cretPw1@h:9092",
        "kafka://h:9092?sasl.password=S3cretPw1",
        "kafka://h:9092/S3cret:Pw1",
        "amqp://u:S3cret%2FPw1@h/v",
        "amqp://u:S3cret^Pw1@h",
        "http://u:S3cretPw1@h:15672",
        "http://h:15672?apikey=S3cretPw1",
        "sqlite:shop.db?key=S3cretPw1",
        "sqlite:shop.db;Password=S3cretPw1",
        "file:shop.db?_auth_pass=S3cretPw1",
        " postgres://u:S3cretPw1@h/db",
        "\"postgres://u:S3cretPw1@h/db\"",
    ] {
        let refused = refusal(url).unwrap_or_else(|| panic!("{url} is taken"));
        let words = format!("{} {refused} {refused:?} {}", shown(url), refused.advice());
        assert!(
            !SECRETS.iter().any(|part| words.contains(part)),
            "{url}: {words}"
        );
    }
}

#[test]
fn what_to_do_is_said() {
    let list = "This is a list of settings and no address. Write it like postgres://user@host:5432/database, mysql://…, kafka://host:9092 or amqp://user@host:5672/vhost, without the password.";
    let unclear = "This address cannot be read: one of / ? # @ : stands where it has no meaning. Leave the password out; in the name of a user or a database write such a character with a percent sign, like %40 for @.";
    for (url, expected) in [
        (
            "postgres://u:x@h/db",
            "postgres://h/db: There is a password in this address. Remove it.",
        ),
        ("host=h password=x", &format!("…: {list}")),
        ("postgres://u:x/y@h/db", &format!("postgres:…: {unclear}")),
        (
            "jdbc:postgresql://h/db",
            "jdbc:…: This is an address as JDBC writes it. Write it like postgres://user@host:5432/database, mysql://…, kafka://host:9092 or amqp://user@host:5672/vhost, without the password.",
        ),
        (
            "mysql://u@h/db?ssl-verify=x",
            "mysql://h/db: 'ssl-verify' behind the question mark of this address is not known. Remove it: besides what says how to encrypt, an address needs no parameter.",
        ),
    ] {
        assert_eq!(told(url), expected, "{url}");
    }
}
