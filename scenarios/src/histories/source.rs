//! Where histories come from: files and stdin, compressed or not, line by line, never the whole at once.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::event::Mistake;
use super::value::cut;

/// How long a line, or an event that is written on several, may be, in bytes.
pub(crate) const LONGEST: usize = 16 << 20;

/// How much of a file is looked at to see what it is, in bytes.
const HEAD: u64 = 64 << 10;

/// The formats that histories come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// One JSON object a line, or a trace of `shaketable replay`
    Ndjson,
    /// Maps of EDN: in a vector, in a list, or one after the other
    Edn,
    /// Lines of a log that Jepsen wrote
    Log,
}

impl Format {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Format::Ndjson => "ndjson",
            Format::Edn => "edn",
            Format::Log => "log",
        }
    }
}

/// A file, or stdin if it is called `-`. What is compressed with gzip is unpacked.
///
/// # Errors
/// If it cannot be opened or read.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let raw: Box<dyn Read> = if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    unpacked(raw)
}

/// What is in a stream, unpacked if it is compressed.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn unpacked<'a>(raw: impl Read + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let (head, raw) = peek(raw, 2)?;
    let compressed = head == [0x1f, 0x8b];
    let input: Box<dyn Read> = if compressed { Box::new(MultiGzDecoder::new(raw)) } else { Box::new(raw) };
    Ok(Box::new(BufReader::with_capacity(64 << 10, input)))
}

/// The first bytes of a stream, as many as asked for or as there are; and the stream with them.
fn peek<'a>(mut stream: impl Read + 'a, bytes: u64) -> io::Result<(Vec<u8>, impl Read + 'a)> {
    let mut head = Vec::new();
    stream.by_ref().take(bytes).read_to_end(&mut head)?;
    Ok((head.clone(), Cursor::new(head).chain(stream)))
}

/// The stream without a mark of the byte order at its very beginning: it has no meaning in UTF-8, but some write it.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn unmarked(input: Box<dyn BufRead + '_>) -> io::Result<Box<dyn BufRead + '_>> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let (head, mut input) = peek(input, MARK.len() as u64)?;
    if head == MARK {
        input.read_exact(&mut [0; MARK.len()])?;
    }
    Ok(Box::new(BufReader::new(input)))
}

/// What format a history has, by how it begins; and the history.
///
/// # Errors
/// If it cannot be read, or is no history.
pub(crate) fn recognised(input: Box<dyn BufRead + '_>) -> Result<(Format, Box<dyn BufRead + '_>), Mistake> {
    let (head, input) = peek(input, HEAD).map_err(|error| unreadable(1, &error))?;
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
    let line = 1 + head.iter().take_while(|byte| blank(byte)).filter(|&&byte| byte == b'\n').count() as u64;
    let mut bytes = head.iter().copied().filter(|byte| !blank(byte));
    let first = head.trim_ascii_start().split(|&byte| byte == b'\n').next().unwrap_or_default();
    let format = match (bytes.next(), bytes.next(), bytes.next()) {
        (Some(b'{'), Some(b'"' | b'}'), _) => Some(Format::Ndjson),
        (Some(b'['), Some(b'{'), Some(b'"')) => {
            return Err(Mistake::new(line, "an array of JSON", "write one object a line, without brackets and commas"));
        }
        (Some(b'{' | b'[' | b'(' | b';' | b'#'), ..) => Some(Format::Edn),
        (Some(b'0'..=b'9' | b':'), ..) => Some(Format::Log),
        _ if is_log(first) => Some(Format::Log),
        _ => None,
    };
    match format {
        Some(format) => Ok((format, Box::new(BufReader::new(input)))),
        None if first.is_empty() => Err(Mistake::new(line, "there is nothing in it", ALLOWED)),
        None => {
            let shown = cut(&String::from_utf8_lossy(first), 60);
            Err(Mistake::new(line, format!("no history begins with `{}`", shown.trim_end()), ALLOWED))
        }
    }
}

/// Whether a line is one of a log.
pub(crate) fn is_log(line: &[u8]) -> bool {
    // Newer ones begin with the date and the time.
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(3);
    words.any(|word| [&b"INFO"[..], b"WARN", b"ERROR", b"DEBUG"].iter().any(|level| word.starts_with(level)))
}

const ALLOWED: &str = "a history is one JSON object a line, maps of EDN, or lines of a Jepsen log";

/// Something could not be read.
pub(crate) fn unreadable(line: u64, error: &io::Error) -> Mistake {
    Mistake::new(line, format!("cannot be read further: {error}"), "nothing behind this line was looked at")
}

/// The lines of a stream, each with its number, without its end. It ends after the first that cannot be read.
pub(crate) struct Lines<R> {
    input: R,
    number: u64,
    over: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Lines<R> {
        Lines { input, number: 0, over: false }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<(u64, String), Mistake>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        self.number += 1;
        let mut line = Vec::new();
        let read = self.input.by_ref().take(LONGEST as u64 + 1).read_until(b'\n', &mut line);
        let mistake = match read {
            Ok(0) => {
                self.over = true;
                return None;
            }
            Err(error) => unreadable(self.number, &error),
            Ok(_) if line.len() > LONGEST => too_long(self.number),
            Ok(_) => {
                let Ok(text) = String::from_utf8(line) else {
                    return Some(Err(Mistake::new(self.number, "bytes that are no text", "histories are UTF-8")));
                };
                return Some(Ok((self.number, text.trim().to_owned())));
            }
        };
        self.over = true;
        Some(Err(mistake))
    }
}

/// A line, or an event, does not end.
pub(crate) fn too_long(line: u64) -> Mistake {
    Mistake::new(line, "a line or event that does not end", format!("each has at most {} MiB", LONGEST >> 20))
}
