//! The report of a case that was made smaller.

use serde_json::{Value, json};
use shaketable_sim::run::Verdict;
use shaketable_sim::time::Span;

use crate::block::Block;
use crate::summary::Exit;
use crate::text::{Style, Tint, counted, long_span};

/// How large a case is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Faults that struck.
    pub faults: u64,
    /// Operations that were asked for.
    pub operations: u64,
    /// Nodes.
    pub nodes: u64,
    /// Clients.
    pub clients: u64,
    /// Events of the run.
    pub events: u64,
    /// How long it lasts, in simulated time.
    pub span: Span,
}

/// What came of making a case smaller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shrunk {
    /// The file that it was made from.
    pub case: String,
    /// The file that holds what is left.
    pub to: String,
    /// With which seed that fails.
    pub seed: u64,
    /// By which signature it fails, before and after.
    pub signature: String,
    /// How large it was.
    pub before: Size,
    /// How large it is.
    pub after: Size,
    /// How many runs that took.
    pub runs: u64,
    /// Whether the budget was spent before nothing made it smaller still.
    pub spent: bool,
    /// Whether somebody wanted it to stop.
    pub interrupted: bool,
    /// What is left of it: its faults and operations, one a line.
    pub story: Vec<String>,
    /// What the protocol makes of what is left without its planted bug, if it has one.
    pub right: Option<Verdict>,
    /// The command that replays what is left.
    pub reproduce: String,
}

impl Shrunk {
    /// What a program exits with. A case that is smaller still fails: that is what was asked for.
    pub fn exit(&self) -> Exit {
        match (self.interrupted, self.spent) {
            (true, _) => Exit::Interrupted,
            (false, true) => Exit::Stopped,
            (false, false) => Exit::Pass,
        }
    }
}

/// `412 faults, 900 operations → 2 faults, 3 operations`.
pub fn headline(before: &Size, after: &Size) -> String {
    let size = |size: &Size| format!("{}, {}", counted(size.faults, "fault"), counted(size.operations, "operation"));
    format!("{} → {}", size(before), size(after))
}

/// For people.
pub fn shrunk(shrunk: &Shrunk, style: Style) -> String {
    let Shrunk { before, after, .. } = shrunk;
    let mut block = Block::new(style);
    block.title(Tint::Good, "shrunk", &format!("{}, {}", headline(before, after), counted(shrunk.runs, "run")));
    block.line("case", &shrunk.case);
    block.line("fails by", &shrunk.signature);
    let world = |size: &Size| {
        let (nodes, clients) = (counted(size.nodes, "node"), counted(size.clients, "client"));
        format!("{nodes}, {clients}, {} in {}", counted(size.events, "event"), long_span(size.span))
    };
    block.line("was", &world(before));
    block.line("is", &world(after));
    block.lines("left", &shrunk.story);
    if let Some(verdict) = &shrunk.right {
        block.line("right", &right(verdict));
    }
    if shrunk.spent {
        block.line("note", "the budget was spent before it was done; the same command goes on from here");
    }
    block.reproduce(&shrunk.reproduce);
    block.done()
}

/// What the protocol without its planted bug makes of a case that shows the bug.
fn right(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "the right protocol passes it".to_owned(),
        Verdict::Violation(violation) => {
            format!("the right protocol fails it too: {}; so it does not show the planted bug", violation.signature())
        }
        Verdict::AssumptionExceeded(why) | Verdict::Inconclusive(why) => {
            format!("of the right protocol nothing can be said: {why}")
        }
    }
}

/// For programs: `right` is what the right protocol makes of it (`pass`, or why not), null if no bug is planted; `before` and `after` are the numbers of [`Size`], spans in nanoseconds.
pub fn shrunk_json(shrunk: &Shrunk) -> Value {
    let size = |size: &Size| {
        json!({
            "faults": size.faults,
            "operations": size.operations,
            "nodes": size.nodes,
            "clients": size.clients,
            "events": size.events,
            "span": size.span.as_nanos(),
        })
    };
    json!({
        "v": 1,
        "case": shrunk.case,
        "to": shrunk.to,
        "seed": shrunk.seed,
        "signature": shrunk.signature,
        "before": size(&shrunk.before),
        "after": size(&shrunk.after),
        "runs": shrunk.runs,
        "spent": shrunk.spent,
        "interrupted": shrunk.interrupted,
        "story": shrunk.story,
        "right": shrunk.right.as_ref().map(|verdict| match verdict {
            Verdict::Violation(violation) => violation.signature(),
            other => other.to_string(),
        }),
        "reproduce": shrunk.reproduce,
    })
}

#[cfg(test)]
mod tests {
    use shaketable_sim::run::Violation;
    use shaketable_sim::time::Instant;

    use super::*;

    fn report() -> Shrunk {
        let before = Size { faults: 412, operations: 900, nodes: 5, clients: 6, events: 123_456, span: Span::secs(20) };
        let after = Size { faults: 1, operations: 2, nodes: 3, clients: 2, events: 51, span: Span::millis(812) };
        Shrunk {
            case: "case.toml".to_owned(),
            to: "case-shrunk.toml".to_owned(),
            seed: 7,
            signature: "linearizability/read".to_owned(),
            before,
            after,
            runs: 1_061,
            spent: true,
            interrupted: false,
            story: vec!["isolate = { node = \"n1\", at = \"800ms\" }".to_owned(), "c1#1 at 1s: write k1 1".to_owned()],
            right: None,
            reproduce: "shaketable replay case-shrunk.toml".to_owned(),
        }
    }

    #[test]
    fn what_is_left_is_told_beside_what_it_was() {
        insta::assert_snapshot!(shrunk(&report(), Style::Plain));
    }

    #[test]
    fn what_the_right_protocol_makes_of_it_is_said_if_a_bug_is_planted() {
        let violation = Violation::new("linearizability", "read", Instant::ZERO, Vec::new());
        let verdicts = [
            (Verdict::Pass, "the right protocol passes it\n", "pass"),
            (
                Verdict::Violation(violation),
                "the right protocol fails it too: linearizability/read; so it does not show the planted bug\n",
                "linearizability/read",
            ),
        ];
        for (verdict, told, short) in verdicts {
            let report = Shrunk { right: Some(verdict), ..report() };
            let text = shrunk(&report, Style::Plain);
            assert!(text.contains(told), "{text}");
            assert_eq!(shrunk_json(&report)["right"], short);
        }
        assert!(!shrunk(&report(), Style::Plain).contains("the right protocol"));
        assert_eq!(shrunk_json(&report())["right"], Value::Null);
    }

    #[test]
    fn a_spent_budget_and_an_interrupt_have_codes_of_their_own() {
        let exit = |spent, interrupted| Shrunk { spent, interrupted, ..report() }.exit();
        assert_eq!(
            [exit(false, false), exit(true, false), exit(true, true)],
            [Exit::Pass, Exit::Stopped, Exit::Interrupted]
        );
        let json = shrunk_json(&report());
        assert_eq!(json["after"]["span"], 812_000_000);
        assert_eq!((&json["to"], &json["seed"]), (&json!("case-shrunk.toml"), &json!(7)));
    }
}
