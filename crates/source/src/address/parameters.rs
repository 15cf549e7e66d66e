//! What may stand behind the question mark of an address. Names are known or refused: of one that
//! nobody knows, nobody knows whether it is a secret.

use super::Refusal;

/// How a connection is encrypted, and the socket's file: what is passed on to a database's client.
const PASSED_ON: [&str; 12] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "sslca",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "socket",
    "options",
];

/// What other programs' addresses say, and what changes nothing here: Waybill has its own limits,
/// asks for times in UTC and text in UTF-8.
const WITHOUT_EFFECT: [&str; 46] = [
    "allowpublickeyretrieval",
    "application_name",
    "autoreconnect",
    "auth_mechanism",
    "binary_parameters",
    "channel_binding",
    "channel_max",
    "characterencoding",
    "charset",
    "client_encoding",
    "collation",
    "connect_timeout",
    "connecttimeout",
    "connection_limit",
    "connection_timeout",
    "currentschema",
    "encoding",
    "fallback_application_name",
    "frame_max",
    "gssencmode",
    "heartbeat",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "loc",
    "parsetime",
    "pgbouncer",
    "pool_size",
    "pool_timeout",
    "prepared_statements",
    "preparethreshold",
    "reconnect",
    "schema",
    "search_path",
    "servertimezone",
    "sockettimeout",
    "sslnegotiation",
    "sslsni",
    "statement-cache-capacity",
    "statement_cache_size",
    "target_session_attrs",
    "tcp_user_timeout",
    "timezone",
    "useunicode",
    "usessl",
];

/// Parts of the names under which secrets are handed over.
const SECRET: [&str; 8] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "apikey",
    "accesskey",
    "accountkey",
];

/// Whether a name may be that of a secret.
pub(super) fn may_be_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|part| name.contains(part)) || name == "pw"
}

/// Whether a parameter is meant for the client library of a database.
pub fn is_passed_on(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Another host than the one that is shown is a trap; a socket's file is a place.
    PASSED_ON.contains(&name.as_str()) || name == "host" && value.starts_with('/')
}

/// The first parameter that is not taken.
pub(super) fn refusal(scheme: &str, query: &str) -> Option<Refusal> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .find_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if may_be_secret(name) {
                return Some(Refusal::Password);
            }
            let lower = name.to_ascii_lowercase();
            let taken = match scheme {
                "kafka" | "http" | "https" => false,
                _ => {
                    is_passed_on(name, &value.replace("%2F", "/").replace("%2f", "/"))
                        || WITHOUT_EFFECT.contains(&lower.as_str())
                }
            };
            let printable = pair.contains('=') && is_name(name);
            let name = if printable { name } else { "" };
            (!taken).then(|| Refusal::Parameter(name.to_owned()))
        })
}

/// Whether it is a name, and may be printed.
fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '-' | '.');
    !text.is_empty() && text.len() <= 32 && text.chars().all(legal)
}
