//! A reader of EDN, form by form: what histories use of it.
//!
//! Maps, vectors, lists, sets, keywords, symbols, strings, characters, numbers, `nil`, booleans; comments, commas and `#_` are passed over,
//! and so are tags, so that `#inst "2020"` is a string and `#some.Record{…}` a map. How deep forms are nested is bounded, and
//! how long one may be, so that no input takes more than it is worth.

use std::io::BufRead;

use super::event::Mistake;
use super::source::{LONGEST, too_long, unreadable};
use super::value::Value;

/// How deep forms may be nested.
const DEEPEST: usize = 64;

/// Reads forms.
pub(crate) struct Edn<R> {
    input: R,
    line: u64,
    /// How many bytes the present form has taken.
    taken: usize,
}

impl<R: BufRead> Edn<R> {
    /// A reader that begins in this line.
    pub(crate) fn new(input: R, line: u64) -> Edn<R> {
        Edn { input, line, taken: 0 }
    }

    /// The line that has been reached.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The next form; nothing if there is none before the end, or before a bracket that closes something.
    ///
    /// # Errors
    /// If there is something else. Nothing behind it can be trusted.
    pub(crate) fn form(&mut self) -> Result<Option<Value>, Mistake> {
        self.taken = 0;
        self.nested(0)
    }

    /// Passes over what means nothing. Says what comes then, without taking it.
    ///
    /// # Errors
    /// If the input cannot be read.
    pub(crate) fn ahead(&mut self) -> Result<Option<u8>, Mistake> {
        loop {
            match self.peek()? {
                Some(b';') => while !matches!(self.take()?, None | Some(b'\n')) {},
                Some(byte) if byte.is_ascii_whitespace() || byte == b',' => {
                    self.take()?;
                    // Space between forms belongs to none of them.
                    self.taken = self.taken.saturating_sub(1);
                }
                other => return Ok(other),
            }
        }
    }

