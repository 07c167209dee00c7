//! The textbook search for a linearization: Wing & Gong 1993 with Lowe's 2017 memo of (operations done, state), key by key, as most checkers have it. What is beside it in the
//! benchmark must be faster by what it knows, not by how it is written, so this is no straw man: the list of events is linked, sets are bits, hashes are cheap.

#[allow(clippy::disallowed_types)]
// As others do. Only whether something is in it is ever asked, so its order decides nothing.
use std::collections::HashSet;

use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::spec::Spec;

/// An invocation or a return of an operation, in a list.
#[derive(Clone, Copy)]
struct Link {
    before: usize,
    after: usize,
    operation: usize,
    is_return: bool,
}

/// Whether a history is linearizable, or nothing if that takes more than so many steps.
pub(crate) fn is_linearizable<S: Spec>(history: &[Operation<S>], steps: u64) -> Option<bool> {
    let keys = history.iter().map(|operation| S::key(&operation.op).index() + 1).max().unwrap_or(0);
    let mut parts: Vec<Vec<&Operation<S>>> = vec![Vec::new(); keys];
    for operation in history.iter().filter(|operation| operation.outcome != Outcome::Failed) {
        parts[S::key(&operation.op).index()].push(operation);
    }
    let mut left = steps;
    for part in parts {
        if !search(&part, &mut left)? {
            return Some(false);
        }
    }
    Some(true)
}

fn search<S: Spec>(operations: &[&Operation<S>], left: &mut u64) -> Option<bool> {
    let mut events: Vec<(u64, usize, bool)> = Vec::new();
    for (place, operation) in operations.iter().enumerate() {
        events.push((u64::from(operation.invoked.order), place, false));
        let end = match &operation.outcome {
            Outcome::Ok { returned, .. } => u64::from(returned.order),
            _ => u64::MAX, // It returns at the end of time.
        };
        events.push((end, place, true));
    }
    events.sort_unstable();
    // The head is link 0, so every event is at its place plus one.
    let mut links: Vec<Link> = vec![Link { before: 0, after: 1, operation: 0, is_return: true }];
    let mut exit = vec![0; operations.len()];
    for (place, &(_, operation, is_return)) in events.iter().enumerate() {
        links.push(Link { before: place, after: place + 2, operation, is_return });
        if is_return {
            exit[operation] = place + 1;
        }
    }
    let end = links.len();
    links.push(Link { before: end - 1, after: end, operation: 0, is_return: true });
    let mut done = vec![0_u64; operations.len().div_ceil(64)];
    #[allow(clippy::disallowed_types)]
    let mut memo: HashSet<(Vec<u64>, S::State)> = HashSet::new();
    let mut stack: Vec<(usize, S::State)> = Vec::new();
    let mut state = S::State::default();
    let mut at = links[0].after;
    while links[0].after != end {
        *left = left.checked_sub(1)?;
        let Link { operation, is_return, .. } = links[at];
        if !is_return {
            let mut next = state.clone();
            let ret = S::apply(&mut next, &operations[operation].op);
            let legal = match &operations[operation].outcome {
                Outcome::Ok { ret: given, .. } => *given == ret,
                _ => true,
            };
            done[operation / 64] |= 1 << (operation % 64);
            if legal && memo.insert((done.clone(), next.clone())) {
                stack.push((at, std::mem::replace(&mut state, next)));
                unlink(&mut links, exit[operation]);
                unlink(&mut links, at);
                at = links[0].after;
            } else {
                done[operation / 64] &= !(1 << (operation % 64));
                at = links[at].after;
            }
        } else {
            let Some((back, before)) = stack.pop() else { return Some(false) };
            let operation = links[back].operation;
            relink(&mut links, back);
            relink(&mut links, exit[operation]);
            done[operation / 64] &= !(1 << (operation % 64));
            state = before;
            at = links[back].after;
        }
    }
    Some(true)
}

fn unlink(links: &mut [Link], at: usize) {
    let Link { before, after, .. } = links[at];
    links[before].after = after;
    links[after].before = before;
}

fn relink(links: &mut [Link], at: usize) {
    let Link { before, after, .. } = links[at];
    links[before].after = at;
    links[after].before = at;
}
