//! A server that speaks just enough of Kafka's protocol to refuse a login.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use waybill_model::Access;
use waybill_source::{Driver as _, Error, ProbeOutcome, Secret, Target};
use waybill_source_kafka::KafkaDriver;
use waybill_tests::kafka::Kafka;

use futures::StreamExt as _;

const API_VERSIONS: i16 = 18;
const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;

const UNSUPPORTED_VERSION: i16 = 35;
const SASL_AUTHENTICATION_FAILED: i16 = 58;

/// Listens on a port of its own for as long as the test lasts; returns `host:port`.
async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Answers one connection until the client leaves.
async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    loop {
        let len = stream.read_u32().await?;
        let mut request = vec![0; len as usize];
        stream.read_exact(&mut request).await?;
        let (api, rest) = take_i16(&request);
        let (version, rest) = take_i16(rest);
        let mut answer = rest[..4].to_vec();
        match api {
            API_VERSIONS => api_versions(&mut answer, version),
            SASL_HANDSHAKE => {
                put_i16(&mut answer, 0);
                answer.extend(1_i32.to_be_bytes());
                put_text(&mut answer, "PLAIN");
            }
            SASL_AUTHENTICATE => {
                put_i16(&mut answer, SASL_AUTHENTICATION_FAILED);
                put_text(&mut answer, "invalid username or password");
                answer.extend(0_i32.to_be_bytes());
                if version > 0 {
                    answer.extend(0_i64.to_be_bytes());
                }
            }
            // Nothing else is answered before the login.
            _ => return Ok(()),
        }
        let len = u32::try_from(answer.len()).expect("it is short");
        stream.write_u32(len).await?;
        stream.write_all(&answer).await?;
    }
}

/// What can be asked: the oldest version of this question itself, and the login.
fn api_versions(answer: &mut Vec<u8>, version: i16) {
    put_i16(answer, if version == 0 { 0 } else { UNSUPPORTED_VERSION });
    let known = [
        (API_VERSIONS, 0, 0),
        (SASL_HANDSHAKE, 0, 1),
        (SASL_AUTHENTICATE, 0, 1),
    ];
    answer.extend(3_i32.to_be_bytes());
    for (api, min, max) in known {
        put_i16(answer, api);
        put_i16(answer, min);
        put_i16(answer, max);
    }
}

fn take_i16(bytes: &[u8]) -> (i16, &[u8]) {
    let (head, rest) = bytes.split_at(2);
    (i16::from_be_bytes([head[0], head[1]]), rest)
}

fn put_i16(bytes: &mut Vec<u8>, value: i16) {
    bytes.extend(value.to_be_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_i16(bytes, i16::try_from(text.len()).expect("it is short"));
    bytes.extend(text.as_bytes());
}

fn target(address: &str) -> Target {
    let mut target = Kafka::at(format!("ann@{address}")).target(Access::ReadOnly);
    target.secret = Some(Secret::new("hunter2"));
    let protocol = ("security.protocol".to_owned(), "sasl_plaintext".to_owned());
    target.options.extend([protocol]);
    target
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_at_once_and_never_shown() {
    let address = start().await;
    let target = target(&address);
    let error = KafkaDriver.open(&target).await.expect_err("it is wrong");
    assert!(matches!(error, Error::Login { .. }), "{error:?}");
    let text = error.chain();
    assert!(text.contains("refused user 'ann'"), "{text}");
    assert!(text.contains("invalid username or password"), "{text}");
    assert!(!text.contains("hunter2") && !format!("{error:?}").contains("hunter2"));

    let steps: Vec<_> = KafkaDriver.probe(&target).collect().await;
    let last = steps.last().expect("it has steps");
    let ProbeOutcome::Failed(why) = &last.outcome else {
        panic!("{steps:?}");
    };
    assert!(why.contains("check user, secret"), "{why}");
    assert!(!format!("{steps:?}").contains("hunter2"));
}
