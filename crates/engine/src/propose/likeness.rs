//! How likely it is that messages carry the ids of rows, and not numbers that happen to be there.
//!
//! That a value stands among the ids proves nothing where the ids are small numbers: nearly every
//! small number does. So hits are held against those that chance would give, and where they are
//! not many times more, row and message must say the same, which is held against rows and
//! messages that do not belong together.

use std::collections::{HashMap, HashSet};

/// Hits that are so many times more than chance would give cannot be chance.
const MANY_TIMES: f64 = 10.0;

/// A text of so many bits is nobody else's.
const BITS: usize = 60;

/// Pairs that contents are judged by, at least.
const ENOUGH: usize = 2;

/// Ids, and how densely they lie.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Crowd {
    prefix: String,
    n: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Whole numbers behind the prefix, from the lowest to the highest.
    Numbers(i128, i128),
    /// Texts that are long enough to be nobody else's.
    Unique,
    /// Short texts.
    Short,
}

impl Crowd {
    pub(super) fn of<'a>(ids: impl Iterator<Item = &'a str> + Clone) -> Self {
        let prefix = common_prefix(ids.clone());
        let n = ids.clone().count();
        let numbers = ids.clone().map(|id| number(&id[prefix.len()..]));
        let numbers: Option<Vec<i128>> = numbers.collect();
        let numbers = numbers.filter(|_| !ids.clone().all(|id| is_unique(id, id.len())));
        let ends = numbers.and_then(|all| Some((*all.iter().min()?, *all.iter().max()?)));
        let kind = match ends {
            Some((low, high)) => Kind::Numbers(low, high),
            None if n > 0 && ids.clone().all(|id| is_unique(id, prefix.len())) => Kind::Unique,
            None => Kind::Short,
        };
        Self {
            prefix: prefix.to_owned(),
            n,
            kind,
        }
    }

    /// How many of these values would be among the ids if they had nothing to do with them.
    pub(super) fn by_chance<'a>(&self, values: impl Iterator<Item = &'a str>) -> f64 {
        match self.kind {
            Kind::Unique => 0.0,
            Kind::Short => values.count() as f64,
            Kind::Numbers(low, high) => {
                let lies_among = |value: &&str| {
                    let rest = value.strip_prefix(&self.prefix);
                    rest.and_then(number).is_some_and(|n| low <= n && n <= high)
                };
                let width = high.saturating_sub(low).saturating_add(1);
                values.filter(lies_among).count() as f64 * self.n as f64 / width as f64
            }
        }
    }
}

/// What was seen of one place of the messages of one destination.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    /// Messages that carry anything there.
    pub(super) carried: usize,
    /// … an id of the outbox.
    pub(super) hits: usize,
    /// Hits that chance would give.
    pub(super) by_chance: f64,
    /// Hits on rows that were written after the message.
    pub(super) early: usize,
    /// Hits on rows that say themselves that they are unsent.
    pub(super) unsent: usize,
    pub(super) content: Content,
}

/// What rows and the messages that are taken for theirs say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// Pairs of which both could be read and the row says something of its own.
    pub(super) compared: usize,
    /// … that say the same.
    pub(super) same: usize,
    /// That would say the same if each row had another row's message.
    pub(super) same_by_chance: usize,
}

/// What contents come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saying {
    /// Rows and messages that belong together say what others do not.
    Same,
    /// They do not.
    Different,
    /// Nothing could be compared, or everything looks alike.
    Nothing,
}

impl Content {
    pub(super) fn saying(self) -> Saying {
        let Self {
            compared,
            same,
            same_by_chance,
        } = self;
        if compared < ENOUGH {
            Saying::Nothing
        } else if same * 10 >= compared * 8 && same_by_chance * 10 <= compared * 3 {
            Saying::Same
        } else if same * 2 < compared {
            Saying::Different
        } else {
            Saying::Nothing
        }
    }
}

/// What is to be believed of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Belief {
    /// It carries the id; why.
    Id(String),
    /// It may carry something that is among the ids by chance; why.
    Chance(String),
}

impl Tally {
    /// Whether the place carries the rows' ids. `made_for_ids`: its name says so, as a header's
    /// does and a number's in a body does not.
    pub(super) fn belief(&self, made_for_ids: bool) -> Belief {
        let saying = self.content.saying();
        if self.is_beyond_chance() {
            return Belief::Id(self.words(saying));
        }
        match saying {
            Saying::Same => Belief::Id(self.words(saying)),
            Saying::Different => Belief::Chance(self.words(saying)),
            Saying::Nothing if made_for_ids && self.fits() => Belief::Id(self.words(saying)),
            Saying::Nothing => Belief::Chance(self.words(saying)),
        }
    }

