//! A filter, ready to be asked about events.

use std::cmp::Ordering;

use waybill_model::{
    ConsumerVerdict, EventVerdict, Micros, PublishVerdict, UnknownReason, VerdictClass,
};

use crate::parse::{Expr, parse};
use crate::term::TextField;
use crate::{FilterError, Op, Term, glob};

/// What a filter may look at.
pub trait Fields {
    /// Event id, canonical.
    fn id(&self) -> &str;
    /// Event type or `""`.
    fn kind(&self) -> &str;
    /// Aggregate as `type/id` or `""`.
    fn aggregate(&self) -> &str;
    /// Aggregate version.
    fn version(&self) -> Option<i64>;
    /// When it first happened.
    fn at(&self) -> Micros;
    /// What it amounts to.
    fn verdict(&self) -> &EventVerdict;
    /// Names of the expected consumers, in the order of the verdict's.
    fn consumers(&self) -> &[String];
    /// The moment ages are counted to.
    fn now(&self) -> Micros;
}

/// A parsed and checked filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    expr: Expr,
}

impl Filter {
    /// Parses a filter. The empty text is the filter that lets everything through.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse(text).map(|expr| Self { expr })
    }

    /// Whether everything passes.
    pub fn is_all(&self) -> bool {
        matches!(&self.expr, Expr::All(parts) if parts.is_empty())
    }

    /// Whether it names verdicts, reasons or flags that it wants to see: then it says itself which
    /// events are of interest, those that arrived among them.
    pub fn names_verdicts(&self) -> bool {
        names_verdicts(&self.expr, true)
    }

    /// Whether this event passes.
    pub fn matches(&self, event: &dyn Fields) -> bool {
        passes(&self.expr, event)
    }
}

/// `wanted` is false inside an odd number of `not`s: what a filter excludes it does not ask for.
fn names_verdicts(expr: &Expr, wanted: bool) -> bool {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => {
            parts.iter().any(|part| names_verdicts(part, wanted))
        }
        Expr::Not(part) => names_verdicts(part, !wanted),
        Expr::Term(
            Term::Verdict(op, _)
            | Term::Wanting(op, _)
            | Term::ConsumerVerdict(_, op, _)
            | Term::Reason(op, _)
            | Term::Flag(op, _),
        ) => wanted == (*op != Op::IsNot),
        Expr::Term(
            Term::Contains(_)
            | Term::Text(..)
            | Term::Phase(..)
            | Term::Version(..)
            | Term::Age(..)
            | Term::At(..),
        ) => false,
    }
}

fn passes(expr: &Expr, event: &dyn Fields) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| passes(part, event)),
        Expr::Any(parts) => parts.iter().any(|part| passes(part, event)),
        Expr::Not(part) => !passes(part, event),
        Expr::Term(term) => holds(term, event),
    }
}

fn holds(term: &Term, event: &dyn Fields) -> bool {
    match term {
        Term::Contains(word) => [event.id(), event.kind(), event.aggregate()]
            .into_iter()
            .any(|text| text.to_lowercase().contains(&word.to_lowercase())),
        Term::Text(field, op, value) => text_holds(*field, *op, value, event),
        Term::Verdict(op, name) => negated(*op, verdict_is(event.verdict(), name)),
        Term::Wanting(op, name) => {
            let wanting = |verdict: &ConsumerVerdict| verdict.class() != VerdictClass::Arrived;
            negated(*op, named_consumer(event, *op, name, &wanting))
        }
        Term::ConsumerVerdict(consumer, op, name) => {
            let is = |verdict: &ConsumerVerdict| {
                verdict.name() == name || verdict.class().name() == name
            };
            negated(*op, named_consumer(event, Op::Is, consumer, &is))
        }
        Term::Reason(op, name) => negated(*op, reason_is(event.verdict(), name)),
        Term::Flag(op, flag) => negated(*op, event.verdict().flags.contains(*flag)),
        Term::Phase(op, phase) => op.compare(&event.verdict().phase, phase),
        Term::Version(op, version) => event.version().is_some_and(|v| op.compare(&v, version)),
        Term::Age(op, micros) => op.compare(&event.now().since(event.at()), micros),
        Term::At(op, at) => op.compare(&event.at(), at),
    }
}

/// Names are equal or not; the other comparisons make no sense for them and mean "is".
fn negated(op: Op, holds: bool) -> bool {
    if op == Op::IsNot { !holds } else { holds }
}

fn text_holds(field: TextField, op: Op, value: &str, event: &dyn Fields) -> bool {
    let text = match field {
        TextField::Id => event.id(),
        TextField::Kind => event.kind(),
        // `product 4711` is how people say it, `4711` is what they paste.
        TextField::Aggregate if !value.contains('/') => {
            event.aggregate().rsplit('/').next().unwrap_or_default()
        }
        TextField::Aggregate => event.aggregate(),
    };
    match op {
        Op::Like => glob::matches(value, text),
        Op::Is => text == value,
        Op::IsNot => text != value,
        Op::Above => text.cmp(value) == Ordering::Greater,
        Op::AtLeast => text.cmp(value) != Ordering::Less,
        Op::Below => text.cmp(value) == Ordering::Less,
        Op::AtMost => text.cmp(value) != Ordering::Greater,
    }
}

fn verdict_is(verdict: &EventVerdict, name: &str) -> bool {
    verdict.class().name() == name
        || verdict.publish.name() == name
        || verdict
            .consumers
            .iter()
            .any(|consumer| consumer.name() == name)
}

fn named_consumer(
    event: &dyn Fields,
    op: Op,
    name: &str,
    test: &dyn Fn(&ConsumerVerdict) -> bool,
) -> bool {
    let named = |consumer: &str| match op {
        Op::Like => glob::matches(name, consumer),
        _ => consumer == name,
    };
    let verdicts = event.verdict().consumers.iter();
    event
        .consumers()
        .iter()
        .zip(verdicts)
        .any(|(consumer, verdict)| named(consumer) && test(verdict))
}

fn reason_is(verdict: &EventVerdict, name: &str) -> bool {
    let unknown = |reason: &UnknownReason| reason.name() == name;
    let publish = match &verdict.publish {
        PublishVerdict::Unknown(reason) => unknown(reason),
        PublishVerdict::Stuck(reason) => reason.name() == name,
        _ => false,
    };
    publish
        || verdict.consumers.iter().any(|consumer| match consumer {
            ConsumerVerdict::Unknown(reason) => unknown(reason),
            ConsumerVerdict::Lagging(reason) => reason.name() == name,
            _ => false,
        })
}

#[cfg(test)]
mod tests;
