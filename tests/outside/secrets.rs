//! A password that somebody pastes is never said again.

use waybill_tests::service::{Said, Service};
use waybill_tests::waybill::{Ended, Waybill};

/// Forms that other tools have taught people, all with the password in them.
const PASTED: [&str; 19] = [
    "postgres://u:S3cretPw@h:5432/db",
    "postgres://u:S3cret/Pw@h:5432/db",
    "postgres://u:12/S3cretPw@h:5432/db",
    "postgres://u:S3cretPw#1@h:5432/db",
    "postgres://u:S3cretPw?1@h:5432/db",
    "postgres://u:S3cret@Pw@h:5432/db",
    "postgres://u@h/db?password=S3cretPw",
    "postgres://u@h/db?sslpassword=S3cretPw",
    "postgres://u@h/db?sesame=S3cretPw",
    "postgresql+asyncpg://u:S3cretPw@h/db",
    "jdbc:postgresql://h/db?user=u&password=S3cretPw",
    "host=h user=u password=S3cretPw dbname=db",
    "Server=h;Port=5432;Uid=u;Pwd=S3cretPw",
    "u:S3cretPw@tcp(h:3306)/db",
    "u:S3cretPw@h/db",
    "mysql://u:S3cretPw@h/db",
    "sqlite:shop.db?key=S3cretPw",
    "kafka://u:S3cretPw@h:9092",
    "amqp://u:S3cretPw^@h/v",
];

fn silent(ended: &Ended, about: &str) {
    let words = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!words.contains("S3cret"), "{about}: {words}");
    assert!(!words.contains("well-formed"), "{about}: {words}");
    assert_ne!(ended.code, Some(0), "{about}: {words}");
}

/// Everything that an address can be given to.
fn doors<'a>(name: &'a str, url: &'a str) -> [Vec<&'a str>; 9] {
    let new = |database: &'a str, broker: &'a str, more: &[&'a str]| {
        let words = [
            "profiles",
            "new",
            "--yes",
            "--database",
            database,
            "--broker",
            broker,
        ];
        [&words[..], more].concat()
    };
    let fine = "postgres://u@h/db";
    [
        vec!["profiles", "check", name, "--offline"],
        vec!["profiles", "check", name],
        vec!["--log", "debug", "check", "--profile", name],
        vec!["--log", "debug", "check", "--json", "--profile", name],
        vec!["layouts", "explain", "outbox", "--database", url],
        new(url, "kafka://h:9092", &[]),
        new(fine, url, &[]),
        new(fine, "amqp://h", &["--management-url", url]),
        new(fine, "amqp://h", &["--consumer-database", url]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_password_is_refused_in_every_form_and_never_printed() {
    let service = Service::empty("pasted").await;
    for (nth, url) in PASTED.into_iter().enumerate() {
        service.profile(&Said {
            database: Some(url.to_owned()),
            ..Said::default()
        });
        let name = service.name();
        let doors = doors(name, url);
        // Each form at one door after the other, and all of them where profiles are checked.
        for args in [&doors[0], &doors[1 + nth % (doors.len() - 1)]] {
            silent(&service.waybill.run(args), &format!("{url} in {args:?}"));
        }
    }
    let listed = service.waybill.run(&["profiles", "list"]);
    assert!(!listed.stdout.contains("S3cret"), "{}", listed.stdout);
    service.shop.close().await;
}

/// An address where a table of settings belongs, and a client's setting that holds a password.
#[test]
fn a_password_in_another_place_of_a_profile_is_not_printed_either() {
    let waybill = Waybill::new();
    std::fs::create_dir_all(waybill.config()).expect("the config folder can be made");
    for wrong in [
        "database = \"postgres://u:S3cretPw@h/db\"\n",
        "[database]\nurl = [\"postgres://u:S3cretPw@h/db\"]\n",
        "[database]\nurl = \"postgres://u@h/db\"\npassword = \"S3cretPw\"\n",
        "[database]\nurl = \"postgres://u@h/db\"\n[broker]\nurl = \"kafka://h\"\n[broker.options]\n\"sasl.jaas.config\" = 'x password=\"S3cretPw\";'\n",
    ] {
        let path = waybill.config().join("wrong.toml");
        let text = format!(
            "name = \"wrong\"\nenvironment = \"development\"\naccess = \"read-only\"\n{wrong}"
        );
        std::fs::write(path, text).expect("written");
        silent(&waybill.run(&["profiles", "check", "wrong"]), wrong);
        silent(&waybill.run(&["check", "--profile", "wrong"]), wrong);
    }
    let options = [
        "profiles",
        "new",
        "--database",
        "sqlite:x.db",
        "--broker",
        "kafka://h:9092",
    ];
    for option in [
        "sasl.password=S3cretPw",
        "S3cretPw",
        "sasl.jaas.config=password=S3cretPw",
    ] {
        silent(
            &waybill.run(&[&options[..], &["--broker-option", option]].concat()),
            option,
        );
    }
}
