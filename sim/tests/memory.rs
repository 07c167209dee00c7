//! How much memory the linearizability check takes: what its budget says, and little for each operation besides.

use shaketable_sim::check::linearizable::{Budget, Linearizability, Reason, check};
use shaketable_sim::history::Operation;
use shaketable_sim::id::{Key, OpId};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::Spec;
use shaketable_sim::spec::kv::{self, Kv};
use shaketable_sim::spec::list::{self, List};
use shaketable_sim::spec::string::{self, Str};
use shaketable_sim::time::Ppm;

#[path = "linearizability/generate.rs"]
#[allow(dead_code)] // The other tests use more of it.
mod generate;

use generate::{Shape, history, spoil};

#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

const MEGABYTE: usize = 1_000_000;

/// What each operation may take besides the budget, in bytes, and besides as much as itself.
const EACH: usize = 250;

/// Checks a history; says also how much memory that took at most, in bytes.
fn measured<S: Spec>(history: &[Operation<S>], budget: Budget) -> (Linearizability<S>, usize) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let found = check(history, budget);
    (found, MEMORY.peak_usage() - before)
}

fn kv(values: Option<u64>, id: OpId, rng: &mut Stream) -> kv::Op {
    let mut value = || values.map_or(u64::from(id.seq), |count| rng.below(count));
    let (one, other) = (value(), value());
    let action = match rng.below(10) {
        0..5 => kv::Action::Get,
        5..9 => kv::Action::Put(one),
        _ => kv::Action::Cas { expect: other.saturating_sub(u64::from(values.is_none())), new: one },
    };
    kv::Op { key: Key::at(0), action }
}

/// Changes answers at the end until the history is not linearizable.
fn spoilt<S: Spec>(mut history: Vec<Operation<S>>, budget: Budget) -> Vec<Operation<S>> {
    let mut rng = Seed(2).stream("spoil");
    let late = history.len() * 9 / 10;
    while matches!(check(&history, budget), Linearizability::Linearizable { .. }) {
        spoil(&mut history[late..], &mut rng);
    }
    history
}

fn long_histories_of_one_key_take_little() {
    for (values, operations, most) in
        [(None, 100_000, 64 * MEGABYTE), (Some(5), 100_000, 64 * MEGABYTE), (None, 1_000_000, 512 * MEGABYTE)]
    {
        let budget = Budget { states: 20_000_000, bytes: most as u64 / 2 };
        let shape = Shape { clients: 5, operations, unknown: Ppm::ZERO };
        let right = history::<Kv>(shape, &mut Seed(1).stream("memory"), |id, rng| kv(values, id, rng));
        let (found, peak) = measured(&right, budget);
        assert!(matches!(found, Linearizability::Linearizable { .. }) && peak < most, "{peak} bytes: {found:?}");
        if operations == 100_000 {
            let (found, peak) = measured(&spoilt(right, budget), budget);
            assert!(matches!(found, Linearizability::Violation(_)) && peak < most, "{peak} bytes: {found:?}");
        }
    }
}

/// Checks histories that are too hard for the budgets, and says how many of them were so because of the memory.
fn no_budget_is_exceeded<S: Spec>(name: &str, op: impl Fn(OpId, &mut Stream) -> S::Op + Copy) -> usize {
    let mut out_of_memory = 0;
    for seed in 0..12 {
        let mut rng = Seed(seed).stream(name);
        let clients = rng.between(16, 32) as usize;
        let shape = Shape { clients, operations: 300, unknown: Ppm::percent(8) };
        let mut history = history::<S>(shape, &mut rng, op);
        (0..2).for_each(|_| spoil(&mut history, &mut rng));
        let before = MEMORY.current_usage();
        let copy = history.clone();
        let size = MEMORY.current_usage() - before;
        drop(copy);
        for bytes in [50_000, 1_000_000, 8_000_000] {
            let (found, peak) = measured(&history, Budget { states: 1_000_000, bytes });
            out_of_memory += usize::from(matches!(found, Linearizability::Inconclusive { reason: Reason::Bytes, .. }));
            let most = bytes as usize * 11 / 10 + EACH * history.len() + size;
            if false {
                assert!(peak <= most);
            }
            assert!(peak <= most, "{name}, seed {seed}: {peak} bytes, where {bytes} were allowed");
        }
    }
    out_of_memory
}

/// All in one test: what others take at the same time would count, too.
#[test]
fn a_check_takes_what_it_may_and_little_for_each_operation() {
    long_histories_of_one_key_take_little();
    let of_values = no_budget_is_exceeded::<Kv>("memory: five values", |id, rng| kv(Some(5), id, rng));
    let of_lists = no_budget_is_exceeded::<List>("memory: lists", |_, rng| {
        let action = if rng.below(3) == 0 { list::Action::Read } else { list::Action::Append(rng.below(5)) };
        list::Op { key: Key::at(0), action }
    });
    let of_strings = no_budget_is_exceeded::<Str>("memory: strings", |_, rng| {
        let piece = ["a", "b", "ab"][rng.below(3) as usize].into();
        let action = if rng.below(3) == 0 { string::Action::Get } else { string::Action::Append(piece) };
        string::Op { key: Key::at(0), action }
    });
    let needed = [of_values, of_lists, of_strings];
    assert!(
        needed.iter().all(|count| *count > 0) && needed.iter().sum::<usize>() >= 30,
        "{needed:?} histories needed all that they might take"
    );
}
