//! The model of an object whose calls all have a [`Footprint`]: states are numbers, and the future is known.
//!
//! Knowing which states calls must have found, the search can tell that a state must not be left yet, that a written
//! value is never looked at, and that two calls can stand for each other.

use super::calls::{Call, Fate};
use super::intern::Interner;
use super::model::Model;
use super::zones::{Judgement, judge};
use crate::spec::{Footprint, Spec};

/// The number of a state.
pub(super) type Number = u32;

/// The number of all states that no call can tell from one another: those that nobody finds, misses or changes.
const ANY: Number = 0;

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct ByFootprint {
    acts: Vec<Act>,
    initial: Option<Number>,
    classes: u32,
    /// By state: how the calls that are not carried out yet regard it.
    regards: Vec<Regard>,
}

/// What a call does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    pub(super) deed: Deed,
    pub(super) found: Number,
    pub(super) left: Number,
    class: u32,
    pub(super) invoked: u32,
    /// When it returns, if it does.
    pub(super) returned: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Deed {
    /// Leaves `left` whatever it finds.
    Overwrites,
    /// Is legal in `found` and leaves `left`.
    Finds,
    /// Is legal in all states but `found`.
    Misses,
    /// May happen in `found` and leaves `left`. (It may happen in others too, and change nothing.)
    Changes,
    /// Is legal nowhere.
    Errs,
}

#[derive(Clone, Copy, Debug, Default)]
struct Regard {
    /// How many calls must find it.
    finders: u32,
    /// How many can lead to it from another.
    makers: u32,
    /// How many can tell it from others.
    tellers: u32,
    /// When the last of the calls that must find it is invoked, carried out or not.
    last_finder: u32,
}

