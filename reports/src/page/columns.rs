//! Numbers in columns: what a page carries of a run, small and quick to read.
//!
//! The data of a page are, before they are compressed, the length of a header (four bytes, the least first), the header (JSON), and then columns. A
//! column is a run of numbers in LEB128: seven bits a byte, the least first, the eighth set if more follow.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

/// Columns, one after another.
#[derive(Default)]
pub(super) struct Columns {
    bytes: Vec<u8>,
}

impl Columns {
    /// Adds columns, and says where each is: its offset, its length in bytes, how many numbers it has.
    pub(super) fn add<const N: usize>(&mut self, columns: [(&str, Vec<u64>); N]) -> Value {
        let mut places = Map::new();
        for (name, numbers) in columns {
            let offset = self.bytes.len();
            numbers.iter().for_each(|number| self.push(*number));
            places.insert(name.to_owned(), json!([offset, self.bytes.len() - offset, numbers.len()]));
        }
        Value::Object(places)
    }

    fn push(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// Header and columns, compressed, as text.
    pub(super) fn packed(&self, header: &Value) -> String {
        let header = header.to_string();
        let length = (header.len() as u32).to_le_bytes();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let written =
            [&length[..], header.as_bytes(), &self.bytes].into_iter().try_for_each(|part| gzip.write_all(part));
        let bytes = written.and_then(|()| gzip.finish()).expect("nothing that is written to memory fails");
        STANDARD.encode(bytes)
    }
}

/// By how much each number exceeds the one before it; the first is as it is.
pub(super) fn steps(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut last = 0;
    numbers.map(|number| number - std::mem::replace(&mut last, number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_seven_bits_a_byte_the_least_first() {
        let mut columns = Columns::default();
        let places = columns.add([("a", vec![0, 127, 128, 300]), ("b", vec![u64::MAX])]);
        assert_eq!(columns.bytes[..6], [0, 0x7f, 0x80, 0x01, 0xac, 0x02]);
        assert_eq!(columns.bytes[6..], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        assert_eq!(places, json!({ "a": [0, 6, 4], "b": [6, 10, 1] }));
    }

    #[test]
    fn steps_add_up_to_what_they_were_made_of() {
        assert_eq!(steps([3, 3, 10].into_iter()), [3, 0, 7]);
    }
}
