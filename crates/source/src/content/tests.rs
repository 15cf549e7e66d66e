//! Bodies that say the same, bodies that do not, and bodies of which nobody can say.

use serde_json::{Map, Value, json};
use waybill_model::Content;

use super::Compare;
use crate::carry::MAX_PARSED_BYTES;

fn whole(body: &[u8]) -> Content {
    Compare::new("", []).content(Some(body))
}

/// Says of every pair of bodies whether they differ: `=`, `≠`, or `?` where nobody can say.
fn check(compare: &Compare, one: &str, sign: char, other: &str) {
    let (left, right) = (
        compare.content(Some(one.as_bytes())),
        compare.content(Some(other.as_bytes())),
    );
    let said = match (left.differs_from(right), left == right && !left.is_none()) {
        (true, _) => '≠',
        (_, true) => '=',
        _ => '?',
    };
    assert_eq!(said, sign, "{one} {other}");
}

#[test]
fn spelling_is_not_content() {
    let compare = Compare::new("", []);
    for (one, sign, other) in [
        (r#"{"a":1,"b":2}"#, '=', "{ \"b\" : 2.0,\n\t\"a\":1e0 }\r\n"),
        (
            r#"{"a":"ä/🦆\n"}"#,
            '=',
            r#"{"\u0061":"\u00e4\/\ud83e\udd86\u000a"}"#,
        ),
        ("[1,2]", '≠', "[2,1]"),
        ("[1,[2]]", '≠', "[[1],2]"),
        ("[[],1]", '≠', "[1,[]]"),
        (r#"{"a":1}"#, '≠', r#"{"a":"1"}"#),
        (r#"{"a":null}"#, '≠', "{}"),
        (r#"{"a":true}"#, '≠', r#"{"a":"true"}"#),
        (r#"{"a":{"b":1}}"#, '≠', r#"{"a":{},"b":1}"#),
        (r#"{"a":1,"b":2}"#, '≠', r#"{"a":2,"b":1}"#),
        ("{}", '≠', "[]"),
        (
            r#"{"id":9007199254740993}"#,
            '≠',
            r#"{"id":9007199254740992}"#,
        ),
        // Every parser takes the last of two.
        (r#"{"a":1,"b":3,"a":2}"#, '=', r#"{"a":2,"b":3}"#),
        (r#"{"a":1,"a":1}"#, '=', r#"{"a":1}"#),
        ("\u{feff}{}", '=', "{}"),
        // A string in a document stays one.
        (r#"{"a":"{}"}"#, '≠', r#"{"a":{}}"#),
    ] {
        check(&compare, one, sign, other);
    }
}

#[test]
fn a_document_that_is_one_string_is_what_is_in_it() {
    let compare = Compare::new("", []);
    for (one, sign, other) in [
        (r#"{"a":1}"#, '=', r#""{\"a\": 1.0}""#),
        (r#"{"a":1}"#, '=', r#" "\"{\\\"a\\\":1}\"" "#),
        (r#"{"a":1}"#, '≠', r#""{\"a\":2}""#),
        ("hello", '=', r#""hello""#),
        ("hello", '≠', r#""hello ""#),
        // Wrapped seven times.
        (
            "7",
            '?',
            &(0..7).fold("7".to_owned(), |text, _| json!(text).to_string()),
        ),
    ] {
        check(&compare, one, sign, other);
    }
}

#[test]
fn text_that_is_no_json_is_compared_by_its_bytes() {
    let compare = Compare::new("", []);
    for (one, sign, other) in [
        ("<a b='1'/>", '=', "<a b='1'/>"),
        ("<a b='1'/>", '≠', "<a  b='1'/>"),
        ("a,b\n", '≠', "a,b"),
        // Nobody can say of one kind whether it is the other.
        ("<a/>", '?', r#"{"a":{}}"#),
        (r#"{"a":1}"#, '?', r#"{"a":1"#),
    ] {
        check(&compare, one, sign, other);
    }
}

#[test]
fn what_nobody_can_read_has_no_content() {
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    for none in [
        &b""[..],
        b" \n",
        b"null",
        b"\"\"",
        b"\0\0\0\0\x07{\"a\":1}",
        &[0x1f, 0x8b, 8, 0, 0],
        &[0x28, 0xb5, 0x2f, 0xfd],
        b"\x04\"M\x18d@\xa7",
        b"\x0a\x05hello",
        &[b'{', 0xff, b'}'],
        deep(1001).as_bytes(),
        &vec![b'['; 300_000],
        &vec![b'7'; MAX_PARSED_BYTES + 1],
    ] {
        let shown = String::from_utf8_lossy(&none[..none.len().min(20)]);
        assert_eq!(whole(none), Content::NONE, "{shown}");
    }
    assert!(!whole(deep(1000).as_bytes()).is_none());
    assert!(!whole(&vec![b'7'; MAX_PARSED_BYTES]).is_none());
}

#[test]
fn what_is_nearly_json_is_other_text() {
    let text = |body: &str| {
        let content = whole(body.as_bytes());
        let kind = content.to_bits() & 3;
        assert_eq!(kind, Content::text(0).to_bits(), "{body}");
    };
    for nearly in [
        "{",
        "}",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "-",
        "tru",
        "nul",
        "truex",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "1 2",
        "{\"a\":1}}",
        "[\"a\nb\"]",
        "{\"a\" 1}",
        "NaN",
        "[1]x",
        "\"\\",
        "{\"a\":1 \"b\":2}",
    ] {
        text(nearly);
    }
}

#[test]
fn the_payload_is_found_in_its_envelope() {
    let row = Compare::new("", []);
    for (pointer, message, same) in [
        (
            "/payload",
            r#"{"schema":{"payload":0},"payload":{"a":1}}"#,
            true,
        ),
        ("/payload", r#"{"payload":"{\"a\":1.0}"}"#, true),
        (
            "/payload",
            r#"{"payload":{"a":2},"payload" : {"a":1}}"#,
            true,
        ),
        ("/payload", r#"{"payload":{"a":2}}"#, false),
        ("/d/0/p", r#"{"d":[ {"p":{"a":1}} , 2]}"#, true),
        ("/d/1", r#"{"d":[0,{"a":1}]}"#, true),
        ("/p/after", r#"{"p":"{\"after\":{\"a\":1}}"}"#, true),
        ("/a~1b/~01", r#"{"a/b":{"~1":{"a":1}}}"#, true),
    ] {
        let (left, right) = (
            row.content(Some(br#"{"a":1}"#)),
            Compare::new(pointer, []).content(Some(message.as_bytes())),
        );
        assert!(!right.is_none(), "{pointer} {message}");
        assert_eq!(!left.differs_from(right), same, "{pointer} {message}");
    }
    for (pointer, message) in [
        ("/payload", "{}"),
        ("/payload", "[1]"),
        ("/payload", r#"{"payload":null}"#),
        ("/payload", r#"{"payload":{"a":1}"#),
        ("/payload", r#"{"payload":{"a":1}} and more"#),
        ("/payload", "plain"),
        ("/01", "[0,1]"),
        ("/2", "[0,1]"),
        ("/a/b", r#"{"a":7}"#),
    ] {
        let found = Compare::new(pointer, []).content(Some(message.as_bytes()));
        assert_eq!(found, Content::NONE, "{pointer} {message}");
    }
}

#[test]
fn what_is_ignored_may_differ_or_be_absent() {
    let compare = Compare::new("", ["/at", "/meta/trace", "/list/0", "/items/1/at"]);
    for (one, sign, other) in [
        (r#"{"a":1,"at":5}"#, '=', r#"{"at":{"x":[6]},"a":1}"#),
        (r#"{"a":1,"at":5}"#, '=', r#"{"a":1}"#),
        (r#"{"a":1,"at":5}"#, '≠', r#"{"a":2,"at":5}"#),
        (
            r#"{"meta":{"trace":"x","at":1}}"#,
            '=',
            r#"{"meta":{"at":1}}"#,
        ),
        (
            r#"{"meta":{"trace":"x","at":1}}"#,
            '≠',
            r#"{"meta":{"at":2}}"#,
        ),
        (r#"{"list":[1,2,3]}"#, '=', r#"{"list":[{"x":[]},2,3]}"#),
        (r#"{"list":[1,2,3]}"#, '≠', r#"{"list":[1,2,4]}"#),
        (r#"{"list":[]}"#, '=', r#"{"list":[7]}"#),
        (
            r#"{"items":[{"at":1},{"at":1}]}"#,
            '=',
            r#"{"items":[{"at":1},{"at":2}]}"#,
        ),
        (
            r#"{"items":[{"at":1},{"at":1}]}"#,
            '≠',
            r#"{"items":[{"at":2},{"at":1}]}"#,
        ),
        (r#"{"items":[[0],{"at":1}]}"#, '=', r#"{"items":[[0],{}]}"#),
        (r#"{"b":{"at":1}}"#, '≠', r#"{"b":{"at":2}}"#),
        (r#"{"\u0061t":1}"#, '=', "{}"),
    ] {
        check(&compare, one, sign, other);
    }
    assert_eq!(Compare::new("", [""]).content(Some(b"{}")), Content::NONE);
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % below
    }

    fn value(&mut self, depth: u32) -> Value {
        match self.throw(if depth == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => Value::Bool(self.throw(2) == 0),
            2 => Value::from(self.throw(1000)),
            3 => Value::from(self.throw(100_000) as f64 / 64.0),
            4 => Value::from(format!("{}\"\\\u{1}ü{}", self.throw(9), self.throw(9))),
            5 => (0..self.throw(4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let members =
                    (0..self.throw(5)).map(|nth| (format!("m{nth}"), self.value(depth - 1)));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

/// The same value with members in the other direction.
fn turned(value: &Value) -> Value {
    match value {
        Value::Array(all) => all.iter().map(turned).collect(),
        Value::Object(all) => {
            let members = all
                .iter()
                .rev()
                .map(|(name, value)| (name.clone(), turned(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

/// Changes the leaf that comes `nth`, and counts down to it.
fn change(value: &mut Value, nth: &mut usize) {
    let all: Vec<&mut Value> = match value {
        Value::Array(all) => all.iter_mut().collect(),
        Value::Object(all) => all.values_mut().collect(),
        _ => Vec::new(),
    };
    if all.is_empty() {
        if *nth == 0 {
            *value = json!("changed");
        }
        *nth = nth.wrapping_sub(1);
        return;
    }
    all.into_iter().for_each(|one| change(one, nth));
}

/// How many leaves a value has.
fn leaves(value: &Value) -> usize {
    let all: Vec<&Value> = match value {
        Value::Array(all) => all.iter().collect(),
        Value::Object(all) => all.values().collect(),
        _ => Vec::new(),
    };
    Ord::max(1, all.into_iter().map(leaves).sum())
}

#[test]
fn of_any_document_only_a_change_is_a_difference() {
    let mut dice = Dice(7);
    for _ in 0..3000 {
        let value = json!({ "all": dice.value(4) });
        let one = whole(value.to_string().as_bytes());
        let pretty = serde_json::to_string_pretty(&turned(&value)).expect("it is a value");
        assert_eq!(one, whole(pretty.as_bytes()), "{value}");
        let mut changed = value.clone();
        change(
            &mut changed,
            &mut (dice.throw(leaves(&value) as u64) as usize),
        );
        let other = whole(changed.to_string().as_bytes());
        assert!(one.differs_from(other), "{value} {changed}");
    }
}

#[test]
fn whatever_the_bytes_are_it_ends() {
    let mut dice = Dice(3);
    let compare = Compare::new("/a/0", ["/b", "/c/1"]);
    let pieces = [
        "{", "}", "[", "]", ",", ":", "\"a\"", "\"", "\\", "1", "e", "-", "null", " ", "\u{0}", "é",
    ];
    for _ in 0..20_000 {
        let n = dice.throw(14);
        let text: String = (0..n).map(|_| pieces[dice.throw(16) as usize]).collect();
        compare.content(Some(text.as_bytes()));
        let content = whole(text.as_bytes());
        // The second opinion on what is JSON.
        let known = serde_json::from_str::<Value>(&text);
        if let Ok(Value::Object(_) | Value::Array(_)) = known {
            assert_eq!(content.to_bits() & 3, Content::json(0).to_bits(), "{text}");
        } else if known.is_err() {
            assert_ne!(content.to_bits() & 3, Content::json(0).to_bits(), "{text}");
        }
    }
}
