//! JSON piece by piece: strict, without a tree, and without recursion.

/// How deep documents may be nested. Databases refuse far less (MySQL 100), and what needs more
/// was made to break somebody.
const MAX_DEPTH: usize = 1000;

/// One piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `{` or `[`.
    Open(Holds),
    /// `}` or `]`.
    Close,
    /// A member's name, still escaped, without quotes.
    Name(&'a [u8]),
    /// A string, still escaped, without quotes.
    Text(&'a [u8]),
    /// A number as it is written.
    Number(&'a [u8]),
    /// `true`, `false` or `null`.
    Word(&'static str),
}

/// What is in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Members of an object.
    Members,
    /// Elements of a list.
    Elements,
}

/// Why a text cannot be read as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// It is none.
    NotJson,
    /// It is nested too deeply to go on.
    TooDeep,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    /// A value, or the end of an empty list.
    FirstElement,
    Name,
    /// A name, or the end of an empty object.
    FirstName,
    /// A comma or the end of what it stands in.
    AfterValue,
}

/// A document being read.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    next: Next,
    open: Vec<Holds>,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            next: Next::Value,
            open: Vec::new(),
        }
    }

    /// How many bytes have been read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Skips spaces; the next byte, which is not taken.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
        None
    }

    /// The next piece; `None` at the end of the document.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, Broken> {
        let Some(byte) = self.peek() else {
            let whole = self.next == Next::AfterValue && self.open.is_empty();
            return if whole {
                Ok(None)
            } else {
                Err(Broken::NotJson)
            };
        };
        let token = match (self.next, byte) {
            (Next::FirstName, b'}') | (Next::FirstElement, b']') => self.close(),
            (Next::AfterValue, _) => return self.after_value(byte),
            (Next::Name | Next::FirstName, b'"') => self.name()?,
            (Next::Name | Next::FirstName, _) => return Err(Broken::NotJson),
            (Next::Value | Next::FirstElement, byte) => self.value(byte)?,
        };
        Ok(Some(token))
    }

    /// Reads to the end of the value that comes next.
    pub(super) fn skip(&mut self) -> Result<(), Broken> {
        let depth = self.open.len();
        loop {
            self.next()?.ok_or(Broken::NotJson)?;
            if self.open.len() <= depth && self.next == Next::AfterValue {
                return Ok(());
            }
        }
    }

    fn after_value(&mut self, byte: u8) -> Result<Option<Token<'a>>, Broken> {
        match (self.open.last(), byte) {
            (Some(Holds::Members), b',') => self.next = Next::Name,
            (Some(Holds::Elements), b',') => self.next = Next::Value,
            (Some(Holds::Members), b'}') | (Some(Holds::Elements), b']') => {
                return Ok(Some(self.close()));
            }
            _ => return Err(Broken::NotJson),
        }
        self.at += 1;
        self.next()
    }

    fn close(&mut self) -> Token<'a> {
        self.at += 1;
        self.open.pop();
        self.next = Next::AfterValue;
        Token::Close
    }

    fn name(&mut self) -> Result<Token<'a>, Broken> {
        let name = self.string()?;
        if self.peek() != Some(b':') {
            return Err(Broken::NotJson);
        }
        self.at += 1;
        self.next = Next::Value;
        Ok(Token::Name(name))
    }

    fn value(&mut self, byte: u8) -> Result<Token<'a>, Broken> {
        let token = match byte {
            b'{' => return self.open(Holds::Members, Next::FirstName),
            b'[' => return self.open(Holds::Elements, Next::FirstElement),
            b'"' => Token::Text(self.string()?),
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => self.number()?,
        };
        self.next = Next::AfterValue;
        Ok(token)
    }

    fn open(&mut self, holds: Holds, next: Next) -> Result<Token<'a>, Broken> {
        if self.open.len() == MAX_DEPTH {
            return Err(Broken::TooDeep);
        }
        self.at += 1;
        self.open.push(holds);
        self.next = next;
        Ok(Token::Open(holds))
    }

    /// What stands between the quotes. Escapes are looked at when somebody wants them undone.
    fn string(&mut self) -> Result<&'a [u8], Broken> {
        let from = self.at + 1;
        let mut at = from;
        loop {
            match self.text.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(0x20..) => at += 1,
                Some(_) | None => return Err(Broken::NotJson),
            }
        }
        self.at = at + 1;
        let inside = &self.text[from..at];
        if inside.contains(&b'\\') && !super::escapes::are_valid(inside) {
            return Err(Broken::NotJson);
        }
        Ok(inside)
    }

    fn word(&mut self, word: &'static str) -> Result<Token<'a>, Broken> {
        let rest = &self.text[self.at..];
        if !rest.starts_with(word.as_bytes()) {
            return Err(Broken::NotJson);
        }
        self.at += word.len();
        Ok(Token::Word(word))
    }

    fn number(&mut self) -> Result<Token<'a>, Broken> {
        let from = self.at;
        self.at += usize::from(self.text[from] == b'-');
        match self.text.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Token::Number(&self.text[from..self.at]))
    }

    /// One digit at least.
    fn digits(&mut self) -> Result<(), Broken> {
        let rest = &self.text[self.at..];
        let n = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += n;
        if n == 0 { Err(Broken::NotJson) } else { Ok(()) }
    }
}
