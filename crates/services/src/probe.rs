//! Asking a server, in its own protocol, whether it is ready to work.
//!
//! A port that accepts is not a server that works: PostgreSQL accepts while it
//! still recovers, Kafka before its broker is unfenced. Each probe sends the
//! first message of the protocol and understands just enough of the answer. No
//! client library is needed for that, so that `cargo xtask` compiles fast.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::blueprint::Address;
use crate::kind::Kind;

/// On loopback an answer takes milliseconds; a server this slow is not usable.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer we read: a metadata answer with some hundred topics.
const LONGEST_ANSWER: usize = 4 << 20;

/// Fails unless the server takes part in its protocol.
pub(crate) fn probe(kind: Kind, address: &Address) -> Result<()> {
    let outcome = match kind {
        Kind::Postgres => postgres(address),
        Kind::MariaDb => mariadb(address),
        Kind::RabbitMq => rabbitmq(address),
        Kind::Kafka => kafka(address),
    };
    outcome.with_context(|| format!("{kind} does not answer on 127.0.0.1:{}", address.port))
}

/// Names a user; a server that is ready asks for the password.
fn postgres(address: &Address) -> Result<()> {
    const PROTOCOL_3: u32 = 3 << 16;
    const AUTHENTICATION: u8 = b'R';
    let mut body = PROTOCOL_3.to_be_bytes().to_vec();
    for word in ["user", &address.user, "database", "postgres", ""] {
        body.extend_from_slice(word.as_bytes());
        body.push(0);
    }
    let mut stream = connect(address.port)?;
    let length = u32::try_from(body.len() + 4).context("a start-up message is short")?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(&body)?;
    let mut tag = [0];
    stream.read_exact(&mut tag)?;
    ensure!(tag[0] == AUTHENTICATION, "it is still starting");
    Ok(())
}

/// A server that is ready greets with protocol version 10.
fn mariadb(address: &Address) -> Result<()> {
    const PROTOCOL_10: u8 = 10;
    let mut stream = connect(address.port)?;
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting)?;
    ensure!(greeting[4] == PROTOCOL_10, "it refuses connections");
    Ok(())
}

/// Opens the protocol and, over HTTP, asks the management interface who we are.
fn rabbitmq(address: &Address) -> Result<()> {
    const CONNECTION_START: [u8; 4] = [0, 10, 0, 10];
    let mut stream = connect(address.port)?;
    stream.write_all(b"AMQP\x00\x00\x09\x01")?;
    let mut frame = [0; 11];
    stream.read_exact(&mut frame)?;
    ensure!(
        frame[7..] == CONNECTION_START,
        "it does not speak AMQP 0.9.1"
    );

    let port = address
        .management_port
        .context("no management port is known")?;
    let login = base64(format!("{}:{}", address.user, address.password).as_bytes());
    let mut stream = connect(port)?;
    write!(
        stream,
        "GET /api/overview HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {login}\r\nConnection: close\r\n\r\n"
    )?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    ensure!(
        status == *b"HTTP/1.1 200",
        "its management interface answers {}",
        String::from_utf8_lossy(&status)
    );
    Ok(())
}

/// Asks for the brokers of the cluster: a broker that is not ready is not among them.
fn kafka(address: &Address) -> Result<()> {
    const METADATA: u16 = 3;
    const VERSION: u16 = 1;
    const CORRELATION: u32 = 1;
    const NO_CLIENT_NAME: u16 = u16::MAX;
    const NO_TOPICS: u32 = 0;
    let mut request = Vec::new();
    request.extend_from_slice(&METADATA.to_be_bytes());
    request.extend_from_slice(&VERSION.to_be_bytes());
    request.extend_from_slice(&CORRELATION.to_be_bytes());
    request.extend_from_slice(&NO_CLIENT_NAME.to_be_bytes());
    request.extend_from_slice(&NO_TOPICS.to_be_bytes());
    let length = u32::try_from(request.len()).context("a request is short")?;

    let mut stream = connect(address.port)?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(&request)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).context("an answer is short")?;
    ensure!(
        (8..LONGEST_ANSWER).contains(&length),
        "it does not speak Kafka's protocol"
    );
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    let (_correlation, brokers) = answer.split_at(4);
    ensure!(brokers[..4] != [0; 4], "its broker is still starting");
    Ok(())
}

fn connect(port: u16) -> Result<TcpStream> {
    let stream =
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    if stream.local_addr()? == stream.peer_addr()? {
        // On loopback a connection to a free port can meet itself.
        bail!("nothing listens there");
    }
    Ok(stream)
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let padded = [
            chunk[0],
            *chunk.get(1).unwrap_or(&0),
            *chunk.get(2).unwrap_or(&0),
        ];
        let bits = u32::from_be_bytes([0, padded[0], padded[1], padded[2]]);
        for place in 0..4 {
            if place <= chunk.len() {
                let index = (bits >> (18 - 6 * place)) & 0x3f;
                text.push(char::from(ALPHABET[index as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), encoded, "{plain}");
        }
    }
}
