//! Names for the parts of a cluster: nodes, clients, keys, operations.
//!
//! Each is a newtype, so that a node cannot be taken for a client nor an operation for an attempt at it.
//! People see them counted from one (`n1`, `c1`, `k1`); in memory they count from zero, as indexes do.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A server of the cluster. Shown as `n1`, `n2`, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u16);

/// A client of the cluster. Shown as `c1`, `c2`, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(u16);

/// An object of the service, which holds many that do not know each other. Shown as `k1`, `k2`, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key(u16);

macro_rules! name {
    ($type:ident, $letter:literal) => {
        impl $type {
            /// The one at a zero-based place.
            pub const fn at(index: usize) -> Self {
                assert!(index < u16::MAX as usize, "more than 65,534 of a kind");
                Self(index as u16)
            }

            /// Its zero-based place.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), u32::from(self.0) + 1)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $type {
            type Err = NotAName;

            /// Reads it as it is shown.
            fn from_str(text: &str) -> Result<Self, NotAName> {
                let digits =
                    text.strip_prefix($letter).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
                let number = digits.and_then(|digits| digits.parse().ok()).ok_or(NotAName)?;
                if (1..usize::from(u16::MAX)).contains(&number) { Ok(Self::at(number - 1)) } else { Err(NotAName) }
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

/// A text that names no node, client or object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAName;

name!(NodeId, "n");
name!(ClientId, "c");
name!(Key, "k");

impl NodeId {
    /// All nodes of a cluster of `count`, in order.
    pub fn all(count: usize) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator {
        (0..count).map(NodeId::at)
    }
}

/// One end of a link of the network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Endpoint {
    /// A server.
    Node(NodeId),
    /// A client.
    Client(ClientId),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Node(node) => node.fmt(f),
            Endpoint::Client(client) => client.fmt(f),
        }
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One operation of one client, the same however often it is tried. Shown as `c1#7`.
///
/// A service that wants each operation to take effect at most once remembers these (Raft's thesis §6.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId {
    /// Who asks.
    pub client: ClientId,
    /// The how-manieth operation of that client, from 1. A client has one operation open at a time.
    pub seq: u32,
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.client, self.seq)
    }
}

impl fmt::Debug for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for OpId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One attempt at an operation: what a node is asked, and what it answers to. Shown as `c1#7`, retries as `c1#7.2`.
///
/// Retries of an operation differ in `attempt` alone. An answer carries it back, so that a late
/// rejection of an early attempt is never mistaken for one of the latest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId {
    /// The operation.
    pub op: OpId,
    /// The how-manieth attempt at it, from 1.
    pub attempt: u16,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempt {
            1 => self.op.fmt(f),
            attempt => write!(f, "{}.{attempt}", self.op),
        }
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
