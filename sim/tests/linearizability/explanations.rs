//! What is told of histories that are not linearizable: it may become better, and not change unseen.

use std::fmt::Write;

use shaketable_sim::check::linearizable::{Linearizability, check};
use shaketable_sim::history::{Operation, Outcome};
use shaketable_sim::id::{Key, OpId};
use shaketable_sim::rng::{Seed, Stream};
use shaketable_sim::spec::Spec;
use shaketable_sim::spec::counter::{self, Counter};
use shaketable_sim::spec::kv::{self, Kv};
use shaketable_sim::spec::list::{self, List};
use shaketable_sim::spec::queue::{self, Queue};
use shaketable_sim::spec::register::{self, Register};
use shaketable_sim::spec::stack::{self, Stack};
use shaketable_sim::time::Ppm;

use crate::AMPLE;
use crate::generate::{Shape, history, spoil};

/// One line about each of some histories: how many returns are explained, the culprit and its answer, what it could have answered, the places of the story and with which
/// return that begins, and how many ways the object can have been in.
fn told<S: Spec>(name: &str, op: impl Fn(OpId, &mut Stream) -> S::Op) -> String {
    let mut lines = String::new();
    for seed in 0..8 {
        let mut rng = Seed(seed).stream(name);
        let operations = [8, 12, 20, 40][seed as usize % 4];
        let shape = Shape { clients: 4, operations, unknown: Ppm::percent(6) };
        let mut history = history::<S>(shape, &mut rng, &op);
        for _ in 0..30 {
            spoil(&mut history, &mut rng);
            if let Linearizability::Violation(found) = check(&history, AMPLE) {
                let place = |told: &Operation<S>| history.iter().position(|other| other.invoked == told.invoked);
                let story: Vec<usize> = found.story.iter().filter_map(place).collect();
                let Outcome::Ok { ret, .. } = &found.culprit.outcome else { panic!("the culprit has returned") };
                let answers: Vec<String> = found.answers.iter().map(ToString::to_string).collect();
                let only = if found.all_answers { "only" } else { "say" };
                let _ =
                    write!(lines, "{}: {} {}, {only} {}", found.explained, found.culprit.op, ret, answers.join(" or "));
                let _ = write!(lines, "; {story:?}{}", if found.of_values { " of values" } else { "" });
                let _ = write!(lines, "{}", found.from.map_or(String::new(), |from| format!(" from {from}")));
                let ways = found.survivors.map_or("many".to_owned(), |survivors| survivors.len().to_string());
                let _ = writeln!(lines, "; {ways} ways");
                break;
            }
        }
    }
    lines
}

fn key() -> Key {
    Key::at(0)
}

#[test]
fn registers_and_entries() {
    let registers = told::<Register>("told: register", |_, rng| {
        let action = if rng.below(2) == 0 { register::Action::Read } else { register::Action::Write(rng.below(4)) };
        register::Op { key: key(), action }
    });
    let entries = told::<Kv>("told: entry", |id, rng| {
        let action = match rng.below(7) {
            0..=2 => kv::Action::Get,
            3 | 4 => kv::Action::Put(u64::from(id.seq) % 9),
            5 => kv::Action::Cas { expect: rng.below(9), new: rng.below(9) },
            _ => kv::Action::Delete,
        };
        kv::Op { key: key(), action }
    });
    let known = [
        "7: read k1 none, only 1; [0]; 1 ways",
        "4: read k1 none, only 1 or 3; [2]; 2 ways",
        "8: read k1 0, only 2 or 3; [3, 8]; 2 ways",
        "31: read k1 3, only 1 or 2; [13, 15, 33]; 6 ways",
        "3: read k1 1, only none or 0 or 3; []; 1 ways",
        "2: read k1 none, only 2 or 1; [1]; 3 ways",
        "12: read k1 none, only 0 or 1 or 3; [2]; 2 ways",
        "21: read k1 none, only 1 or 3 or 0; [4]; 2 ways",
        "2: get k1 7, only 3 or none; []; 1 ways",
        "3: get k1 3, only none or 6 or 2; []; 4 ways",
        "2: get k1 8, only none; []; 1 ways",
        "14: get k1 none, only 8; [1, 4, 12]; 1 ways",
        "2: get k1 none, only 2; [1]; 1 ways",
    ];
    assert_eq!((registers + &entries).lines().collect::<Vec<_>>(), known);
}

