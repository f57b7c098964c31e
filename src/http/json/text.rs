//! The syntax of JSON: one pass over the bytes that builds nothing, and the cursor that later reads checked text.
//!
//! Why not `serde_json` with `raw_value`, which is what everything else here is written with: what clients are told of a
//! faulty body is the contract's, and four parts of it cannot be had from there. Its depth limit is 128 and fixed, the
//! contract refuses the 65th level. It tells line and column from one, the contract the line from zero and the *byte* in it.
//! A `RawValue` no longer knows where in the document it stood, so a fault inside would be told a wrong place. And members
//! of one name (the last counts, letter case does not matter) would each have to be kept as text, which for a body of
//! 20 MB of small members is several times its size, where the cursor keeps nothing.

use std::borrow::Cow;

/// Nesting that is accepted, as in the reference.
pub const DEPTH: usize = 64;

/// Where and why a text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} LineNumber: {line} | BytePositionInLine: {column}.")]
pub struct SyntaxError {
    what: &'static str,
    /// From zero, as is the column.
    line: usize,
    column: usize,
}

/// JSON text that was found correct: what [`Cursor`] may walk without looking out for mistakes.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a>(&'a str);

impl<'a> Checked<'a> {
    /// Checks encoding, syntax and depth of a whole document. A byte order mark in front is dropped.
    pub fn new(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        // Some editors and .NET's writers put it in front.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes)
            .map_err(|error| syntax_error(bytes, error.valid_up_to(), "The text is not valid UTF-8."))?;
        let mut checker = Checker { bytes, at: 0 };
        checker.document().map_err(|what| syntax_error(bytes, checker.at.min(bytes.len()), what))?;
        Ok(Self(text))
    }

    /// A value out of a text that was checked.
    pub fn before(part: &'a str) -> Self {
        Self(part)
    }

    /// At the document's value.
    pub fn cursor(self) -> Cursor<'a> {
        let mut cursor = Cursor { text: self.0, at: 0 };
        cursor.skip_blanks();
        cursor
    }
}

fn syntax_error(bytes: &[u8], at: usize, what: &'static str) -> SyntaxError {
    let before = &bytes[..at];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    SyntaxError { what, line: before.split(|byte| *byte == b'\n').count() - 1, column: at - line_start }
}

struct Checker<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Found = Result<(), &'static str>;

const UNEXPECTED: &str = "The text holds a character that JSON does not allow here.";
const HALF: &str = "A JSON string holds half of a surrogate pair.";
const ENDED: &str = "The text ends before its JSON value does.";

