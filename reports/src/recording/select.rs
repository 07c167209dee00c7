//! Which events somebody wants to see.

use std::collections::BTreeSet;

use shaketable_sim::time::Instant;

use super::slice::READABLE;
use super::{Band, Change, Event, LaneAt, LaneKind, Name, Operation, Place, Recording, Slice};

/// What is wanted of a run. Every condition that is there must be met; the default asks for everything but what is [routine](Event::routine).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Whose events; anybody's if empty.
    pub lanes: Vec<LaneAt>,
    /// Of which [kinds](Recording::kinds); of any if empty.
    pub kinds: Vec<Name>,
    /// About [what](Recording::labels); about anything if this and `keys` are empty.
    pub labels: Vec<Name>,
    /// Or about which keys, such as `k19`: those that are somewhere in what the event is or does.
    pub keys: Vec<String>,
    /// Not before this.
    pub from: Option<Instant>,
    /// Not after this.
    pub to: Option<Instant>,
    /// What [belongs](Recording::of_operation) to this operation: `c1#7`.
    pub operation: Option<String>,
    /// What is in this slice. Its own event is wanted even if it is routine; others that are take their places in the slice and are left out.
    pub slice: Option<Slice>,
    /// Whether what is routine is wanted, too.
    pub routine: bool,
}

/// Whether a text has this word in it.
fn mentions(text: &str, word: &str) -> bool {
    let within = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(word)
        .any(|(at, _)| !within(text[..at].chars().next_back()) && !within(text[at + word.len()..].chars().next()))
}

impl Recording {
    /// The events that are wanted, in order.
    pub fn select(&self, filter: &Filter) -> Vec<Place> {
        let slice = filter.slice.as_ref().map(|slice| BTreeSet::from_iter(self.slice(slice)));
        let operation = filter.operation.as_ref().map(|id| BTreeSet::from_iter(self.of_operation(id)));
        let wanted = |(place, event): &(Place, &Event)| {
            let asked_for = filter.slice.is_some_and(|slice| slice.of == *place);
            (filter.routine || !event.routine || asked_for)
                && (filter.lanes.is_empty() || filter.lanes.contains(&event.lane))
                && (filter.kinds.is_empty() || filter.kinds.contains(&event.kind))
                && (filter.labels.is_empty() && filter.keys.is_empty()
                    || event.label.is_some_and(|label| filter.labels.contains(&label))
                    || filter.keys.iter().any(|key| mentions(&event.detail, key)))
                && filter.from.is_none_or(|from| event.at >= from)
                && filter.to.is_none_or(|to| event.at <= to)
                && [&slice, &operation].into_iter().flatten().all(|places| places.contains(place))
        };
        self.placed().filter(wanted).map(|(place, _)| place).collect()
    }

