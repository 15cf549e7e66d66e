//! Tokens to an expression, every name and value checked.

use std::ops::Range;

use waybill_model::{
    ConsumerVerdict, Flags, LagReason, Micros, Phase, PublishVerdict, StuckReason, UnknownReason,
    VerdictClass, canonical_id,
};

use crate::lex::{Token, TokenKind, tokens};
use crate::term::TextField;
use crate::{FilterError, Op, Term};

/// A filter's tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Term(Term),
}

/// The names of all fields, for suggestions and completion.
pub(crate) const FIELDS: [&str; 11] = [
    "verdict",
    "consumer",
    "type",
    "aggregate",
    "id",
    "version",
    "age",
    "at",
    "flag",
    "phase",
    "reason",
];

/// Brackets deeper than this are refused; nobody writes them, and the parser recurses.
const MAX_DEPTH: usize = 64;

pub(crate) fn parse(text: &str) -> Result<Expr, FilterError> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        next: 0,
        end: text.len(),
        depth: 0,
    };
    if tokens.is_empty() {
        return Ok(Expr::All(Vec::new()));
    }
    let expr = parser.any()?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(FilterError::new(
            token.span.clone(),
            "This bracket was never opened.",
        )),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    end: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.next);
        self.next += 1;
        token
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found =
            matches!(self.peek(), Some(Token { kind: TokenKind::Word(w), .. }) if w == word);
        self.next += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.all()?];
        while self.take_word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expr::Any(parts)
        })
    }

    fn all(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.one()?];
        loop {
            let joined = self.take_word("and");
            match self.peek() {
                None
                | Some(Token {
                    kind: TokenKind::Close,
                    ..
                }) if !joined => break,
                Some(Token {
                    kind: TokenKind::Word(word),
                    ..
                }) if word == "or" && !joined => break,
                _ => parts.push(self.one()?),
            }
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expr::All(parts)
        })
    }

    fn one(&mut self) -> Result<Expr, FilterError> {
        if self.take_word("not") {
            return self.deeper(|parser| Ok(Expr::Not(Box::new(parser.one()?))));
        }
        let Some(token) = self.take() else {
            return Err(FilterError::new(
                self.end..self.end,
                "Something is missing at the end.",
            ));
        };
        match &token.kind {
            TokenKind::Open => self.deeper(|parser| {
                let inside = parser.any()?;
                match parser.take() {
                    Some(Token {
                        kind: TokenKind::Close,
                        ..
                    }) => Ok(inside),
                    _ => Err(FilterError::new(
                        token.span.clone(),
                        "This bracket is never closed.",
                    )),
                }
            }),
            TokenKind::Close => Err(FilterError::new(
                token.span.clone(),
                "There is nothing before this bracket.",
            )),
            TokenKind::Op(op) => Err(FilterError::new(
                token.span.clone(),
                format!("A field must stand before '{op}', like type {op} …"),
            )),
            TokenKind::Quoted(text) => Ok(Expr::Term(Term::Contains(text.clone()))),
            TokenKind::Word(word) => self.term(word, &token.span),
        }
    }

    fn deeper(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<Expr, FilterError>,
    ) -> Result<Expr, FilterError> {
        if self.depth == MAX_DEPTH {
            return Err(FilterError::new(
                0..self.end,
                "The filter is nested too deeply.",
            ));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn term(&mut self, word: &str, span: &Range<usize>) -> Result<Expr, FilterError> {
        let Some(Token {
            kind: TokenKind::Op(op),
            ..
        }) = self.peek()
        else {
            return Ok(Expr::Term(Term::Contains(word.to_owned())));
        };
        self.next += 1;
        let value = match self.take() {
            Some(Token {
                kind: TokenKind::Word(text) | TokenKind::Quoted(text),
                span,
            }) => (text.as_str(), span.clone()),
            _ => {
                let message = format!("A value must follow '{word} {op}'.");
                return Err(FilterError::new(span.start..self.end, message));
            }
        };
        checked(word, span, op_of(op), value).map(Expr::Term)
    }
}

fn op_of(op: &str) -> Op {
    match op {
        "!=" => Op::IsNot,
        "~" => Op::Like,
        ">" => Op::Above,
        ">=" => Op::AtLeast,
        "<" => Op::Below,
        "<=" => Op::AtMost,
        _ => Op::Is,
    }
}

/// The term that field, comparison and value make, if they fit together.
fn checked(
    field: &str,
    field_span: &Range<usize>,
    op: Op,
    (value, span): (&str, Range<usize>),
) -> Result<Term, FilterError> {
    let owned = || value.to_owned();
    let one_of = |known: &mut dyn Iterator<Item = &'static str>| name_in(value, &span, known);
    match field {
        "id" => Ok(Term::Text(
            TextField::Id,
            op,
            canonical_id(value).into_owned(),
        )),
        "type" => Ok(Term::Text(TextField::Kind, op, owned())),
        "aggregate" => Ok(Term::Text(TextField::Aggregate, op, owned())),
        "consumer" => Ok(Term::Wanting(op, owned())),
        "verdict" => one_of(&mut verdict_names()).map(|()| Term::Verdict(op, owned())),
        "reason" => one_of(&mut reason_names()).map(|()| Term::Reason(op, owned())),
        "flag" => {
            one_of(&mut Flags::NAMED.into_iter().map(|(_, name)| name))?;
            let flag = Flags::NAMED.into_iter().find(|(_, name)| *name == value);
            Ok(Term::Flag(
                op,
                flag.map_or(Flags::empty(), |(flag, _)| flag),
            ))
        }
        "phase" => {
            one_of(&mut ["suspected", "confirmed"].into_iter())?;
            let phase = if value == "confirmed" {
                Phase::Confirmed
            } else {
                Phase::Suspected
            };
            Ok(Term::Phase(op, phase))
        }
        "version" => match value.parse() {
            Ok(version) => Ok(Term::Version(op, version)),
            Err(_) => Err(FilterError::new(
                span,
                format!("'{value}' is not a whole number."),
            )),
        },
        "age" => match duration_micros(value) {
            Some(micros) => Ok(Term::Age(op, micros)),
            None => Err(FilterError::new(
                span,
                format!("'{value}' is not a length of time; write 500ms, 30s, 5m, 2h or 1d."),
            )),
        },
        "at" => match Micros::parse(value) {
            Ok(at) => Ok(Term::At(op, at)),
            Err(error) => Err(FilterError::new(span, format!("{error}."))),
        },
        _ => match field.strip_prefix("consumer.") {
            Some(name) if !name.is_empty() => {
                one_of(&mut verdict_names())?;
                Ok(Term::ConsumerVerdict(name.to_owned(), op, owned()))
            }
            _ => Err(
                FilterError::new(field_span.clone(), format!("There is no field '{field}'."))
                    .suggest(field, FIELDS.into_iter()),
            ),
        },
    }
}

fn name_in(
    value: &str,
    span: &Range<usize>,
    known: &mut dyn Iterator<Item = &'static str>,
) -> Result<(), FilterError> {
    let known: Vec<_> = known.collect();
    if known.contains(&value) {
        return Ok(());
    }
    let message = format!("'{value}' is none of {}.", known.join(", "));
    Err(FilterError::new(span.clone(), message).suggest(value, known.into_iter()))
}

fn verdict_names() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<_> = VerdictClass::ALL
        .into_iter()
        .map(VerdictClass::name)
        .collect();
    for name in PublishVerdict::NAMES
        .into_iter()
        .chain(ConsumerVerdict::NAMES)
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter()
}

fn reason_names() -> impl Iterator<Item = &'static str> {
    UnknownReason::ALL
        .into_iter()
        .map(UnknownReason::name)
        .chain(StuckReason::ALL.into_iter().map(StuckReason::name))
        .chain(LagReason::ALL.into_iter().map(LagReason::name))
}

/// `500ms`, `30s`, `5m`, `2h`, `1d` in microseconds.
fn duration_micros(text: &str) -> Option<i64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.parse().ok()?;
    let micros = match unit {
        "us" | "µs" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" | "min" => 60e6,
        "h" => 3600e6,
        "d" => 86_400e6,
        _ => return None,
    };
    Some((number * micros) as i64)
}