impl Checker<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn document(&mut self) -> Found {
        self.skip_blanks();
        if self.peek().is_none() {
            return Err("The input does not contain any JSON tokens.");
        }
        self.value(0)?;
        self.skip_blanks();
        if self.peek().is_some() { Err("The text goes on after its JSON value.") } else { Ok(()) }
    }

    // Recursive, which the bound of 64 levels makes safe.
    fn value(&mut self, depth: usize) -> Found {
        match self.peek().ok_or(ENDED)? {
            b'{' => self.members(depth + 1),
            b'[' => self.items(depth + 1),
            b'"' => self.string(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(UNEXPECTED),
        }
    }

    fn members(&mut self, depth: usize) -> Found {
        self.open(depth)?;
        if self.closes(b'}') {
            return Ok(());
        }
        loop {
            match self.peek() {
                Some(b'"') => self.string()?,
                Some(_) => return Err(UNEXPECTED),
                None => return Err(ENDED),
            }
            self.skip_blanks();
            self.byte(b':')?;
            self.skip_blanks();
            self.value(depth)?;
            self.skip_blanks();
            if self.closes(b'}') {
                return Ok(());
            }
            self.byte(b',')?;
            self.skip_blanks();
        }
    }

    fn items(&mut self, depth: usize) -> Found {
        self.open(depth)?;
        if self.closes(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            self.skip_blanks();
            if self.closes(b']') {
                return Ok(());
            }
            self.byte(b',')?;
            self.skip_blanks();
        }
    }

    fn open(&mut self, depth: usize) -> Found {
        if depth > DEPTH {
            return Err("The JSON is nested deeper than 64 levels.");
        }
        self.at += 1;
        self.skip_blanks();
        Ok(())
    }

    fn closes(&mut self, bracket: u8) -> bool {
        let closes = self.peek() == Some(bracket);
        self.at += usize::from(closes);
        closes
    }

    fn byte(&mut self, expected: u8) -> Found {
        match self.peek() {
            Some(byte) if byte == expected => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(UNEXPECTED),
            None => Err(ENDED),
        }
    }

    fn word(&mut self, word: &[u8]) -> Found {
        word.iter().try_for_each(|byte| self.byte(*byte))
    }

    fn number(&mut self) -> Found {
        let _ = self.closes(b'-');
        // A leading zero stands alone.
        if !self.closes(b'0') {
            self.digits()?;
        }
        if self.closes(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Found {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        match self.peek() {
            _ if self.at > start => Ok(()),
            Some(_) => Err(UNEXPECTED),
            None => Err(ENDED),
        }
    }

    fn string(&mut self) -> Found {
        self.at += 1;
        loop {
            match self.peek().ok_or(ENDED)? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    self.escape()?;
                }
                ..=0x1f => return Err("A control character in a JSON string must be escaped."),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Found {
        match self.peek().ok_or(ENDED)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 1;
                Ok(())
            }
            b'u' => {
                self.at += 1;
                match self.hex()? {
                    // Half a pair is no character, and no UTF-8 could be written of it.
                    0xd800..=0xdbff => {
                        self.byte(b'\\').and_then(|()| self.byte(b'u')).map_err(|_| HALF)?;
                        if matches!(self.hex()?, 0xdc00..=0xdfff) { Ok(()) } else { Err(HALF) }
                    }
                    0xdc00..=0xdfff => Err(HALF),
                    _ => Ok(()),
                }
            }
            _ => Err("A JSON string holds an unknown escape."),
        }
    }

    fn hex(&mut self) -> Result<u32, &'static str> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek().ok_or(ENDED)?).to_digit(16).ok_or(UNEXPECTED)?;
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

/// A value in checked text, without its inside.
#[derive(Debug)]
pub enum Token<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    String(Cow<'a, str>),
    /// The cursor stands at the first item or the closing bracket.
    Items,
    /// The cursor stands at the first name or the closing brace.
    Members,
}

/// A place in checked text. Copies are cheap, so that a member can be visited later.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// Reads the value here; of arrays and objects the opening only.
    pub fn token(&mut self) -> Token<'a> {
        match self.peek() {
            b'"' => Token::String(self.string()),
            b'{' => self.enter(Token::Members),
            b'[' => self.enter(Token::Items),
            b't' => self.word(4, Token::Bool(true)),
            b'f' => self.word(5, Token::Bool(false)),
            b'n' => self.word(4, Token::Null),
            _ => Token::Number(self.number()),
        }
    }

    fn enter(&mut self, token: Token<'a>) -> Token<'a> {
        self.at += 1;
        self.skip_blanks();
        token
    }

    fn word(&mut self, length: usize, token: Token<'a>) -> Token<'a> {
        self.at += length;
        token
    }

    fn number(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let length =
            rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
        self.at += length;
        &rest[..length]
    }

    /// Behind an opening bracket: whether something comes before the closing one, which is stepped over otherwise.
    pub fn first(&mut self, close: u8) -> bool {
        let empty = self.peek() == close;
        self.at += usize::from(empty);
        !empty
    }

    /// Steps over a comma; `false` at the closing bracket, which is stepped over as well.
    pub fn goes_on(&mut self) -> bool {
        self.skip_blanks();
        match self.peek() {
            b',' => {
                self.at += 1;
                self.skip_blanks();
                true
            }
            b']' | b'}' => {
                self.at += 1;
                false
            }
            // The end of the text, which checked text does not reach inside a value.
            0 => false,
            _ => true,
        }
    }

    /// The name of the member here; the cursor then stands at its value.
    pub fn name(&mut self) -> Cow<'a, str> {
        let name = self.string();
        self.skip_blanks();
        self.at += 1;
        self.skip_blanks();
        name
    }

    fn string(&mut self) -> Cow<'a, str> {
        let start = self.at + 1;
        let escaped = self.skip_string();
        let raw = &self.text[start..self.at - 1];
        if escaped { Cow::Owned(unescaped(raw)) } else { Cow::Borrowed(raw) }
    }

    /// Says whether the string holds an escape.
    fn skip_string(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(b'"') | None => {
                    self.at += 1;
                    return escaped;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// The value here as it is written, whatever it holds.
    pub fn value(&mut self) -> &'a str {
        let start = self.at;
        self.skip_value();
        &self.text[start..self.at]
    }

    /// Steps over the value here, whatever it holds.
    pub fn skip_value(&mut self) {
        // Counted, not recursive: this runs over values that may be megabytes.
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                b'"' => {
                    self.skip_string();
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => {
                    self.at += 1;
                    continue;
                }
                0 => return,
                _ => self.skip_scalar(),
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_scalar(&mut self) {
        while !matches!(self.peek(), b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' | 0) {
            self.at += 1;
        }
    }

    /// For ordering members by where they stand.
    pub fn position(&self) -> usize {
        self.at
    }
}

/// Resolves the escapes of a checked string.
fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (code, after) = escape.split_at(1);
        rest = after;
        text.push(match code {
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "u" => {
                let (unit, after) = utf16_unit(rest);
                rest = after;
                let mut units = vec![unit];
                if (0xd800..0xdc00).contains(&unit)
                    && let Some((low, after)) = rest.strip_prefix("\\u").map(utf16_unit)
                {
                    units.push(low);
                    rest = after;
                }
                char::decode_utf16(units).next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => other.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER),
        });
    }
    text.push_str(rest);
    text
}

fn utf16_unit(text: &str) -> (u16, &str) {
    let (digits, rest) = text.split_at(4.min(text.len()));
    (u16::from_str_radix(digits, 16).unwrap_or(0), rest)
}
