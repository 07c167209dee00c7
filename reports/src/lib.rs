//! Reports: values in, text out. Nothing here reads a file, an argument or a clock, and nothing is printed.
//!
//! A [`Summary`] is what many runs came to. It holds nothing that depends on how fast they ran or on how many
//! ran at once, so the same seeds give the same report, byte for byte, everywhere.
//!
//! - [`human()`] is for a terminal: a table, then what went wrong, then the line that reproduces it.
//! - [`mod@json`] is for programs; its module says what the fields mean.
//!
//! A [`Matrix`] is how many seeds planted bugs take to be caught.
//!
//! A [`Survey`] is how evenly placements spread keys.
//!
//! A [`Hunted`] is what a search for failures came to; what it says of its speed is the only thing that differs from one time to the next.
//!
//! A [`Shrunk`] is a failing run that was made smaller.
//!
//! A [`ShrinkTable`] is how small failures become that were found by search.
//!
//! A [`Blamed`] is a failing run with the events that are to blame.
//!
//! A [`Replayed`] is one run by itself, and how it compares with what was recorded of it; [`replayed()`] is for a terminal.
//!
//! A [`Ci`] is everything that a project has to show for a change; [`ci_junit()`] and [`ci_github()`] are for the engines that ask for it.
//!
//! [`Checked`] is a history from elsewhere and what was found in it; [`lanes()`] draws operations.
//!
//! A [`recording::Recording`] is a run as its trace tells it; [`mod@export`] hands it to other tools.
//!
//! A [`Document`] is a sweep, a hunt, a change, the kill matrix or a survey in full, as a page or as Markdown.
//!
//! [`Regressions`] are many saved cases, each replayed and held to what it expects.

mod balance;
mod blame;
mod block;
mod checked;
mod ci;
mod diff;
mod document;
mod documents;
pub mod export;
mod failure;
mod faithful;
mod human;
mod hunt;
pub mod json;
mod lanes;
mod later;
mod matrix;
pub mod page;
mod plot;
pub mod recording;
mod regress;
mod replay;
mod shrink_table;
mod shrunk;
mod spacetime;
mod states;
mod summary;
mod text;
mod words;

pub use balance::{Balance, Survey, survey_json, survey_markdown};
pub use blame::{Blamed, Onset, Point, Told, Turn, blamed, blamed_json};
pub use checked::{
    Act, Anomaly, Checked, Clash, Contradiction, Exclusion, Finding, Findings, Judgeable, Judged, Origin, Reached,
    Spot, Violation, Wrong, checked, checked_all, checked_json, wrong,
};
pub use ci::{About, Ci, CutShort, Examined, Fresh, Property, Status, ci_github, ci_human, ci_json, ci_junit};
pub use diff::{Difference, difference};
pub use document::{Document, Pace};
pub use faithful::{Faithful, Matches, Share};
pub use human::human;
pub use hunt::{Canary, First, Ground, Hunted, Prey, hunted, hunted_json};
pub use json::json;
pub use lanes::{Bar, Lanes, Part, lanes};
pub use later::Later;
pub use matrix::{Matrix, Power, Row, markdown, matrix_json};
pub use regress::{Case, Kept, Regressions, kept, kept_json, regressions, regressions_json};
pub use replay::{Expects, Judgement, Left, Past, Replayed, replayed};
pub use shrink_table::{ShrinkRow, ShrinkTable, shrink_table_json, shrink_table_markdown};
pub use shrunk::{Shrunk, Size, headline, shrunk, shrunk_json};
pub use spacetime::spacetime;
pub use states::states;
pub use summary::{
    Example, Exit, Found, Notice, Outcome, Seeds, Side, Sought, Split, Summary, Tested, Unmet, Wavering,
};
pub use text::{Style, Tint, counted, grouped};
pub use words::{Length, told};