    /// Takes one byte.
    ///
    /// # Errors
    /// If the input cannot be read, or a form is too long.
    pub(crate) fn take(&mut self) -> Result<Option<u8>, Mistake> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.input.consume(1);
            self.line += u64::from(byte == Some(b'\n'));
            self.taken += 1;
            if self.taken > LONGEST {
                return Err(too_long(self.line));
            }
        }
        Ok(byte)
    }

    fn peek(&mut self) -> Result<Option<u8>, Mistake> {
        let line = self.line;
        self.input.fill_buf().map(|bytes| bytes.first().copied()).map_err(|error| unreadable(line, &error))
    }

    fn nested(&mut self, depth: usize) -> Result<Option<Value>, Mistake> {
        if depth > DEEPEST {
            return Err(self.wrong("forms within forms", format!("at most {DEEPEST} of them")));
        }
        let mut first = self.ahead()?;
        while first == Some(b'#') {
            match self.dispatched(depth)? {
                None => first = self.ahead()?,
                form => return Ok(form),
            }
        }
        let Some(first) = first else { return Ok(None) };
        let value = match first {
            b')' | b']' | b'}' => return Ok(None),
            b'[' => Value::List(self.items(b']', depth)?),
            b'(' => Value::List(self.items(b')', depth)?),
            b'{' => self.map(depth)?,
            b'"' => Value::Text(self.string()?),
            b'\\' => Value::Text(self.character()?),
            b':' => Value::Word(self.token()?),
            byte if is_token(byte) => self.atom()?,
            byte => return Err(self.wrong(format!("unexpected `{}`", char::from(byte)), "a form of EDN")),
        };
        Ok(Some(value))
    }

    /// The forms up to a closing bracket.
    fn items(&mut self, close: u8, depth: usize) -> Result<Vec<Value>, Mistake> {
        let begun = self.line;
        self.take()?;
        let mut items = Vec::new();
        while let Some(item) = self.nested(depth + 1)? {
            // A value takes more memory than its text: an empty list of three bytes some thirty.
            self.taken += size_of::<Value>();
            items.push(item);
        }
        match self.take()? {
            Some(byte) if byte == close => Ok(items),
            given => {
                let given =
                    given.map_or("the file ends".to_owned(), |byte| format!("unexpected `{}`", char::from(byte)));
                let allowed = format!("what begins in line {begun} ends with `{}`", char::from(close));
                Err(self.wrong(given, allowed))
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Mistake> {
        let items = self.items(b'}', depth)?;
        if items.len() % 2 == 1 {
            return Err(self.wrong("a map with a name that has no value", "names and values by turns"));
        }
        let mut items = items.into_iter();
        let mut entries = Vec::new();
        while let (Some(name), Some(value)) = (items.next(), items.next()) {
            entries.push((name, value));
        }
        Ok(Value::map(entries))
    }

    /// What begins with `#`: a set or a form with a tag; nothing, if it is passed over.
    fn dispatched(&mut self, depth: usize) -> Result<Option<Value>, Mistake> {
        self.take()?;
        match self.peek()? {
            Some(b'{') => {
                let mut items = self.items(b'}', depth)?;
                items.sort();
                items.dedup();
                Ok(Some(Value::Set(items)))
            }
            Some(b'_') => {
                self.take()?;
                self.owed(depth)?;
                Ok(None)
            }
            Some(byte) if byte.is_ascii_alphabetic() => {
                self.token()?;
                self.owed(depth).map(Some)
            }
            _ => Err(self.wrong("a lone `#`", "a set `#{…}`, a tag or `#_`")),
        }
    }

    /// A form that must be there.
    fn owed(&mut self, depth: usize) -> Result<Value, Mistake> {
        self.nested(depth + 1)?.ok_or_else(|| self.wrong("nothing behind a tag or `#_`", "a form of EDN"))
    }

    fn string(&mut self) -> Result<String, Mistake> {
        let begun = self.line;
        self.take()?;
        let mut bytes = Vec::new();
        loop {
            match self.take()? {
                Some(b'"') => break,
                Some(b'\\') => {
                    let escaped = self.escaped()?;
                    bytes.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(byte) => bytes.push(byte),
                None => return Err(Mistake::new(begun, "a string without an end", "strings end with `\"`")),
            }
        }
        self.text(bytes)
    }

    fn escaped(&mut self) -> Result<char, Mistake> {
        Ok(match self.take()? {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'"' | b'\\' | b'/' | b'\'')) => char::from(byte),
            Some(b'u') => {
                let mut code = 0;
                for _ in 0..4 {
                    let digit = self.take()?.and_then(|byte| char::from(byte).to_digit(16));
                    code = code * 16 + digit.ok_or_else(|| self.wrong("a wrong `\\u`", "four hexadecimal digits"))?;
                }
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(self.wrong("an unknown escape", r#"`\n`, `\t`, `\r`, `\b`, `\f`, `\"`, `\\` or `\uXXXX`"#)),
        })
    }

    /// A character: itself, or the name of one.
    fn character(&mut self) -> Result<String, Mistake> {
        self.take()?;
        let first = self.take()?.ok_or_else(|| self.wrong("a lone `\\`", "a character"))?;
        let mut bytes = vec![first];
        while let Some(byte) = self.peek()?
            && is_token(byte)
        {
            bytes.push(byte);
            self.take()?;
        }
        let name = self.text(bytes)?;
        Ok(match name.as_str() {
            "newline" => "\n".to_owned(),
            "return" => "\r".to_owned(),
            "space" => " ".to_owned(),
            "tab" => "\t".to_owned(),
            _ => match name.strip_prefix('u').and_then(|code| u32::from_str_radix(code, 16).ok()) {
                Some(code) if name.len() == 5 => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).into(),
                _ if name.chars().count() == 1 => name,
                _ => return Err(self.wrong(format!("an unknown character `\\{name}`"), r"`\a`, `\newline`, `\u0041`")),
            },
        })
    }

    fn token(&mut self) -> Result<String, Mistake> {
        let mut bytes = Vec::new();
        while let Some(byte) = self.peek()?
            && (is_token(byte) || byte == b'#' && !bytes.is_empty())
        {
            bytes.push(byte);
            self.take()?;
        }
        self.text(bytes)
    }

    /// A number, `nil`, a boolean or a symbol.
    fn atom(&mut self) -> Result<Value, Mistake> {
        let token = self.token()?;
        let digits = token.trim_start_matches(['+', '-']);
        Ok(match token.as_str() {
            "nil" => Value::Nil,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ if digits.starts_with(|first: char| first.is_ascii_digit()) => {
                let whole = token.strip_suffix('N').unwrap_or(&token);
                match whole.parse() {
                    Ok(number) => Value::Int(number),
                    Err(_) if is_number(digits) => Value::Number(whole.to_owned()),
                    Err(_) => {
                        return Err(self.wrong(format!("`{token}`"), "numbers are `1`, `-1`, `1.5`, `1e9`, `1/2`"));
                    }
                }
            }
            _ => Value::Word(token),
        })
    }

    fn text(&self, bytes: Vec<u8>) -> Result<String, Mistake> {
        String::from_utf8(bytes).map_err(|_| self.wrong("bytes that are no text", "histories are UTF-8"))
    }

    fn wrong(&self, given: impl Into<String>, allowed: impl Into<String>) -> Mistake {
        Mistake::new(self.line, given, allowed)
    }
}

/// Whether a byte can be a part of a keyword, a symbol or a number.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b".*+!-_?$%&=<>/:'|".contains(&byte)
}

fn is_number(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit() || b".eEMN+-/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Value>, Mistake> {
        Edn::new(text.as_bytes(), 1).form()
    }

    fn shown(text: &str) -> String {
        read(text).expect("a form").expect("a form").to_string()
    }

    #[test]
    fn forms_are_read() {
        for text in ["nil", "true", "-7", "1.5", ":read", "some/symbol", "[1 [2 3] nil]", "{:a 1, :b [2]}", "#{1 2}"] {
            assert_eq!(shown(text), text);
        }
        for (text, expected) in [
            ("(1, 2)", "[1 2]"),
            (" ; a comment\n 7", "7"),
            ("[1 #_2 #_[3 4] 5]", "[1 5]"),
            ("#_1 2", "2"),
            ("#_ #_ 1 2 3", "3"),
            ("#inst \"2020\"", "\"2020\""),
            ("#jepsen.history.Op{:process 1}", "{:process 1}"),
            ("#{2 1 2}", "#{1 2}"),
            ("+5", "5"),
            ("5N", "5"),
            ("123456789012345678901", "123456789012345678901"),
            ("1/2", "1/2"),
            (r#""a\n\"b\" \u00e4""#, r#""a\n\"b\" ä""#),
            (r"[\a \newline \u0041]", r#"["a" "\n" "A"]"#),
            ("ａ", "ａ"),
            ("{:a}", ""),
        ] {
            match expected {
                "" => assert!(read(text).is_err(), "{text}"),
                _ => assert_eq!(shown(text), expected, "{text}"),
            }
        }
        assert_eq!(read("  ; nothing"), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, line) in [
            ("[1\n2", 2),
            ("[1\n2)", 2),
            ("\n\n\"abc\n\n", 3),
            ("{:a 1\n :b}", 2),
            ("1x", 1),
            ("\\nosuch", 1),
            ("#", 1),
            ("#_", 1),
            ("\"\\q\"", 1),
            ("\"\\u12\"", 1),
            ("@", 1),
            ("[\n^", 2),
        ] {
            assert_eq!(read(text).expect_err(text).line, line, "{text}");
        }
    }

    #[test]
    fn neither_depth_nor_length_is_without_bound() {
        for open in ["[", "{", "(", "#{", "#_", "#a ", "[#_"] {
            assert!(read(&open.repeat(1_000_000)).is_err(), "{open}");
        }
        assert!(read(&format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST))).is_ok());
        let long = format!("\"{}\"", "x".repeat(LONGEST));
        assert!(read(&long).expect_err("too long").given.contains("does not end"));
        let wide = format!("[{}]", "[]".repeat(LONGEST / 8));
        assert!(read(&wide).expect_err("too much").given.contains("does not end"));
        assert_eq!(read(&format!("[{}]", "#_1 ".repeat(1_000))), Ok(Some(Value::List(Vec::new()))));
    }
}