impl ByFootprint {
    /// What these calls do, if each has a footprint.
    pub(super) fn new<S: Spec>(calls: &[Call<'_, S>]) -> Option<ByFootprint> {
        let mut states = Interner::new(calls.len() + 1);
        let initial = states.number(S::State::default()) + 1;
        let mut acts = Vec::with_capacity(calls.len());
        for call in calls {
            acts.push(Act::new(call, &mut states)?);
        }
        let regards = vec![Regard::default(); states.values().len() + 1];
        Some(ByFootprint { acts, initial: Some(initial), classes: 0, regards })
    }

    /// What the zones of the calls show. To be asked before the model is [ready](Self::prepare) for the search.
    pub(super) fn judge(&self) -> Judgement {
        self.initial.map_or(Judgement::Unclear, |initial| judge(&self.acts, self.regards.len(), initial))
    }

    /// All states in which it can make a difference to begin, and one in which no call finds what it looks for.
    pub(super) fn origins(&self) -> impl Iterator<Item = Number> + use<> {
        let finds = |act: &&Act| matches!(act.deed, Deed::Finds | Deed::Changes);
        let mut found: Vec<Number> = self.acts.iter().filter(finds).map(|act| act.found).collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().chain([ANY])
    }

    /// Makes the model ready for a search that begins in another state than the object does.
    pub(super) fn begin_in(&mut self, origin: Number) {
        self.initial = Some(origin);
        self.prepare();
    }

    /// Makes the model ready for the search.
    pub(super) fn prepare(&mut self) {
        self.count_tellers();
        self.count_changes();
        self.merge_untold();
        self.count_others();
        self.classify();
    }

    fn count_tellers(&mut self) {
        for act in &self.acts {
            if matches!(act.deed, Deed::Finds | Deed::Misses) {
                self.regards[act.found as usize].tellers += 1;
            }
        }
    }

    /// Lets the calls that may change a state be regarded only if that can matter: one that leads from a state that
    /// nobody tells from others to another such state is none.
    fn count_changes(&mut self) {
        let mut ignored: Vec<usize> = (0..self.acts.len()).filter(|&at| self.acts[at].deed == Deed::Changes).collect();
        loop {
            let before = ignored.len();
            // Each may give a meaning to those that lead to it, which are likely to come before it.
            for place in (0..before).rev() {
                let act = self.acts[ignored[place]];
                if [act.found, act.left].iter().any(|&state| self.regards[state as usize].tellers > 0) {
                    self.regards[act.found as usize].tellers += 1;
                    ignored.swap_remove(place);
                }
            }
            if ignored.len() == before {
                break;
            }
        }
        for at in ignored {
            self.acts[at].deed = Deed::Errs;
        }
    }

    /// Gives the same number to all states that no call can tell apart.
    fn merge_untold(&mut self) {
        let regards = &self.regards;
        let merged = |state: Number| if regards[state as usize].tellers == 0 { ANY } else { state };
        self.initial = self.initial.map(merged);
        for act in &mut self.acts {
            act.left = merged(act.left);
        }
    }

    fn count_others(&mut self) {
        // What leads to a state that nobody tells from others can explain a miss of the state before, and only that: so
        // no more of it is needed than there are misses, and none after the last of these.
        let misses = self.acts.iter().filter(|act| act.deed == Deed::Misses);
        let (count, last) = misses.fold((0, None), |(count, last), act| (count + 1, last.max(act.returned)));
        let mut overwrites = 0;
        for act in &mut self.acts {
            if act.returned.is_none() && act.left == ANY {
                overwrites += usize::from(act.deed == Deed::Overwrites);
                if overwrites > count || last.is_none_or(|order| order < act.invoked) {
                    act.deed = Deed::Errs;
                    continue;
                }
            }
            let regards = &mut self.regards;
            if act.deed == Deed::Finds {
                let regard = &mut regards[act.found as usize];
                regard.finders += 1;
                regard.last_finder = regard.last_finder.max(act.invoked);
            }
            regards[act.left as usize].makers += u32::from(act.makes());
        }
        let unmade = |&number: &usize| {
            let regard = self.regards[number];
            regard.finders > 0 && regard.makers == 0 && self.initial != Some(number as Number)
        };
        if (0..self.regards.len()).any(|number| unmade(&number)) {
            self.initial = None;
        }
    }

    fn classify(&mut self) {
        // An overwrite is of the class of the state that it leaves; other changes come in pairs of states.
        let overwrites = self.regards.len() as u32;
        let mut pairs = Interner::new(0);
        for act in &mut self.acts {
            act.class = match act.deed {
                Deed::Overwrites => act.left,
                _ if act.makes() => overwrites + 1 + pairs.number((act.found, act.left)),
                _ => overwrites,
            };
        }
        self.classes = overwrites + 1 + pairs.values().len() as u32;
    }
}

impl Act {
    fn new<S: Spec>(call: &Call<'_, S>, states: &mut Interner<S::State>) -> Option<Act> {
        let op = &call.operation.op;
        let mut number = |state: S::State| states.number(state) + 1;
        let (invoked, returned) = (call.invoked(), call.returned());
        let act = |deed, found, left| Act { deed, found, left, class: 0, invoked, returned };
        let ret = match call.fate {
            Fate::Returned(_, ret) => Some(ret),
            Fate::Open => None,
            Fate::Probe(..) => return None,
        };
        Some(match S::footprint(op, ret) {
            Footprint::Overwrites(left) => match ret {
                Some(ret) if S::apply(&mut left.clone(), op) != *ret => act(Deed::Errs, ANY, ANY),
                _ => act(Deed::Overwrites, ANY, number(left)),
            },
            Footprint::Finds(found) => {
                let mut left = found.clone();
                let answer = S::apply(&mut left, op);
                if ret != Some(&answer) {
                    return Some(act(Deed::Errs, ANY, ANY));
                }
                // Most calls that find something only read it.
                let left = (left != found).then(|| number(left));
                let found = number(found);
                act(Deed::Finds, found, left.unwrap_or(found))
            }
            Footprint::Misses(found) => {
                let found = number(found);
                act(Deed::Misses, found, found)
            }
            Footprint::Changes(found) => {
                let mut left = found.clone();
                S::apply(&mut left, op);
                act(Deed::Changes, number(found), number(left))
            }
            Footprint::Passes(..) | Footprint::Unclear => return None,
        })
    }

