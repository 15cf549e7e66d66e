//! One number for a JSON document, whoever wrote it.

use super::escapes;
use super::hash::Hash;
use super::number;
use super::pointer::{LeftOut, Spot};
use super::tokens::{Broken, Holds, Token, Tokens};

/// The hash of a document without what is left out. Order of members, spaces, escapes and
/// spellings of numbers do not count; of several members with one name the last does.
pub(super) fn hash(text: &[u8], left_out: &LeftOut) -> Result<u64, Broken> {
    let mut walk = Walk {
        tokens: Tokens::of(text),
        left_out,
        open: Vec::new(),
        members: Vec::new(),
        digits: Vec::new(),
        root: 0,
    };
    walk.run()?;
    Ok(walk.root)
}

/// A container that is not closed yet.
#[derive(Debug)]
struct Container {
    holds: Holds,
    /// Its place among what is left out.
    spot: Option<Spot>,
    /// Of an object: where its members begin. Of a list: how many elements went by.
    n: usize,
    /// Of a list: what its elements make.
    elements: Hash,
    /// Of an object: the name of the member that comes next, and that member's place.
    name: (u64, Option<Spot>),
}

/// A member's name and value as numbers.
type Member = (u64, u64);

/// The way through a document.
struct Walk<'a> {
    tokens: Tokens<'a>,
    left_out: &'a LeftOut,
    open: Vec<Container>,
    /// Members of all objects that are open, the innermost last.
    members: Vec<Member>,
    digits: Vec<u8>,
    root: u64,
}

impl<'a> Walk<'a> {
    fn run(&mut self) -> Result<(), Broken> {
        loop {
            if self.skips_element()? {
                continue;
            }
            let Some(token) = self.tokens.next()? else {
                return Ok(());
            };
            match token {
                Token::Open(holds) => self.begin(holds),
                Token::Close => self.end(),
                Token::Name(name) => self.named(name)?,
                Token::Text(text) => {
                    let text = escapes::undone(text);
                    self.is(Hash::of_kind(b's').and_bytes(&text).end());
                }
                Token::Number(text) => {
                    let value = number::hash(text, &mut self.digits);
                    self.is(value);
                }
                Token::Word(word) => self.is(Hash::of_kind(b'w').and_bytes(word.as_bytes()).end()),
            }
        }
    }

    /// Whether the next element of a list was left out; it has been read then.
    fn skips_element(&mut self) -> Result<bool, Broken> {
        let Some(list) = self.open.last_mut() else {
            return Ok(false);
        };
        if list.spot.is_none() || list.holds == Holds::Members {
            return Ok(false);
        }
        let spot = self.left_out.element(list.spot, list.n);
        if !self.left_out.holds(spot) || self.tokens.peek() == Some(b']') {
            return Ok(false);
        }
        list.n += 1;
        self.tokens.skip()?;
        Ok(true)
    }

    fn begin(&mut self, holds: Holds) {
        let spot = match self.open.last() {
            None => self.left_out.root(),
            Some(outer) if outer.holds == Holds::Members => outer.name.1,
            Some(outer) => self.left_out.element(outer.spot, outer.n),
        };
        self.open.push(Container {
            holds,
            spot,
            n: match holds {
                Holds::Members => self.members.len(),
                Holds::Elements => 0,
            },
            elements: Hash::of_kind(b'l'),
            name: (0, None),
        });
    }

    /// Notes a member's name, or reads past the member when it is left out.
    fn named(&mut self, name: &'a [u8]) -> Result<(), Broken> {
        let Some(object) = self.open.last_mut() else {
            return Err(Broken::NotJson);
        };
        let name = escapes::undone(name);
        let spot = self.left_out.member(object.spot, &name);
        if self.left_out.holds(spot) {
            return self.tokens.skip();
        }
        object.name = (Hash::of_kind(b'k').and_bytes(&name).end(), spot);
        Ok(())
    }

    fn end(&mut self) {
        let Some(container) = self.open.pop() else {
            return;
        };
        let value = match container.holds {
            Holds::Elements => container.elements.end(),
            Holds::Members => {
                let value = object(&mut self.members[container.n..]);
                self.members.truncate(container.n);
                value
            }
        };
        self.is(value);
    }

    /// A value is known: it belongs to what is open.
    fn is(&mut self, value: u64) {
        match self.open.last_mut() {
            None => self.root = value,
            Some(outer) if outer.holds == Holds::Members => {
                self.members.push((outer.name.0, value));
            }
            Some(outer) => {
                outer.n += 1;
                outer.elements = outer.elements.and(value);
            }
        }
    }
}

/// The hash of an object: its members in the order of their names' numbers.
fn object(members: &mut [Member]) -> u64 {
    // Stable, so that of equal names the last one comes last.
    members.sort_by_key(|(name, _)| *name);
    let mut hash = Hash::of_kind(b'o');
    for (idx, (name, value)) in members.iter().enumerate() {
        let again = members.get(idx + 1).is_some_and(|(next, _)| next == name);
        if !again {
            hash = hash.and(*name).and(*value);
        }
    }
    hash.end()
}
