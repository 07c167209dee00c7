//! What can be written after `trace` and `diff`, which show recorded runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum, value_parser};
use shaketable_sim::time::Span;

use super::Which;
use crate::terminal::{NARROWEST, WIDEST};

/// All that is given must hold of what is shown. A picture (`lanes`, `mermaid`, `dot`) of a run that violates something shows what led to that, unless something else is asked for.
#[derive(Args, Debug)]
pub(crate) struct Trace {
    /// A trace that `shaketable replay` wrote (`-` is stdin; it may be compressed), a saved case, or a scenario
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,

    #[command(flatten)]
    pub(crate) which: Which,

    /// How to show it
    #[arg(long = "as", value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Shape,

    /// Where to write it; stdout unless given
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// How many columns a picture may have; as many as the terminal unless given, or 80
    #[arg(long, value_parser = value_parser!(u16).range(i64::from(NARROWEST)..=i64::from(WIDEST)), value_name = "N")]
    pub(crate) width: Option<u16>,

    /// Of every message, record and effect all it holds, however much that is; as text
    #[arg(long)]
    pub(crate) full: bool,

    #[command(flatten)]
    pub(crate) filter: Wanted,
}

/// Which events are wanted.
#[derive(Args, Debug)]
#[command(next_help_heading = "Which events")]
pub(crate) struct Wanted {
    /// Only those of these nodes and clients, such as `n1,c2`; `world` for faults
    #[arg(long = "node", value_delimiter = ',', value_name = "NAME")]
    pub(crate) lanes: Vec<String>,

    /// Only these kinds of events, such as `message,timer`
    #[arg(long = "kind", value_delimiter = ',', value_name = "KIND")]
    pub(crate) kinds: Vec<String>,

    /// Only what is about this: a kind of message such as `Vote`, a timer, an operation, a fault, a key such as `k7`
    #[arg(long = "about", value_delimiter = ',', value_name = "NAME")]
    pub(crate) labels: Vec<String>,

    /// Only from this time on, such as `1.5s`
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Span>,

    /// Only up to this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<Span>,

    /// Only what led from the asking of an operation, such as `c1#7`, to its end
    #[arg(long, value_name = "ID")]
    pub(crate) operation: Option<String>,

    /// Only what led to the event of this number, and what it led to; `violation` is the event that shows the violation
    #[arg(long, value_name = "EVENT")]
    pub(crate) cause: Option<String>,

    /// With `--cause`, how many steps back and forth; as many as give some forty events unless given
    #[arg(long, value_name = "N", requires = "cause")]
    pub(crate) hops: Option<u32>,

    /// With what is sent again and again though nothing happens, such as heartbeats
    #[arg(long)]
    pub(crate) routine: bool,
}

/// How a recorded run is shown.
#[derive(Clone, Copy, PartialEq, Eq, Default, ValueEnum, Debug)]
pub(crate) enum Shape {
    /// A line an event
    #[default]
    Text,
    /// A picture for a terminal: time runs down, a column for each node and client
    Lanes,
    /// The lines of the trace, one JSON object each
    Json,
    /// One HTML file that shows all of the run, whatever is left out here
    Page,
    /// For ui.perfetto.dev and chrome://tracing: JSON with flows
    Perfetto,
    /// For ShiViz: a log with vector clocks
    Shiviz,
    /// A sequence diagram for Markdown
    Mermaid,
    /// A graph for Graphviz
    Dot,
    /// What the clients asked for and were answered, a line an operation
    Csv,
}

impl Shape {
    /// Whether it is for few events.
    pub(crate) fn is_picture(self) -> bool {
        matches!(self, Shape::Lanes | Shape::Mermaid | Shape::Dot)
    }
}

impl Wanted {
    /// Whether nothing has been asked for.
    pub(crate) fn is_everything(&self) -> bool {
        let Wanted { lanes, kinds, labels, from, to, operation, cause, hops: _, routine: _ } = self;
        lanes.is_empty()
            && kinds.is_empty()
            && labels.is_empty()
            && from.or(*to).is_none()
            && operation.is_none()
            && cause.is_none()
    }
}

/// Two traces, saved cases or scenarios, or one of them twice, with different seeds or with and without the planted bug.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The first: a trace, a saved case, or a scenario
    #[arg(value_name = "A")]
    pub(crate) one: PathBuf,

    /// The second; the first again unless given
    #[arg(value_name = "B")]
    pub(crate) other: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) which: Which,

    /// The seed of the second; that of the first unless given
    #[arg(long, value_name = "N")]
    pub(crate) other_seed: Option<u64>,

    /// Run the second without the planted bug
    #[arg(long)]
    pub(crate) right: bool,

    /// Compare a failing run with the nearest that passes: the same up to an event as late as can be found and with other chance from there on, or,
    /// if chance makes no difference, without one of its faults
    #[arg(long, conflicts_with_all = ["other", "other_seed", "right"])]
    pub(crate) nearest: bool,

    /// With `--nearest`, how long to look for it
    #[arg(long = "for", default_value = "1min", requires = "nearest", value_name = "TIME")]
    pub(crate) lasting: Span,

    /// Where to write a page that shows both beside each other
    #[arg(long, value_name = "FILE")]
    pub(crate) page: Option<PathBuf>,
}
