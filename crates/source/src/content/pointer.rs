//! JSON pointers (RFC 6901): one that leads to a value, and many that lead to what is left out.

use super::escapes;
use super::tokens::{Broken, Holds, Token, Tokens};

/// The steps of a pointer.
pub(super) fn steps(pointer: &str) -> impl Iterator<Item = String> {
    let steps = pointer.split('/').skip(1);
    steps.map(|step| step.replace("~1", "/").replace("~0", "~"))
}

/// The text of the member or element that a step leads to; `None` when there is none. Of several
/// members with one name the last counts, as for every parser.
pub(super) fn inside<'a>(text: &'a [u8], step: &str) -> Result<Option<&'a [u8]>, Broken> {
    let mut tokens = Tokens::of(text);
    let mut found = None;
    let holds = match tokens.next()? {
        Some(Token::Open(holds)) => holds,
        _ => return Ok(None),
    };
    for nth in 0.. {
        let wanted = match (holds, tokens.peek()) {
            (Holds::Elements, Some(b']')) => {
                tokens.next()?;
                break;
            }
            (Holds::Elements, _) => is_index(step, nth),
            (Holds::Members, _) => match tokens.next()? {
                Some(Token::Name(name)) => *escapes::undone(name) == *step.as_bytes(),
                _ => break,
            },
        };
        let from = tokens.at();
        tokens.skip()?;
        if wanted {
            found = Some(value(&text[from..tokens.at()]));
        }
    }
    // What has something behind its end is no document.
    match tokens.next()? {
        None => Ok(found),
        Some(_) => Err(Broken::NotJson),
    }
}

/// What was read for a value, without what stands before it.
pub(super) fn value(read: &[u8]) -> &[u8] {
    let before = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',');
    let from = read.iter().position(|byte| !before(byte));
    &read[from.unwrap_or(0)..]
}

fn is_index(step: &str, nth: usize) -> bool {
    step.parse() == Ok(nth) && (nth == 0 || !step.starts_with('0'))
}

/// What is left out, as a tree of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOut {
    nodes: Vec<Node>,
}

/// Where in the tree a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot(usize);

/// One step further than its parent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    children: Vec<(String, usize)>,
    left_out: bool,
}

impl LeftOut {
    pub(super) fn of<'a>(pointers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut tree = Self {
            nodes: vec![Node::default()],
        };
        for pointer in pointers {
            let mut at = 0;
            for step in steps(pointer) {
                at = tree.child_or_new(at, step);
            }
            // A pointer without steps is the whole body: then there is nothing to compare.
            tree.nodes[at].left_out = true;
        }
        tree
    }

    /// The whole document.
    pub(super) fn root(&self) -> Option<Spot> {
        (!self.nodes[0].children.is_empty()).then_some(Spot(0))
    }

    /// Whether nothing of the document is left.
    pub(super) fn is_everything(&self) -> bool {
        self.nodes[0].left_out
    }

    /// Where a member stands; `None` when nothing below it is left out.
    pub(super) fn member(&self, parent: Option<Spot>, name: &[u8]) -> Option<Spot> {
        self.child(parent, |step| step.as_bytes() == name)
    }

    /// The same for an element of a list.
    pub(super) fn element(&self, parent: Option<Spot>, nth: usize) -> Option<Spot> {
        self.child(parent, |step| is_index(step, nth))
    }

    /// Whether the value there is left out.
    pub(super) fn holds(&self, spot: Option<Spot>) -> bool {
        spot.is_some_and(|Spot(at)| self.nodes[at].left_out)
    }

    fn child(&self, parent: Option<Spot>, is: impl Fn(&str) -> bool) -> Option<Spot> {
        let children = &self.nodes[parent?.0].children;
        let (_, at) = children.iter().find(|(step, _)| is(step))?;
        Some(Spot(*at))
    }

    fn child_or_new(&mut self, parent: usize, step: String) -> usize {
        let known = self.nodes[parent].children.iter();
        let known = known
            .filter(|(name, _)| *name == step)
            .map(|(_, at)| *at)
            .next();
        known.unwrap_or_else(|| {
            let at = self.nodes.len();
            self.nodes.push(Node::default());
            self.nodes[parent].children.push((step, at));
            at
        })
    }
}
