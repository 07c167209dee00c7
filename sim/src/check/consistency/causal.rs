//! Causal consistency by bad patterns (Bouajjani, Enea, Guerraoui, Hamza 2017, "On Verifying Causal Consistency", §5, Table 1).
//!
//! The causal order `co` is the least order that has the order of each process, and each write before its readers. If each value is written
//! once, a history is causally consistent (CC) unless `co` is cyclic or somebody reads what is older than something it follows;
//! causal memory (CM, Ahamad et al. 1995) and causal convergence (CCv, Burckhardt 2014) forbid more.

use super::order::{Clocks, Events, Source, Stop, Work, node};
use super::report::Pattern;

/// A bad pattern, and the event that reads what it should not, if it is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bad {
    pub(super) pattern: Pattern,
    pub(super) reader: Option<u32>,
}

impl Bad {
    fn cycle(pattern: Pattern) -> Bad {
        Bad { pattern, reader: None }
    }
}

/// The first bad pattern of CC, if there is one, of a history without ThinAirRead.
///
/// # Errors
/// If a budget runs out.
pub(super) fn causal(events: &Events, work: &mut Work) -> Result<Option<Bad>, Stop> {
    let clocks = match events.clocks(&events.causes, work) {
        Err(Stop::Cycle) => return Ok(Some(Bad::cycle(Pattern::CyclicCo))),
        other => other?,
    };
    for (reader, _, source) in events.reads() {
        let pattern = match source {
            Source::Event(writer) => {
                // If a later one of a chain is no newer than what was found, an earlier one is not either.
                let newer = |write| write != writer && clocks.is_before(events, writer, write);
                events.before(&clocks, reader).any(newer).then_some(Pattern::WriteCoRead)
            }
            Source::Initial => events.before(&clocks, reader).next().map(|_| Pattern::WriteCoInitRead),
        };
        if let Some(pattern) = pattern {
            return Ok(Some(Bad { pattern, reader: Some(reader) }));
        }
    }
    Ok(None)
}

/// The bad pattern that CCv forbids besides those of CC, of a history that has none of these.
///
/// All must agree on one order of the writes, and who reads a version must have met no later one: so each write to the object that comes before a read in `co`
/// is older than what was found (the conflict order `cf`). Without this rule replicas may disagree on concurrent writes for ever.
///
/// # Errors
/// If a budget runs out.
pub(super) fn convergent(events: &Events, work: &mut Work) -> Result<Option<Bad>, Stop> {
    let clocks = events.clocks(&events.causes, work)?;
    let mut graph = events.causes.clone();
    for (older, newer) in older(events, &clocks, None) {
        graph.add_edge(node(older), node(newer), ());
    }
    match events.clocks(&graph, work) {
        Err(Stop::Cycle) => Ok(Some(Bad::cycle(Pattern::CyclicCf))),
        other => other.map(|_| None),
    }
}

/// The bad pattern that CM forbids besides those of CC, of a history that has none of these.
///
/// Each process must see all writes in *some* order that explains all of its own reads: its happened-before `hb` is `co`, and each write to the object that comes before one of
/// its reads in `hb` is older than what that found. The last operation of a process has the most, so it stands for all of them.
///
/// # Errors
/// If a budget runs out.
pub(super) fn memory(events: &Events, work: &mut Work) -> Result<Option<Bad>, Stop> {
    for chain in 0..events.chains.len() as u32 {
        if !events.reads().any(|(_, event, _)| event.chain == chain) {
            continue;
        }
        let clocks = match saturate(events, Rules { of: Some(chain), overwritten: false }, work) {
            Err(Stop::Cycle) => return Ok(Some(Bad::cycle(Pattern::CyclicHb))),
            other => other?,
        };
        let own =
            events.reads().filter(|(_, event, source)| events.leads_to(event, chain) && *source == Source::Initial);
        for (reader, ..) in own {
            if events.before(&clocks, reader).next().is_some() {
                return Ok(Some(Bad { pattern: Pattern::WriteHbInitRead, reader: Some(reader) }));
            }
        }
    }
    Ok(None)
}

/// What follows from reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// The chain at whose end reads count, its own and those that it branches off from; those of all, if it is none.
    pub(super) of: Option<u32>,
    /// Whether a version is gone for everybody when a newer one is written: its readers come before that write.
    pub(super) overwritten: bool,
}

/// Derives what must come before what until nothing new follows.
///
/// # Errors
/// If something must come before itself, or a budget runs out.
pub(super) fn saturate(events: &Events, rules: Rules, work: &mut Work) -> Result<Clocks, Stop> {
    let mut graph = events.causes.clone();
    let readers = if rules.overwritten { last_readers(events) } else { Vec::new() };
    if rules.overwritten {
        initial_first(events).for_each(|(reader, write)| _ = graph.add_edge(node(reader), node(write), ()));
    }
    loop {
        let clocks = events.clocks(&graph, work)?;
        let mut new: Vec<(u32, u32)> = older(events, &clocks, rules.of).collect();
        for (write, _) in (0..).zip(&events.all).filter(|(_, event)| rules.overwritten && event.writes) {
            let gone = events.before(&clocks, write).flat_map(|before| &readers[before as usize]);
            new.extend(gone.filter(|&&reader| reader != write).map(|&reader| (reader, write)));
        }
        new.retain(|&(one, other)| !clocks.is_before(events, one, other));
        if new.is_empty() {
            return Ok(clocks);
        }
        new.into_iter().for_each(|(one, other)| _ = graph.add_edge(node(one), node(other), ()));
    }
}

/// Pairs of writes to one object: the first comes before a read that found what the second put.
fn older<'a>(events: &'a Events, clocks: &'a Clocks, of: Option<u32>) -> impl Iterator<Item = (u32, u32)> + 'a {
    events.reads().filter(move |(_, event, _)| of.is_none_or(|chain| events.leads_to(event, chain))).flat_map(
        move |(reader, _, source)| {
            let before = events.before(clocks, reader);
            before.filter_map(move |write| match source {
                Source::Event(found) if found != write => Some((write, found)),
                _ => None,
            })
        },
    )
}

/// By write: the last event of each chain that found what it put.
fn last_readers(events: &Events) -> Vec<Vec<u32>> {
    let mut readers: Vec<Vec<u32>> = vec![Vec::new(); events.all.len()];
    for (reader, event, source) in events.reads() {
        let Source::Event(writer) = source else { continue };
        let list = &mut readers[writer as usize];
        // Events are numbered chain by chain.
        match list.last_mut() {
            Some(last) if events.all[*last as usize].chain == event.chain => *last = reader,
            _ => list.push(reader),
        }
    }
    readers
}

/// Who found an object as it was at first comes before all that write to it: the last such of each chain, and the first writes.
fn initial_first(events: &Events) -> impl Iterator<Item = (u32, u32)> + '_ {
    let mut last: Vec<Vec<u32>> = vec![Vec::new(); events.writes.len()];
    for (reader, event, _) in events.reads().filter(|(.., source)| *source == Source::Initial) {
        let list = &mut last[event.key as usize];
        match list.last_mut() {
            Some(before) if events.all[*before as usize].chain == event.chain => *before = reader,
            _ => list.push(reader),
        }
    }
    last.into_iter().zip(&events.writes).flat_map(|(readers, writes)| {
        let pairs = readers.into_iter().flat_map(move |reader| writes.iter().map(move |(_, list)| (reader, list[0])));
        pairs.filter(|(reader, write)| reader != write)
    })
}
