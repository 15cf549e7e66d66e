//! A virtual host of its own on a RabbitMQ, for one test.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use url::Url;
use waybill_services::Record;

/// A virtual host; deleted when dropped, with everything in it.
#[derive(Debug)]
pub struct Vhost {
    name: String,
    amqp: Url,
    management: Url,
}

impl Vhost {
    /// Makes one on the server that all tests share, named from the test.
    ///
    /// # Panics
    /// When the servers are not running, or refuse.
    pub fn new(test: &str) -> Self {
        let servers = waybill_services::endpoints().expect("cargo xtask services up");
        Self::at(&servers.amqp_url, &servers.rabbit_management_url, test)
    }

    /// Makes one on a server of the test's own.
    ///
    /// # Panics
    /// When it is no RabbitMQ, or refuses.
    pub fn on(server: &Record, test: &str) -> Self {
        let management = server.management_url().expect("RabbitMQ has one");
        Self::at(&server.url(), &management, test)
    }

    fn at(amqp: &str, management: &str, test: &str) -> Self {
        let vhost = Self {
            // Two people may run the same test at the same time.
            name: format!("{test}-{}", std::process::id()),
            amqp: amqp.parse().expect("an address"),
            management: management.parse().expect("an address"),
        };
        vhost.ask("PUT", &format!("/api/vhosts/{}", vhost.name), "{}");
        vhost
    }

    /// Its name, which needs no escaping in a URL.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The administrator's name.
    pub fn user(&self) -> &str {
        self.amqp.username()
    }

    /// The administrator's password.
    pub fn password(&self) -> &str {
        self.amqp.password().unwrap_or_default()
    }

    /// `amqp://user@host:port/vhost`, without the password.
    pub fn url(&self) -> String {
        self.url_at(self.address().port())
    }

    /// The same on another port, as of a proxy.
    pub fn url_at(&self, port: u16) -> String {
        format!("amqp://{}@127.0.0.1:{port}/{}", self.user(), self.name)
    }

    /// The address with the password, for a client of the test's own.
    pub fn url_with_password(&self) -> String {
        let (user, password) = (self.user(), self.password());
        let port = self.address().port();
        format!("amqp://{user}:{password}@127.0.0.1:{port}/{}", self.name)
    }

    /// `http://user@host:port`, without the password.
    pub fn management_url(&self) -> String {
        let port = self.management.port().unwrap_or_default();
        format!("http://{}@127.0.0.1:{port}", self.user())
    }

    /// Where AMQP is spoken.
    pub fn address(&self) -> SocketAddr {
        let port = self.amqp.port().unwrap_or_default();
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    /// Declares a queue: `classic`, `quorum` or `stream`.
    pub fn queue(&self, name: &str, kind: &str, mut arguments: Value) {
        arguments["x-queue-type"] = kind.into();
        let body = serde_json::json!({"durable": true, "arguments": arguments});
        self.put(&format!("queues/{}/{name}", self.name), &body);
    }

    /// Declares an exchange.
    pub fn exchange(&self, name: &str, kind: &str, arguments: Value) {
        let body = serde_json::json!({"type": kind, "durable": true, "arguments": arguments});
        self.put(&format!("exchanges/{}/{name}", self.name), &body);
    }

    /// Binds a queue to an exchange.
    pub fn bind(&self, exchange: &str, key: &str, queue: &str) {
        let path = format!("/api/bindings/{}/e/{exchange}/q/{queue}", self.name);
        let body = serde_json::json!({"routing_key": key}).to_string();
        self.ask("POST", &path, &body);
    }

    /// Binds an exchange to another one, from which it gets what fits.
    pub fn bind_exchange(&self, exchange: &str, key: &str, to: &str) {
        let path = format!("/api/bindings/{}/e/{exchange}/e/{to}", self.name);
        let body = serde_json::json!({"routing_key": key}).to_string();
        self.ask("POST", &path, &body);
    }

    /// Sets something by its path below `/api/`.
    pub fn put(&self, path: &str, body: &Value) {
        self.ask("PUT", &format!("/api/{path}"), &body.to_string());
    }

    /// Adds something by its path below `/api/`.
    pub fn post(&self, path: &str, body: &Value) {
        self.ask("POST", &format!("/api/{path}"), &body.to_string());
    }

    /// Removes something by its path below `/api/`.
    pub fn delete(&self, path: &str) {
        self.ask("DELETE", &format!("/api/{path}"), "");
    }

    /// Asks for something by its path below `/api/`.
    pub fn get(&self, path: &str) -> Value {
        let text = self.ask("GET", &format!("/api/{path}"), "");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Takes the messages of a queue, ten at most.
    pub fn take(&self, queue: &str) -> Value {
        let path = format!("/api/queues/{}/{queue}/get", self.name);
        let asked =
            serde_json::json!({"count": 10, "ackmode": "ack_requeue_false", "encoding": "auto"});
        let text = self.ask("POST", &path, &asked.to_string());
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// A queue as the management API shows it.
    pub fn queue_state(&self, queue: &str) -> Value {
        self.get(&format!("queues/{}/{queue}", self.name))
    }

    /// The queue's state once it is as wanted. Counters lag by a second.
    ///
    /// # Panics
    /// When it is not within `at_most`; the message shows how it is instead.
    pub async fn queue_once(
        &self,
        queue: &str,
        at_most: Duration,
        wanted: impl Fn(&Value) -> bool + Send,
    ) -> Value {
        let deadline = Instant::now() + at_most;
        loop {
            let state = self.queue_state(queue);
            if wanted(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "{queue} stays as it is: {state}");
            // A fraction of the interval in which the broker counts.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// One request over a connection of its own; returns the body.
    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let port = self.management.port().unwrap_or_default();
        let login = base64(&format!("{}:{}", self.user(), self.password()));
        let mut line = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        // HTTP/1.0: the answer ends with the connection.
        let request = format!(
            "{method} {path} HTTP/1.0\r\nhost: 127.0.0.1\r\nauthorization: Basic {login}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        line.write_all(request.as_bytes())
            .expect("it takes a request");
        let mut answer = String::new();
        line.read_to_string(&mut answer)
            .expect("it answers in text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("it speaks HTTP");
        let ok = head
            .split(' ')
            .nth(1)
            .is_some_and(|code| code.starts_with('2'));
        assert!(ok, "{method} {path}: {answer}");
        body.to_owned()
    }
}

impl Drop for Vhost {
    fn drop(&mut self) {
        // While a test fails, its own message is the one to show.
        if !std::thread::panicking() {
            self.ask("DELETE", &format!("/api/vhosts/{}", self.name), "");
        }
    }
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks(3) {
        let byte = |idx: usize| u32::from(group.get(idx).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = (bits >> (18 - 6 * place) & 63) as usize;
            encoded.push(match place <= group.len() {
                true => char::from(LETTERS[letter]),
                false => '=',
            });
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_padded() {
        for (text, expected) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj")] {
            assert_eq!(super::base64(text), expected);
        }
    }
}
