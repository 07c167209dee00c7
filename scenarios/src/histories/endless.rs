//! Histories that do not end: no file is like that, but a stream can be.

use std::io::{self, BufReader};

use shaketable_sim::check::linearizable::Budget;
use shaketable_sim::check::transactions::Assumptions;

use super::calls::{Keyed, MOST_MISTAKES};
use super::judge::Asked;
use super::{How, check};

/// A line without end, made up as it is read.
struct Endless(&'static [u8]);

impl io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let some = buffer.len().min(self.0.len());
        buffer[..some].copy_from_slice(&self.0[..some]);
        Ok(some)
    }
}

#[test]
fn what_has_no_end_is_not_waited_for() {
    let budget = Budget { states: 1_000, bytes: 100_000 };
    let asked = Asked { budget, level: None, assume: Assumptions::default() };
    for (head, tail) in [
        (&b"{\"type\":\""[..], &b"xxxxxxxxxxxxxxxx"[..]),
        (b"{:type \"", b"xxxxxxxxxxxxxxxx"),
        (b"{:type ", b"[]"),
        (b"{:type ", b"#_ "),
        (b"; ", b"xxxxxxxxxxxxxxxx"),
        (b"0 :invoke ", b"xxxxxxxxxxxxxxxx"),
        (b"{:a ", b"["),
        (b"[", b"7 "),
        (b"[", b"{:process 0, :type :invoke, :f :read} "),
    ] {
        let input = Box::new(BufReader::new(io::Read::chain(head, Endless(tail))));
        let how = How { format: None, model: None, keyed: Keyed::Auto, asked };
        let mistakes = check(input, how).expect_err("it has no end");
        assert!(!mistakes.is_empty() && mistakes.len() <= MOST_MISTAKES);
    }
}
