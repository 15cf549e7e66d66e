//! A publisher that speaks the protocol by hand, for messages no client library would send.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use waybill_tests::rabbit::Vhost;

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;

/// Publishes one message whose `message_id` is not UTF-8, and returns when the broker has it.
pub(crate) async fn publish_with_broken_message_id(vhost: &Vhost, exchange: &str, key: &str) {
    let line = TcpStream::connect(vhost.address())
        .await
        .expect("it listens");
    let mut line = Line(line);
    line.0
        .write_all(b"AMQP\x00\x00\x09\x01")
        .await
        .expect("written");
    line.expect((10, 10)).await;
    let login = format!("\0{}\0{}", vhost.user(), vhost.password());
    let start_ok = [&[0; 4][..], &short("PLAIN"), &long(&login), &short("en_US")].concat();
    line.method(0, (10, 11), &start_ok).await;
    line.expect((10, 30)).await;
    // One channel, frames of 128 KiB, no heartbeat.
    line.method(0, (10, 31), &[0, 1, 0, 2, 0, 0, 0, 0]).await;
    line.method(0, (10, 40), &[&short(vhost.name())[..], &[0, 0]].concat())
        .await;
    line.expect((10, 41)).await;
    line.method(1, (20, 10), &[0]).await;
    line.expect((20, 11)).await;
    line.method(1, (85, 10), &[0]).await;
    line.expect((85, 11)).await;
    let publish = [&[0, 0][..], &short(exchange), &short(key), &[0]].concat();
    line.method(1, (60, 40), &publish).await;
    let body = b"{}";
    // Class, weight, the body's length, the flag of message_id, and four bytes that are no text.
    let header = [
        &[0, 60, 0, 0][..],
        &(body.len() as u64).to_be_bytes(),
        &(1u16 << 7).to_be_bytes(),
        &[4, 0xff, 0xfe, 0xfd, 0xfc],
    ]
    .concat();
    line.frame(HEADER, 1, &header).await;
    line.frame(BODY, 1, body).await;
    line.expect((60, 80)).await;
}

struct Line(TcpStream);

impl Line {
    async fn frame(&mut self, kind: u8, channel: u16, payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("short frames only");
        let frame = [
            &[kind][..],
            &channel.to_be_bytes(),
            &length.to_be_bytes(),
            payload,
            &[0xce],
        ]
        .concat();
        self.0.write_all(&frame).await.expect("written");
    }

    async fn method(&mut self, channel: u16, id: (u16, u16), arguments: &[u8]) {
        let payload = [&id.0.to_be_bytes()[..], &id.1.to_be_bytes(), arguments].concat();
        self.frame(METHOD, channel, &payload).await;
    }

    /// The next frame must be this method.
    async fn expect(&mut self, id: (u16, u16)) {
        let mut head = [0; 7];
        self.0.read_exact(&mut head).await.expect("a frame");
        let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
        let mut rest = vec![0; length as usize + 1];
        self.0.read_exact(&mut rest).await.expect("a whole frame");
        let got = (
            u16::from_be_bytes([rest[0], rest[1]]),
            u16::from_be_bytes([rest[2], rest[3]]),
        );
        assert_eq!(got, id, "{}", String::from_utf8_lossy(&rest));
    }
}

fn short(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text");
    [&[length][..], text.as_bytes()].concat()
}

fn long(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).expect("a text");
    [&length.to_be_bytes()[..], text.as_bytes()].concat()
}
