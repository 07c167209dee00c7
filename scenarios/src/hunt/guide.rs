//! What guides a search.

use serde::{Deserialize, Serialize};

/// What guides the search in one scenario.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Trail {}
