//! Traces of runs: one JSON object a line, a header first and a footer last.
//!
//! The header has `trace` (the version of this format, 1), `tool`, `scenario`, `text` (the digest of the file), `protocol`, `seed` and `unchecked` (the properties that nobody checks); the
//! footer has `verdict`, `digest`, `events` and `end`, and if operations of clients are violated, `history`: the `story`, which are those that the violation is about, and if the
//! history is not linearizable, the `culprit`, whose answer the others exclude, and an `order` of operations on the same object that explains all answers before. The
//! lines between are the simulator's own.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use shaketable_sim::check::linearizable::Budget;
use shaketable_sim::digest::digest_of;
use shaketable_sim::rng::Seed;
use shaketable_sim::run::Run;
use shaketable_sim::spec::any::Any;

use crate::attempt::Subject;
use crate::histories::drawn::involved;
use crate::terminal::unless_closed;

/// Runs a seed, and hands over its trace line by line.
pub(crate) fn trace(subject: Subject<'_>, seed: Seed, line: &mut dyn FnMut(Value)) -> Run<Any> {
    let scenario = subject.scenario;
    line(json!({
        "trace": 1,
        "tool": env!("CARGO_PKG_VERSION"),
        "scenario": scenario.path.display().to_string(),
        "text": hex(digest_of(&scenario.text)),
        "protocol": subject.protocol(),
        "seed": seed,
        "unchecked": unchecked(subject),
    }));
    let run = subject.run(seed, Some(line));
    let mut footer =
        json!({ "verdict": run.verdict, "digest": hex(run.digest), "events": run.coverage.events, "end": run.end });
    let check = &scenario.plan.check;
    if let Some(history) = involved(&run, Budget { states: check.states, bytes: check.bytes }) {
        footer["history"] = history;
    }
    line(footer);
    run
}

/// The properties that this scenario does not have checked.
fn unchecked(subject: Subject<'_>) -> Vec<&'static str> {
    let (plan, protocol) = (&subject.scenario.plan, &subject.scenario.protocol);
    let invariants = protocol.properties.iter().map(|property| property.name);
    let left_out =
        |name: &&str| plan.check.invariants.as_ref().is_some_and(|names| !names.iter().any(|kept| kept == name));
    let mut unchecked: Vec<&str> = invariants.filter(left_out).collect();
    unchecked.extend((!plan.check.linearizable).then_some("linearizability"));
    unchecked.extend(plan.heal.is_none().then_some("liveness"));
    unchecked
}

/// Where a trace goes. After the first error nothing more is written.
pub(crate) struct TraceFile {
    out: BufWriter<Box<dyn Write>>,
    result: io::Result<()>,
}

impl TraceFile {
    /// A new file, or stdout if it is called `-`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn create(path: &Path) -> io::Result<TraceFile> {
        let out: Box<dyn Write> =
            if path == Path::new("-") { Box::new(io::stdout().lock()) } else { Box::new(File::create(path)?) };
        Ok(TraceFile::new(out))
    }

    fn new(out: Box<dyn Write>) -> TraceFile {
        TraceFile { out: BufWriter::new(out), result: Ok(()) }
    }

    /// Runs a seed and writes its trace.
    ///
    /// # Errors
    /// If not all of it can be written. That nobody reads on is no error.
    pub(crate) fn record(mut self, subject: Subject<'_>, seed: Seed) -> io::Result<()> {
        trace(subject, seed, &mut |line| self.line(&line));
        unless_closed(self.result.and_then(|()| self.out.flush()))
    }

    fn line(&mut self, line: &Value) {
        if self.result.is_ok() {
            self.result = writeln!(self.out, "{line}");
        }
    }
}

fn hex(digest: u64) -> String {
    format!("{digest:016x}")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use shaketable_reports::Side;

    use super::*;
    use crate::fakes::{Folder, scenario};

    const FAILING: &str = "[fake]\nright = \"3:safety\"\n";

    #[test]
    fn a_trace_has_a_header_all_events_and_a_footer() {
        let (folder, scenario) = (Folder::new("trace"), scenario("fake", FAILING));
        let path = folder.write("trace.ndjson", "old");
        let subject = Subject { scenario: &scenario, side: Side::Own };
        TraceFile::create(&path).unwrap().record(subject, Seed(3)).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let run = subject.run(Seed(3), None);
        assert_eq!(lines.len() as u64, run.coverage.events + 2);
        assert_eq!((&lines[0]["seed"], &lines[0]["protocol"]), (&json!(3), &json!("fake")));
        let last = &lines[lines.len() - 1];
        assert_eq!(last["digest"], json!(hex(run.digest)));
        assert_eq!(last["verdict"]["violation"]["property"], json!("safety"));
    }

    /// Takes so many bytes, then fails.
    struct Short(usize, io::ErrorKind, mpsc::Sender<usize>);

    impl Write for Short {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.2.send(bytes.len()).unwrap();
            self.0 = self.0.checked_sub(bytes.len()).ok_or(self.1)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error_but_a_full_disk_is() {
        let scenario = scenario("fake", FAILING);
        let subject = Subject { scenario: &scenario, side: Side::Own };
        for (kind, succeeds) in [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)] {
            let (sender, written) = mpsc::channel();
            let result = TraceFile::new(Box::new(Short(100, kind, sender))).record(subject, Seed(3));
            assert_eq!(result.is_ok(), succeeds, "{kind:?}");
            assert!(written.iter().count() > 0);
        }
    }
}