    /// Hits alone are proof.
    pub(super) fn is_beyond_chance(&self) -> bool {
        self.hits > 0 && self.hits as f64 >= self.by_chance * MANY_TIMES
    }

    /// Nothing speaks against it: hardly a message has no row, none is older than its row, and
    /// rows that say that they are unsent have none.
    fn fits(&self) -> bool {
        let few = |n: usize| n * 10 <= self.hits;
        few(self.carried.saturating_sub(self.hits)) && few(self.early) && few(self.unsent)
    }

    fn words(&self, saying: Saying) -> String {
        let Content { compared, same, .. } = self.content;
        let mut words = vec![match self.is_beyond_chance() {
            true => format!("{} hits, chance would give none", self.hits),
            false => format!(
                "{} hits, chance would give {:.0}",
                self.hits, self.by_chance
            ),
        }];
        match saying {
            Saying::Same => words.push(format!("{same} of {compared} say what their rows say")),
            Saying::Different => words.push(format!(
                "only {same} of {compared} say anything that their rows say"
            )),
            Saying::Nothing => {}
        }
        if self.early > 0 {
            words.push(format!("{} are older than their rows", self.early));
        }
        if self.unsent > 0 {
            words.push(format!(
                "{} of the rows say that they are unsent",
                self.unsent
            ));
        }
        words.join("; ")
    }
}

/// Compares what rows and messages say, each a set of texts; `pairs` in the order of the messages.
pub(super) fn content(pairs: &[(HashSet<String>, HashSet<String>)]) -> Content {
    let mut content = Content::default();
    let own = own_words(pairs);
    for (nth, (own, (_, letter))) in own.iter().zip(pairs).enumerate() {
        if own.is_empty() || letter.is_empty() {
            continue;
        }
        let says = |letter: &HashSet<String>| {
            own.iter().filter(|word| letter.contains(**word)).count() * 2 >= own.len()
        };
        content.compared += 1;
        content.same += usize::from(says(letter));
        // Whoever is farthest away has least to do with it.
        let (_, other) = &pairs[(nth + pairs.len().div_ceil(2)) % pairs.len()];
        content.same_by_chance += usize::from(pairs.len() > 1 && says(other));
    }
    content
}

/// What each row says and hardly another does.
fn own_words(pairs: &[(HashSet<String>, HashSet<String>)]) -> Vec<Vec<&str>> {
    let mut counted: HashMap<&str, usize> = HashMap::new();
    for word in pairs.iter().flat_map(|(row, _)| row) {
        *counted.entry(word).or_default() += 1;
    }
    let rare = (pairs.len() / 4).max(1);
    let rows = pairs.iter().map(|(row, _)| row.iter().map(String::as_str));
    rows.map(|row| row.filter(|word| counted[word] <= rare).collect())
        .collect()
}

/// Whether a value looks like an id: long enough to be nobody else's, and no small number.
pub(super) fn looks_like_id(value: &str) -> bool {
    match number(value) {
        Some(_) => value.len() >= 15,
        None => bits(value) >= BITS && !value.contains(char::is_whitespace),
    }
}

/// Whether a text is nobody else's: a UUID, however alike they begin, or long enough behind what
/// all begin with.
fn is_unique(id: &str, prefix: usize) -> bool {
    let uuid = |c: char| c.is_ascii_hexdigit() || c == '-';
    let digits = id.bytes().filter(u8::is_ascii_hexdigit).count();
    digits == 32 && id.chars().all(uuid) || bits(&id[prefix..]) >= BITS
}

/// How many bits a text may hold; a digit and a letter that could be a digit of a larger base
/// four.
fn bits(text: &str) -> usize {
    let hexadecimal = text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    letters * if hexadecimal { 4 } else { 5 }
}

fn number(text: &str) -> Option<i128> {
    let digits = text.len() <= 38 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// What all begin with, up to the last character that is no digit of a number.
fn common_prefix<'a>(mut ids: impl Iterator<Item = &'a str>) -> &'a str {
    let Some(first) = ids.next() else { return "" };
    let common = ids.fold(first, |common, id| {
        let mut end = 0;
        for ((at, one), other) in common.char_indices().zip(id.chars()) {
            if one != other {
                break;
            }
            end = at + one.len_utf8();
        }
        &common[..end]
    });
    common.trim_end_matches(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests;