    /// The events that tell of the violation, as many as somebody reads. None if nothing is violated.
    ///
    /// If it is about operations, these, and what came of them; if it is [against](super::Violation::against) something, that; with who came to lead and which faults struck meanwhile. Where
    /// there is room left, what led to all of it, at first to the event that shows the violation.
    pub fn telling(&self) -> Vec<Place> {
        let Some((violation, shown)) = self.violation().and_then(|violation| Some((violation, violation.event?)))
        else {
            return Vec::new();
        };
        let involved: Vec<&Operation> = self.operations.iter().filter(|operation| operation.part.is_some()).collect();
        let ends = involved.iter().flat_map(|operation| [Some(operation.from), operation.to]).flatten();
        let mut told: BTreeSet<Place> = ends.chain(violation.against.iter().copied()).collect();
        let Some(&first) = told.first() else { return self.led_to(shown, READABLE) };
        told.insert(shown);
        let nodes: BTreeSet<LaneAt> = told.iter().map(|place| self.event(*place).lane).collect();
        let meanwhile = |place: Place| place > first && place <= shown;
        let leader =
            |change: &&Change| self.fields.word(change.field) == "role" && self.values.word(change.value) == "leader";
        let leads = self.changes.iter().filter(leader).map(|change| change.event).filter(|place| meanwhile(*place));
        told.extend(leads.rev().take(READABLE / 4));
        let struck = || self.faults.iter().filter(|band| meanwhile(band.event));
        let at_them = struck().filter(|band| band.on.iter().any(|lane| nodes.contains(lane)));
        let whole = involved.iter().flat_map(|operation| self.of_operation(&operation.id));
        let whole: BTreeSet<Place> = whole.filter(|place| !self.event(*place).routine).collect();
        let is_told = told.union(&whole).count() <= READABLE;
        // What is against something, or happened in a crowd, is understood by what led to it, which wants room, too.
        let room = if is_told && !involved.is_empty() { READABLE } else { READABLE / 2 };
        let events = |bands: &mut dyn Iterator<Item = &Band>| bands.map(|band| band.event).collect::<BTreeSet<Place>>();
        let latest = events(&mut at_them.rev().take(READABLE / 4));
        let whole = if is_told { whole } else { BTreeSet::new() };
        for (more, most) in [(whole, READABLE), (events(&mut struck()), room), (latest, room)] {
            if told.union(&more).count() <= most {
                told.extend(more);
            }
        }
        if involved.is_empty() || !is_told {
            let mut ends: Vec<Place> = violation.against.iter().copied().chain([shown]).collect();
            while let Some(of) = ends.pop() {
                let room = READABLE.saturating_sub(told.len()) / (ends.len() + 1);
                told.extend(self.led_to(of, room + 1));
            }
        }
        told.into_iter().collect()
    }

    /// An event and what led to it, the nearest first, so much at most, but for what is routine.
    fn led_to(&self, of: Place, most: usize) -> Vec<Place> {
        let slice = Some(Slice { most, onwards: false, ..Slice::around(of) });
        self.select(&Filter { slice, ..Filter::default() })
    }

    /// The events of an operation, in order; none if there is no such operation. They are, from its asking to its end (or the end of the run, if it has none):
    ///
    /// 1. those that are about it: that it was asked for, came to a node, was answered or given up, each attempt at it;
    /// 2. what led to these: their causes, and [who sent](Recording::origins) what has come, and so on;
    /// 3. what came of all these, by causes and senders, and so on. What a node does when a timer runs out does not count, nor what other clients do, because
    ///    everything afterwards would follow from it.
    pub fn of_operation(&self, id: &str) -> Vec<Place> {
        let Some(operation) = self.operations.iter().find(|operation| operation.id == id) else { return Vec::new() };
        let last = operation.to.unwrap_or(Place(self.events.len().saturating_sub(1) as u32));
        let (first, origins) = (operation.from, self.origins());
        let before = |place: Place| {
            let origin = origins[place.0 as usize].map(|origin| origin.event);
            [self.event(place).cause, origin].into_iter().flatten().filter(|cause| *cause >= first)
        };
        let about = |place: &Place| {
            let named = self.event(*place).operation.as_deref().and_then(|id| id.split('.').next());
            named == Some(id) || *place == last && operation.to.is_some()
        };
        let within = || (first.0..=last.0).map(Place);
        let mut found: BTreeSet<Place> = within().filter(about).collect();
        let mut edge: Vec<Place> = found.iter().copied().collect();
        while let Some(place) = edge.pop() {
            edge.extend(before(place).filter(|cause| found.insert(*cause)));
        }
        let stays = |place: Place| {
            let event = self.event(place);
            let other = event.lane != operation.lane && self.lane(event.lane).kind == LaneKind::Client;
            !other && self.kinds.word(event.kind) != "timer"
        };
        for place in within() {
            if stays(place) && before(place).any(|cause| found.contains(&cause)) {
                found.insert(place);
            }
        }
        found.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_word() {
        for (text, is_there) in
            [("k12", false), ("ak1", false), (r#"{"key":"k1"}"#, true), ("é k1", true), ("k12 k1", true)]
        {
            assert_eq!(mentions(text, "k1"), is_there, "{text}");
        }
    }
}
