//! What a saved case remembers of the run that it was saved from, and how that is written in its file.

use std::fmt::{self, Write};

use shaketable_sim::faults::Applied;
use shaketable_sim::id::Endpoint;
use shaketable_sim::run::{Checkpoint, Run, Sent};
use shaketable_sim::spec::any::Any;
use shaketable_sim::time::{Instant, Span};

/// What a saved case remembers of the run that it was saved from.
#[derive(Clone)]
pub(crate) struct Recorded {
    /// The seed.
    pub(crate) seed: u64,
    /// The digest at the end.
    pub(crate) digest: u64,
    /// The version of the tool.
    pub(crate) version: String,
    /// The violation's signature.
    pub(crate) signature: String,
    /// The file of the scenario that the run came of, as it was given; none if the case was saved before that was recorded.
    pub(crate) scenario: Option<String>,
    /// The digest of the run that it was made smaller from, if it was.
    pub(crate) shrunk_from: Option<u64>,
    /// What the run did, by meaning; none if the case was saved before that was recorded.
    pub(crate) meaning: Option<Meaning>,
    /// The digest along the way.
    pub(crate) checkpoints: Vec<Checkpoint>,
}

/// What a run did, in terms that outlive small changes of the code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Meaning {
    /// How often each fault of the file did something.
    pub(crate) acted: Vec<Acted>,
    /// The messages that were sent.
    pub(crate) messages: Vec<Traffic>,
}

/// How often a fault did something. Written as `hold ×3`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Acted {
    /// Its kind.
    pub(crate) kind: String,
    /// So often.
    pub(crate) times: u64,
}

/// The messages of one kind on one link. Written as `n1→n2 AppendEntries e2 ×31, e3 ×4`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Traffic {
    /// The sender.
    pub(crate) from: Endpoint,
    /// The receiver.
    pub(crate) to: Endpoint,
    /// The kind.
    pub(crate) kind: String,
    /// Epochs, and how many in each.
    pub(crate) epochs: Vec<(u64, u64)>,
}

impl Recorded {
    /// What there is to remember of a run of these faults, which violates this or did once.
    pub(crate) fn of(run: &Run<Any>, signature: String, faults: &[Applied]) -> Recorded {
        Recorded {
            seed: run.seed.0,
            digest: run.digest,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            signature,
            scenario: None,
            shrunk_from: None,
            meaning: Some(Meaning { acted: faults.iter().map(Acted::of).collect(), messages: traffic(run) }),
            checkpoints: run.checkpoints.clone(),
        }
    }

    /// The keys of `[recorded]` that are lists of lines, one line each: there may be hundreds.
    pub(crate) fn write_lists(&self, text: &mut String) {
        if let Some(Meaning { acted, messages }) = &self.meaning {
            list(text, "acted", acted);
            list(text, "messages", messages);
        }
        let checkpoint = |place: &Checkpoint| format!("{} {} {:016x}", place.event, place.at, place.digest);
        list(text, "checkpoints", &self.checkpoints.iter().map(checkpoint).collect::<Vec<_>>());
    }
}

fn list(text: &mut String, key: &str, lines: &[impl fmt::Display]) {
    if lines.is_empty() {
        *text += &format!("{key} = []\n");
        return;
    }
    *text += &format!("{key} = [\n");
    for line in lines {
        writeln!(text, "    \"{line}\",").expect("a string takes any text");
    }
    *text += "]\n";
}

/// The messages of a run, a line for each kind on each link.
pub(crate) fn traffic(run: &Run<Any>) -> Vec<Traffic> {
    let mut lines: Vec<Traffic> = Vec::new();
    for &Sent { from, to, kind, epoch, count } in &run.messages {
        match lines.last_mut().filter(|line| line.from == from && line.to == to && line.kind == kind) {
            Some(line) => line.epochs.push((epoch, count)),
            None => lines.push(Traffic { from, to, kind: kind.to_owned(), epochs: vec![(epoch, count)] }),
        }
    }
    lines
}

impl Acted {
    fn of(applied: &Applied) -> Acted {
        Acted { kind: applied.kind.to_owned(), times: applied.acted }
    }

    /// Reads a line.
    pub(crate) fn read(line: &str) -> Option<Acted> {
        let (kind, times) = line.split_once(" ×")?;
        Some(Acted { kind: kind.to_owned(), times: times.parse().ok()? })
    }
}

impl Traffic {
    /// Reads a line.
    pub(crate) fn read(line: &str) -> Option<Traffic> {
        let (ends, rest) = line.split_once(' ')?;
        let (kind, epochs) = rest.split_once(' ')?;
        let (from, to) = ends.split_once('→')?;
        let epoch = |text: &str| {
            let (epoch, count) = text.strip_prefix('e')?.split_once(" ×")?;
            Some((epoch.parse().ok()?, count.parse().ok()?))
        };
        Some(Traffic {
            from: endpoint(from)?,
            to: endpoint(to)?,
            kind: kind.to_owned(),
            epochs: epochs.split(", ").map(epoch).collect::<Option<_>>()?,
        })
    }
}

fn endpoint(name: &str) -> Option<Endpoint> {
    let node = name.parse().map(Endpoint::Node);
    node.or_else(|_| name.parse().map(Endpoint::Client)).ok()
}

/// Reads a line of the digest along the way.
pub(crate) fn read_checkpoint(line: &str) -> Option<Checkpoint> {
    let mut words = line.split(' ');
    let (event, at, digest) = (words.next()?, words.next()?, words.next()?);
    let at = at.parse::<Span>().ok()?;
    let checkpoint = Checkpoint { event: event.parse().ok()?, at: Instant::ZERO + at, digest: read_digest(digest)? };
    words.next().is_none().then_some(checkpoint)
}

/// Reads a digest: 16 hexadecimal digits.
pub(crate) fn read_digest(text: &str) -> Option<u64> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u64::from_str_radix(text, 16).ok())?
}

impl fmt::Display for Acted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ×{}", self.kind, self.times)
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}→{} {}", self.from, self.to, self.kind)?;
        for (place, (epoch, count)) in self.epochs.iter().enumerate() {
            write!(f, "{} e{epoch} ×{count}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_written() {
        for line in ["n1→n2 AppendEntries e2 ×31, e3 ×4", "c1→n3 Request e0 ×1"] {
            assert_eq!(Traffic::read(line).map(|read| read.to_string()).as_deref(), Some(line));
        }
        assert_eq!(Acted::read("clock-jump ×3").map(|read| read.to_string()).as_deref(), Some("clock-jump ×3"));
        for line in
            ["", "n1→n2", "n1→n2 Vote", "n1 Vote e1 ×1", "n1→x Vote e1 ×1", "n1→n2 Vote e1", "n1→n2 Vote e1 ×1,e2 ×1"]
        {
            assert_eq!(Traffic::read(line), None, "{line}");
        }
        for line in ["", "hold", "hold ×", "hold x3", "hold ×-1"] {
            assert_eq!(Acted::read(line), None, "{line}");
        }
    }
}
