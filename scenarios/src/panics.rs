//! Panics in a run are findings, not accidents: they are caught and remembered with their place, silently.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

/// A panic, as a run met it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Panic {
    /// What it said.
    pub(crate) message: String,
    /// Where: `raft/src/log.rs:120`, without what differs from one machine to the next. None if nobody knows.
    pub(crate) place: Option<String>,
}

thread_local! {
    /// What this thread does with a panic: nothing of its own if none, else it remembers the last one here.
    static WATCH: RefCell<Option<Option<Panic>>> = const { RefCell::new(None) };
}

/// Calls `body`; if it panics, nothing is printed and the panic comes back.
pub(crate) fn caught<T>(body: impl FnOnce() -> T) -> Result<T, Panic> {
    install_hook();
    let outer = WATCH.replace(Some(None));
    // What a panic leaves half done is dropped with the run that it belongs to.
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    let seen = WATCH.replace(outer).flatten();
    result
        .map_err(|payload| seen.unwrap_or_else(|| Panic { message: message(payload.as_ref()).to_owned(), place: None }))
}

impl Panic {
    /// A short name for this panic and those like it: its place, or the beginning of what it said.
    pub(crate) fn name(&self) -> String {
        match &self.place {
            Some(place) => place.clone(),
            None => self.message.lines().next().unwrap_or_default().chars().take(60).collect(),
        }
    }
}

fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !remember(info) {
                usual(info);
            }
        }));
    });
}

/// Whether this thread wants to know.
fn remember(info: &PanicHookInfo<'_>) -> bool {
    WATCH.with_borrow_mut(|watch| match watch {
        Some(seen) => {
            let place = info.location().and_then(|place| short_place(place.file(), place.line()));
            *seen = Some(Panic { message: message(info.payload()).to_owned(), place });
            true
        }
        None => false,
    })
}

fn message(payload: &dyn Any) -> &str {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        (None, None) => "(a panic without a message)",
    }
}

/// The file from its crate's folder on. None for a file of the standard library, whose lines say nothing about a protocol.
fn short_place(file: &str, line: u32) -> Option<String> {
    let file = file.replace('\\', "/");
    if file.starts_with("/rustc/") || file.contains("/lib/rustlib/") {
        return None;
    }
    let sources = file.rfind("/src/").unwrap_or(0);
    let start = file[..sources].rfind('/').map_or(0, |slash| slash + 1);
    Some(format!("{}:{line}", &file[start..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_back_with_what_it_said_and_where() {
        let line = line!() + 1;
        let caught = caught(|| -> u32 { panic!("term {} went back", 7) });
        let place = Some(format!("scenarios/src/panics.rs:{line}"));
        assert_eq!(caught, Err(Panic { message: "term 7 went back".to_owned(), place }));
    }

    #[test]
    fn without_a_panic_the_result_comes_back() {
        assert_eq!(caught(|| 7), Ok(7));
    }

    #[test]
    fn a_panic_that_the_body_itself_survives_is_none() {
        let outer = caught(|| {
            assert_eq!(caught(|| panic!("inner")).map_err(|panic| panic.message), Err::<(), _>("inner".to_owned()));
            panic!("outer")
        });
        assert_eq!(outer.map_err(|panic| panic.message), Err::<(), _>("outer".to_owned()));
        assert_eq!(caught(|| panic::catch_unwind(|| panic!("inner")).is_err()), Ok(true));
    }

    #[test]
    fn places_are_the_same_on_every_machine() {
        for (file, place) in [
            ("protocols/src/raft/log.rs", Some("protocols/src/raft/log.rs:3")),
            ("src/log.rs", Some("src/log.rs:3")),
            (
                "/opt/cargo/registry/src/index/openraft-0.9.1/src/core/tick.rs",
                Some("openraft-0.9.1/src/core/tick.rs:3"),
            ),
            ("C:\\work\\raft\\src\\log.rs", Some("raft/src/log.rs:3")),
            ("/rustc/0123abc/library/core/src/option.rs", None),
        ] {
            assert_eq!(short_place(file, 3).as_deref(), place);
        }
        let nowhere = Panic { message: format!("{}\nmore", "x".repeat(100)), place: None };
        assert_eq!(nowhere.name(), "x".repeat(60));
    }
}
