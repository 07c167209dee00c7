//! What is checked: the protocol's invariants in every state, the clients' history at the end, and progress after the heal.
//!
//! Whether a history is [linearizable] can be asked of any object that somebody specifies. Here is one that remembers the largest number it was shown, and a history in
//! which it has forgotten one:
//!
//! ```
//! use std::fmt;
//!
//! use serde::Serialize;
//! use shaketable_sim::check::linearizable::{Budget, Linearizability, check};
//! use shaketable_sim::history::{Moment, Operation, Outcome};
//! use shaketable_sim::id::{ClientId, Key, NodeId, OpId};
//! use shaketable_sim::spec::Spec;
//! use shaketable_sim::time::Instant;
//!
//! #[derive(Clone, Debug)]
//! struct Max;
//!
//! /// Shows a number, and asks for the largest that was shown so far.
//! #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
//! struct Show(u64);
//!
//! impl fmt::Display for Show {
//!     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         write!(f, "show {}", self.0)
//!     }
//! }
//!
//! impl Spec for Max {
//!     type Op = Show;
//!     type Ret = u64;
//!     type State = u64;
//!
//!     fn key(_: &Show) -> Key {
//!         Key::at(0) // There is one object.
//!     }
//!
//!     fn apply(state: &mut u64, op: &Show) -> u64 {
//!         *state = op.0.max(*state);
//!         *state
//!     }
//!
//!     fn is_read(_: &Show) -> bool {
//!         false
//!     }
//! }
//!
//! let shown = |client, number, [invoked, returned]: [u32; 2], ret| {
//!     let moment = |order: u32| Moment { order, at: Instant::nanos(order.into()) };
//!     let outcome = Outcome::Ok { ret, returned: moment(returned) };
//!     let id = OpId { client: ClientId::at(client), seq: 1 };
//!     Operation::<Max> { id, op: Show(number), invoked: moment(invoked), node: NodeId::at(0), outcome }
//! };
//! let budget = Budget { states: 1_000, bytes: 100_000 };
//! // The first two overlap, so the one with the smaller number may have come first; the third comes after both.
//! let mut history = vec![shown(0, 7, [0, 3], 7), shown(1, 5, [1, 2], 5), shown(1, 6, [4, 5], 7)];
//! assert!(matches!(check(&history, budget), Linearizability::Linearizable { .. }));
//! history[2] = shown(1, 6, [4, 5], 6);
//! let Linearizability::Violation(found) = check(&history, budget) else { panic!("7 was forgotten") };
//! assert_eq!(found.tell()[0], "c2#1 show 6 → 6   4ns … 5ns   cannot be placed: only 7 was possible");
//! ```

pub mod consistency;
pub mod invariant;
pub mod linearizable;
pub mod transactions;