#[test]
fn counters_and_lists() {
    let counters = told::<Counter>("told: counter", |_, rng| {
        let action = if rng.below(2) == 0 { counter::Action::Read } else { counter::Action::Add(1 + rng.below(3)) };
        counter::Op { key: key(), action }
    });
    let lists = told::<List>("told: list", |_, rng| {
        let action = if rng.below(2) == 0 { list::Action::Read } else { list::Action::Append(rng.below(9)) };
        list::Op { key: key(), action }
    });
    let known = [
        "0: read k1 2, only 0 or 1; []; 1 ways",
        "4: add k1 2 3, only 6; []; 1 ways",
        "15: add k1 3 3, only 21 or 23; [15]; 1 ways",
        "3: add k1 2 5, only 2; [1]; 1 ways",
        "3: add k1 3 3, only 6; [0]; 1 ways",
        "8: add k1 2 4, only 16; [9]; 1 ways",
        "8: read k1 0, only 8 or 9; [0]; 1 ways",
        "32: add k1 3 4, only 40; [21, 22, 23, 24, 26, 27, 28, 29, 30, 31, 32] from 35; 1 ways",
        "6: append k1 0 length 4, only length 5 or length 6; [5]; 1 ways",
        "8: read k1 [], only [6 6 7] or [6 6 7 5]; [7]; 1 ways",
        "9: append k1 2 length 1, only length 5; [10]; 1 ways",
        "17: read k1 [5 6], say [6 0 1 8 1 0 1 8 5] or [6 0 1 8 1 0 1 8 5 0] or [6 0 1 8 1 0 1 8 5 0 6] or [6 0 1 8 1 0 1 8 5 0 6 0]; [17]; 1 ways",
        "3: read k1 [7 2 0 0], only [2 7] or [2 7 0] or [2 7 0 0]; [2]; 1 ways",
        "1: read k1 [8], say [] or [2] or [2 7] or [2 7 1]; []; 2 ways",
        "8: read k1 [], only [3 3 7 3 5] or [3 3 7 3 5 8]; [8]; 1 ways",
        "18: append k1 1 length 2, only length 7 or length 8; [19]; 1 ways",
    ];
    assert_eq!((counters + &lists).lines().collect::<Vec<_>>(), known);
}

#[test]
fn queues_and_stacks() {
    let queues = told::<Queue>("told: queue", |id, rng| {
        let action = if rng.below(2) == 0 { queue::Action::Dequeue } else { queue::Action::Enqueue(u64::from(id.seq)) };
        queue::Op { key: key(), action }
    });
    let stacks = told::<Stack>("told: stack", |id, rng| {
        let action = if rng.below(2) == 0 { stack::Action::Pop } else { stack::Action::Push(u64::from(id.seq) % 20) };
        stack::Op { key: key(), action }
    });
    let known = [
        "0: dequeue k1 5, only empty; [] of values; 1 ways",
        "3: dequeue k1 12, only empty or 4; [] of values; 2 ways",
        "1: dequeue k1 11, only empty or 1; [] of values; 1 ways",
        "20: dequeue k1 empty, only 17; [1, 16, 23] of values; many ways",
        "2: dequeue k1 5, only empty or 2 or 3; [] of values; 9 ways",
        "3: dequeue k1 empty, only 2 or 3; [1, 2] of values; 5 ways",
        "6: dequeue k1 empty, only 1; [0] of values; 10 ways",
        "8: dequeue k1 40, only 2 or 3 or 4; [] of values; many ways",
        "5: pop k1 empty, only 6 or 5 or 4 or 3; [2, 5] of values; 22 ways",
        "0: pop k1 11, only empty; [] of values; 1 ways",
        "10: pop k1 empty, say 14 or 12 or 11 or 10; [7, 9, 10] of values; 54 ways",
        "11: pop k1 12, only 3; [2, 9] of values; 24 ways",
        "1: pop k1 8, only empty; [] of values; 8 ways",
        "5: pop k1 5, only empty or 7 or 2 or 1; [4, 8] of values; many ways",
        "13: pop k1 empty, say 14 or 12 or 11 or 10; [6, 9, 10] of values; many ways",
        "4: pop k1 19, only empty or 9 or 8 or 2; [] of values; 14 ways",
    ];
    assert_eq!((queues + &stacks).lines().collect::<Vec<_>>(), known);
}
