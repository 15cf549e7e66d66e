//! A body as the window shows it: JSON as a tree of lines, text as it is, anything else as hex.
//!
//! The scanner keeps the letters of numbers and every duplicate key: what the user sees is what was
//! sent, not what a float made of it.

/// A body, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// There is none: NULL, or a tombstone.
    None,
    /// Valid JSON.
    Json(Vec<Line>),
    /// Other text.
    Text(String),
    /// Not text: a hex dump of its head.
    Binary(String),
}

/// One line of pretty JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How deep.
    pub depth: u16,
    /// Its pieces.
    pub pieces: Vec<Piece>,
    /// JSON pointer of the value that stands or begins here.
    pub path: String,
    /// The line with the closing bracket, when this one opens.
    pub closes_at: Option<usize>,
}

/// A coloured piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// Its letters.
    pub text: String,
}

/// What a piece of JSON is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// A member's name.
    Key,
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true`, `false`, `null`.
    Literal,
    /// Brackets, colons, commas.
    Punctuation,
}

/// Lines beyond this are not made; the raw view still has everything.
const MAX_LINES: usize = 5_000;

/// Bytes of a hex dump.
const MAX_HEX: usize = 4_096;

/// Reads a body.
pub fn read(bytes: Option<&[u8]>) -> Body {
    let Some(bytes) = bytes else {
        return Body::None;
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Body::Binary(hex(bytes));
    };
    match lines(text) {
        Some(lines) => Body::Json(lines),
        None => Body::Text(text.to_owned()),
    }
}

/// The text of a body as it was sent; bytes that are no text are shown as hex.
pub fn raw(bytes: Option<&[u8]>) -> String {
    match bytes {
        None => "NULL".to_owned(),
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => hex(bytes),
        },
    }
}

/// A short value for a table cell: text, or hex when it is none.
pub fn inline(bytes: Option<&[u8]>) -> String {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => "null".to_owned(),
        Some((_, Ok(text))) => text.to_owned(),
        Some((bytes, Err(_))) => {
            let digits: String = bytes
                .iter()
                .take(32)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("0x{digits}")
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let rows = bytes[..bytes.len().min(MAX_HEX)]
        .chunks(16)
        .enumerate()
        .map(|(row, chunk)| {
            let digits: Vec<_> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let letters: String = chunk
                .iter()
                .map(|byte| {
                    if byte.is_ascii_graphic() {
                        char::from(*byte)
                    } else {
                        '·'
                    }
                })
                .collect();
            format!("{:06x}  {:<47}  {letters}", row * 16, digits.join(" "))
        });
    rows.collect::<Vec<_>>().join("\n")
}

/// A difference between two bodies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// JSON pointer; empty for the whole body.
    pub path: String,
    /// What the left side has there.
    pub left: Option<String>,
    /// What the right side has there.
    pub right: Option<String>,
}

/// Compares two bodies value by value; order of members and white space do not count.
pub fn differences(left: Option<&[u8]>, right: Option<&[u8]>) -> Vec<Difference> {
    if left == right {
        return Vec::new();
    }
    let (Body::Json(left_lines), Body::Json(right_lines)) = (read(left), read(right)) else {
        return vec![Difference {
            path: String::new(),
            left: Some(raw(left)),
            right: Some(raw(right)),
        }];
    };
    let (left, right) = (leaves(&left_lines), leaves(&right_lines));
    let mut found: Vec<_> = left
        .iter()
        .filter_map(|(path, value)| {
            let other = right
                .iter()
                .find(|(other, _)| other == path)
                .map(|(_, value)| value);
            (other != Some(value)).then(|| Difference {
                path: path.clone(),
                left: Some(value.clone()),
                right: other.cloned(),
            })
        })
        .collect();
    let only_right = right
        .iter()
        .filter(|(path, _)| !left.iter().any(|(other, _)| other == path));
    found.extend(only_right.map(|(path, value)| Difference {
        path: path.clone(),
        left: None,
        right: Some(value.clone()),
    }));
    found
}

fn leaves(lines: &[Line]) -> Vec<(String, String)> {
    let value = |line: &Line| {
        line.pieces
            .iter()
            .rfind(|piece| is_value(piece.kind))
            .map(|p| p.text.clone())
    };
    lines
        .iter()
        .filter(|line| line.closes_at.is_none())
        .filter_map(|line| value(line).map(|value| (line.path.clone(), value)))
        .collect()
}

fn is_value(kind: PieceKind) -> bool {
    matches!(
        kind,
        PieceKind::Text | PieceKind::Number | PieceKind::Literal
    )
}

fn lines(text: &str) -> Option<Vec<Line>> {
    let mut scanner = Scanner {
        text,
        at: 0,
        lines: Vec::new(),
    };
    scanner.value(0, String::new(), Vec::new())?;
    scanner.space();
    (scanner.at == text.len()).then_some(scanner.lines)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    lines: Vec<Line>,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len()
            - self
                .rest()
                .trim_start_matches([' ', '\t', '\r', '\n'])
                .len();
    }

    fn take(&mut self, letter: char) -> bool {
        self.space();
        let found = self.rest().starts_with(letter);
        if found {
            self.at += letter.len_utf8();
        }
        found
    }

    fn push(&mut self, depth: u16, path: String, pieces: Vec<Piece>) -> Option<usize> {
        if self.lines.len() >= MAX_LINES {
            return None;
        }
        self.lines.push(Line {
            depth,
            pieces,
            path,
            closes_at: None,
        });
        Some(self.lines.len() - 1)
    }

    /// Reads a value whose line begins with `lead` (its key).
    fn value(&mut self, depth: u16, path: String, mut lead: Vec<Piece>) -> Option<()> {
        self.space();
        match self.rest().chars().next()? {
            '{' => self.group(depth, path, lead, ('{', '}')),
            '[' => self.group(depth, path, lead, ('[', ']')),
            '"' => {
                let text = self.string()?;
                lead.push(Piece {
                    kind: PieceKind::Text,
                    text,
                });
                self.push(depth, path, lead).map(|_| ())
            }
            _ => {
                let end = self
                    .rest()
                    .find([',', '}', ']', ' ', '\n', '\r', '\t'])
                    .unwrap_or(self.rest().len());
                let word = self.rest()[..end].to_owned();
                let kind = match word.as_str() {
                    "true" | "false" | "null" => PieceKind::Literal,
                    _ if is_number(&word) => PieceKind::Number,
                    _ => return None,
                };
                self.at += end;
                lead.push(Piece { kind, text: word });
                self.push(depth, path, lead).map(|_| ())
            }
        }
    }

    fn group(
        &mut self,
        depth: u16,
        path: String,
        mut lead: Vec<Piece>,
        (open, close): (char, char),
    ) -> Option<()> {
        // Deeper than any real body; also what keeps hostile input off the stack.
        if depth > 120 {
            return None;
        }
        self.take(open);
        if self.take(close) {
            lead.push(punctuation(&format!("{open}{close}")));
            return self.push(depth, path, lead).map(|_| ());
        }
        lead.push(punctuation(&open.to_string()));
        let opened = self.push(depth, path.clone(), lead)?;
        for idx in 0.. {
            let (key, lead) = if open == '{' {
                self.space();
                let name = self.string()?;
                if !self.take(':') {
                    return None;
                }
                let key = name.trim_matches('"').to_owned();
                (
                    key,
                    vec![
                        Piece {
                            kind: PieceKind::Key,
                            text: name,
                        },
                        punctuation(": "),
                    ],
                )
            } else {
                (idx.to_string(), Vec::new())
            };
            self.value(depth + 1, format!("{path}/{key}"), lead)?;
            if !self.take(',') {
                break;
            }
            if let Some(line) = self.lines.last_mut() {
                line.pieces.push(punctuation(","));
            }
        }
        if !self.take(close) {
            return None;
        }
        let closed = self.push(depth, path, vec![punctuation(&close.to_string())])?;
        self.lines[opened].closes_at = Some(closed);
        Some(())
    }

    /// A string with its quotes and escapes, as written.
    fn string(&mut self) -> Option<String> {
        let rest = self.rest();
        let mut letters = rest.char_indices();
        if letters.next()?.1 != '"' {
            return None;
        }
        while let Some((idx, letter)) = letters.next() {
            match letter {
                '\\' => {
                    letters.next()?;
                }
                '"' => {
                    let text = rest[..=idx].to_owned();
                    self.at += idx + 1;
                    return Some(text);
                }
                control if control < ' ' => return None,
                _ => {}
            }
        }
        None
    }
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
}

fn punctuation(text: &str) -> Piece {
    Piece {
        kind: PieceKind::Punctuation,
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match read(Some(text.as_bytes())) {
            Body::Json(lines) => lines
                .iter()
                .map(|line| {
                    let pieces: String = line
                        .pieces
                        .iter()
                        .map(|piece| piece.text.as_str())
                        .collect();
                    format!("{}{pieces}", "  ".repeat(usize::from(line.depth)))
                })
                .collect::<Vec<_>>()
                .join("\n"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn json_is_laid_out_and_nothing_is_rounded() {
        assert_eq!(
            shown(r#"{"id":9223372036854775807,"a":[1,{}],"a":"\"x\"","n":null}"#),
            "{\n  \"id\": 9223372036854775807,\n  \"a\": [\n    1,\n    {}\n  ],\n  \"a\": \"\\\"x\\\"\",\n  \"n\": null\n}",
        );
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        for text in ["{", "{\"a\":}", "[1,]", "hello", "{} x", "\"open"] {
            assert_eq!(read(Some(text.as_bytes())), Body::Text(text.to_owned()));
        }
        assert_eq!(read(None), Body::None);
        assert_eq!(
            read(Some(&[0xff, b'A'])),
            Body::Binary("000000  ff 41                                            ·A".to_owned()),
        );
        let deep = "[".repeat(100_000);
        assert_eq!(read(Some(deep.as_bytes())), Body::Text(deep.clone()));
    }

    #[test]
    fn a_difference_is_named_by_its_path_and_order_does_not_count() {
        let differ = |left: &str, right: &str| {
            let found = differences(Some(left.as_bytes()), Some(right.as_bytes()));
            found
                .iter()
                .map(|d| format!("{} {:?} {:?}", d.path, d.left, d.right))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            differ(r#"{"a":1,"b":2}"#, r#"{"b":2, "a":1}"#),
            Vec::<String>::new()
        );
        assert_eq!(
            differ(r#"{"a":1,"b":[1,2]}"#, r#"{"a":1.0,"c":0,"b":[1]}"#),
            [
                r#"/a Some("1") Some("1.0")"#,
                r#"/b/1 Some("2") None"#,
                r#"/c None Some("0")"#,
            ],
        );
    }
}
