//! A run for other tools: each function takes a [`Recording`](crate::recording::Recording) and the events of it that are [wanted](crate::recording::Recording::select), and gives what one tool reads.
//!
//! | function | for | shows | how to open it |
//! |---|---|---|---|
//! | [`perfetto()`] | Perfetto, and what else reads Chrome's JSON traces | when: every node's roles and events, operations, faults, messages as arrows between events, counters | <https://ui.perfetto.dev>, *Open trace file* (the file stays in the browser); or `chrome://tracing` |
//! | [`shiviz()`] | ShiViz | what happened before what, and what at once: events with vector clocks | <https://bestchai.bitbucket.io/shiviz/>, *Try out ShiViz*: paste it, with [`SHIVIZ_PARSER`] as the log parsing regular expression |
//! | [`mermaid()`] | Mermaid | a story, as a sequence diagram | in a fence ` ```mermaid ` of Markdown, where GitHub and others draw it; or <https://mermaid.live> |
//! | [`dot()`] | Graphviz | what led to what, as a graph with a column for each lane | `dot -Tsvg run.dot > run.svg` |
//! | [`csv()`] | spreadsheets, data frames, other checkers | what clients asked for, and what they were answered | any of them; the first row has the names |
//!
//! [`mermaid()`] and [`dot()`] are to be read by people, so they want few events: a [slice](crate::recording::Slice). The others bear whole runs.
//!
//! Times are those of the simulation, from the beginning of the run. The same recording and events give the same bytes.

mod dot;
mod history;
mod mermaid;
mod perfetto;
mod shiviz;
#[cfg(test)]
mod tests;
mod view;

pub use dot::dot;
pub use history::csv;
pub use mermaid::mermaid;
pub use perfetto::perfetto;
pub use shiviz::{SHIVIZ_PARSER, shiviz};
