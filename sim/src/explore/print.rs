//! Fingerprints: 128 bits that stand for a state.

use std::fmt::{self, Debug, Write};
use std::hash::Hasher;

use crate::digest::Digest;

/// What stands for a value in the set of what was seen.
pub(super) type Print = u128;

/// The fingerprint of how a value is shown by [`Debug`]: whatever two values show differently, they are told apart by.
pub(super) fn print_of(value: &impl Debug) -> Print {
    let mut printer = Printer::new();
    write!(printer, "{value:?}").expect("a fingerprint takes any text");
    printer.print()
}

/// The fingerprint of several, in order.
pub(super) fn print_of_all(prints: impl IntoIterator<Item = Print>) -> Print {
    let mut printer = Printer::new();
    prints.into_iter().for_each(|print| printer.add(print));
    printer.print()
}

/// Two digests that begin differently, so that what is the same to one is not to the other.
struct Printer(Digest, Digest);

impl Printer {
    fn new() -> Printer {
        let mut other = Digest::new();
        other.fold(0x5bd1_e995_9d2c_5680);
        Printer(Digest::new(), other)
    }

    fn add(&mut self, print: Print) {
        for digest in [&mut self.0, &mut self.1] {
            digest.fold(print as u64);
            digest.fold((print >> 64) as u64);
        }
    }

    fn print(&self) -> Print {
        u128::from(self.0.value()) << 64 | u128::from(self.1.value())
    }
}

impl Write for Printer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        self.1.write(text.as_bytes());
        Ok(())
    }
}
