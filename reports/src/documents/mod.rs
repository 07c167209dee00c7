//! What many runs came to, as [documents](crate::document): of a sweep, of a hunt, of all that a change has to pass, of planted bugs, of placements, and of histories from elsewhere.

mod bugs;
mod check;
mod ci;
mod exercised;
mod hunt;
mod placements;
mod runs;