    /// Whether it can lead from one state to another.
    pub(super) fn makes(&self) -> bool {
        match self.deed {
            Deed::Overwrites => true,
            Deed::Finds | Deed::Changes => self.found != self.left,
            Deed::Misses | Deed::Errs => false,
        }
    }
}

impl Model for ByFootprint {
    type State = Number;

    fn initial(&self) -> Option<Number> {
        self.initial
    }

    fn step(&mut self, state: &mut Number, call: u32) -> bool {
        let act = self.acts[call as usize];
        let next = match act.deed {
            Deed::Overwrites => act.left,
            Deed::Finds | Deed::Changes if *state == act.found => act.left,
            Deed::Misses if *state != act.found => *state,
            _ => return false,
        };
        self.count(act, |count, by| count - by);
        let regard = self.regards[*state as usize];
        if next != *state && regard.finders > 0 && regard.makers == 0 {
            // Somebody must still find this state, and nobody will bring it back.
            self.count(act, |count, by| count + by);
            return false;
        }
        *state = next;
        true
    }

    fn undo(&mut self, call: u32) {
        self.count(self.acts[call as usize], |count, by| count + by);
    }

    fn too_late(&self, _: &Number, _: u32) -> bool {
        false
    }

    fn observes(&self, call: u32) -> bool {
        let act = self.acts[call as usize];
        match act.deed {
            Deed::Misses => true,
            Deed::Finds => act.found == act.left,
            Deed::Overwrites | Deed::Changes | Deed::Errs => false,
        }
    }

    fn overwrites(&self, call: u32) -> bool {
        self.acts[call as usize].deed == Deed::Overwrites
    }

    fn is_spare(&self, call: u32) -> bool {
        let act = self.acts[call as usize];
        act.deed == Deed::Overwrites && act.left == ANY
    }

    fn serves(&self, call: u32, other: u32) -> bool {
        let other = self.acts[other as usize];
        let left = self.acts[call as usize].left;
        match other.deed {
            Deed::Finds => left == other.found,
            Deed::Misses => left != other.found,
            _ => false,
        }
    }

    fn is_timely(&self, call: u32, due: u32) -> bool {
        let regard = self.regards[self.acts[call as usize].left as usize];
        // If nobody else brings its state back, it must last until the last of its finders has come.
        let lasts = regard.finders > 0 && regard.makers == 1;
        let too_long = lasts && self.acts[due as usize].returned.is_some_and(|order| order < regard.last_finder);
        !too_long || self.serves(call, due)
    }

    fn is_useless(&self, call: u32) -> bool {
        self.acts[call as usize].deed == Deed::Errs
    }

    fn class(&self, call: u32) -> u32 {
        self.acts[call as usize].class
    }

    fn classes(&self) -> usize {
        self.classes as usize
    }

    fn digest(&self, state: &Number) -> u64 {
        let told = self.regards[*state as usize].tellers > 0;
        u64::from(if told { *state } else { ANY })
    }

    fn owned_bytes(&self, _: &Number) -> u64 {
        0
    }
}

impl ByFootprint {
    /// The calls without those that cannot explain anything.
    pub(super) fn useful<'h, S: Spec>(calls: Vec<Call<'h, S>>) -> Vec<Call<'h, S>> {
        match ByFootprint::new(&calls) {
            Some(mut model) => {
                model.prepare();
                let useless = |act: &Act| act.returned.is_none() && act.deed == Deed::Errs;
                calls.into_iter().zip(&model.acts).filter(|(_, act)| !useless(act)).map(|(call, _)| call).collect()
            }
            None => calls,
        }
    }

    /// Corrects the regards for a call that is carried out or taken back.
    #[inline]
    fn count(&mut self, act: Act, corrected: impl Fn(u32, u32) -> u32) {
        if act.makes() {
            let makers = &mut self.regards[act.left as usize].makers;
            *makers = corrected(*makers, 1);
        }
        if matches!(act.deed, Deed::Finds | Deed::Misses | Deed::Changes) {
            let found = &mut self.regards[act.found as usize];
            found.tellers = corrected(found.tellers, 1);
            found.finders = corrected(found.finders, u32::from(act.deed == Deed::Finds));
        }
    }
}
