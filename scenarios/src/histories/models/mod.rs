//! What histories can be judged by: sequential specifications, with the names that operations have in histories.
//!
//! A model is one entry in [`MODELS`] and one [`Translate`], which says how an operation's name and values become one of a [`Spec`].

use shaketable_reports::Findings;
use shaketable_sim::check::transactions::{ListOp, RegisterOp};
use shaketable_sim::id::Key;
use shaketable_sim::param::nearest;
use shaketable_sim::spec::Spec;

use super::calls::{Call, Fate, History};
use super::event::Mistake;
use super::judge::{Asked, LINEARIZABLE, linearizable};
use super::value::{Names, Value, cut};
use super::{transactions, weaker};

pub(super) mod cell;
mod consensus;
mod counter;
mod list;
pub(super) mod map;
mod priority;
mod queue;
mod semaphore;
mod set;
mod stack;
mod string;

/// Judges a history by a model: a finding for each level of consistency, or what is no operation of the model.
type Judge = fn(&'static Model, &History, &Asked) -> Result<Findings, Vec<Mistake>>;

/// A model.
#[derive(Debug)]
pub(crate) struct Model {
    /// Its name, for `--model`.
    pub(crate) name: &'static str,
    /// What objects it is about, in a sentence.
    pub(crate) doc: &'static str,
    /// What can be asked of them.
    pub(crate) verbs: &'static [Verb],
    /// The levels of consistency that can be asked for; first the one that is, unless another one is.
    pub(crate) levels: &'static [&'static str],
    /// Judges a history.
    pub(crate) judge: Judge,
    /// Whether each operation of a history is one of this model.
    fits: fn(&'static Model, &History) -> bool,
}

/// Something that can be asked of an object.
#[derive(Debug)]
pub(crate) struct Verb {
    /// Its name: `cas`.
    pub(crate) name: &'static str,
    /// With what it is asked for, in words; nothing if that does not matter.
    pub(crate) takes: &'static str,
    /// What it is answered, in words; nothing if that does not matter.
    pub(crate) answers: &'static str,
}

const fn verb(name: &'static str, takes: &'static str, answers: &'static str) -> Verb {
    Verb { name, takes, answers }
}

const fn model<T: Translate>(name: &'static str, doc: &'static str, verbs: &'static [Verb]) -> Model {
    Model {
        name,
        doc,
        verbs,
        levels: &[LINEARIZABLE],
        judge: linearizable::<T>,
        fits: |model, history| each::<T>(model, history, |_, _| {}).is_ok(),
    }
}

/// A model of cells, of which weaker levels can be asked, too.
const fn cells(name: &'static str, doc: &'static str, verbs: &'static [Verb]) -> Model {
    Model { levels: &weaker::LEVELS, judge: weaker::judge, ..model::<cell::Words>(name, doc, verbs) }
}

/// A model of transactions.
const fn transactions<O: transactions::Micro>(name: &'static str, doc: &'static str, verbs: &'static [Verb]) -> Model {
    let fits = |_, history: &History| transactions::fits::<O>(history);
    Model { name, doc, verbs, levels: &transactions::LEVELS, judge: transactions::judge::<O>, fits }
}

/// All models. Those whose operations are also those of another come before it; of several with the same operations, the first is guessed that can be.
pub(crate) static MODELS: &[Model] = &[
    cells(
        "register",
        "registers: read and write; nil at first",
        &[verb("read", "", "the value"), verb("write", "a value", "")],
    ),
    cells(
        "cas-register",
        "registers with compare-and-set; nil at first",
        &[verb("read", "", "the value"), verb("write", "a value", ""), CAS],
    ),
    cells(
        "kv",
        "the entries of a map: get, put, compare-and-set and delete; nil at first",
        &[verb("get", "", "the value"), verb("put", "a value", ""), CAS, verb("delete", "", "")],
    ),
    model::<string::Words>(
        "text",
        "strings: get, put and append; empty at first",
        &[
            verb("get", "", "a string, or nil if it is empty"),
            verb("put", "a string", ""),
            verb("append", "a string", ""),
        ],
    ),
    model::<counter::Words>(
        "counter",
        "counters: read and add; 0 at first",
        &[
            verb("read", "", "the sum, a whole number from 0"),
            verb("add", counter::AMOUNT, ""),
            verb("add-and-get", counter::AMOUNT, "the sum, a whole number from 0"),
        ],
    ),
    model::<list::Words>(
        "list",
        "append-only lists: read and append; empty at first",
        &[
            verb("read", "", "a list of values, or nil if it is empty"),
            verb("append", "a value", ""),
            verb("append-and-count", "a value", "the length, a whole number from 0"),
        ],
    ),
    model::<consensus::Words>(
        "consensus",
        "consensus objects: whatever is proposed, all are answered what was proposed first",
        &[verb("propose", "a value", "the value that is decided")],
    ),
    model::<set::Words>(
        "set",
        "sets: add, remove and look for elements, or read all; empty at first",
        &[
            verb("add", "a value", ""),
            verb("add-and-tell", "a value", "true if it was not in it, else false"),
            verb("remove", "a value", ""),
            verb("remove-and-tell", "a value", "true if it was in it, else false"),
            verb("contains", "a value", "true or false"),
            verb("read", "", "a set or list of values, or nil if it is empty"),
        ],
    ),
    model::<queue::Words>(
        "queue",
        "queues, first in, first out; empty at first",
        &[verb("enqueue", SOME_VALUE, ""), verb("dequeue", "", "the value, or nil if it was empty")],
    ),
    model::<stack::Words>(
        "stack",
        "stacks, last in, first out; empty at first",
        &[verb("push", SOME_VALUE, ""), verb("pop", "", "the value, or nil if it was empty")],
    ),
    model::<priority::Words>(
        "priority-queue",
        "priority queues: the smallest priority comes out first, and of equal ones what was put in first; empty at first",
        &[
            verb("insert", "a pair `[priority value]` of a whole number from 0 and a value other than nil", ""),
            verb("take-min", "", "the value, or nil if it was empty"),
        ],
    ),
    model::<semaphore::Words>(
        "lock",
        "locks: nobody gets one that is held, or gives back what is another's",
        &[ACQUIRE, RELEASE],
    ),
    model::<semaphore::Words>(
        "semaphore",
        "semaphores: so many permits, 1 unless `init` says otherwise before any is held",
        &[verb("init", "how many permits there are, a whole number from 0", DID), ACQUIRE, RELEASE],
    ),
    transactions::<ListOp>(
        "list-append",
        "transactions on append-only lists; empty at first",
        &[verb("txn", "a list of `[append key value]` and `[r key nil]`", "the same, with the lists that were read")],
    ),
    transactions::<RegisterOp>(
        "rw-register",
        "transactions on registers; nil at first",
        &[verb("txn", "a list of `[w key value]` and `[r key nil]`", "the same, with the values that were read")],
    ),
    model::<map::Words>(
        "map",
        "as `rw-register`, by a search: says no more than whether they are linearizable, but also of values that are written twice",
        &[verb(
            "txn",
            "a list of reads `[r key nil]` and writes `[w key value]` of values other than nil",
            "the same list, with what the reads found in place of nil",
        )],
    ),
];

const SOME_VALUE: &str = "a value other than nil";

const DID: &str = "true, nil or the value again if that was done, false if not";

const ACQUIRE: Verb = verb("acquire", "the name of the holder, or nil if nobody tells holders apart", DID);

const RELEASE: Verb = verb("release", "the name of the holder, or nil if nobody tells holders apart", DID);

const CAS: Verb = verb("cas", "a pair `[expected new]`", "true, false, or the pair again for true");

/// How operations of a history become those of a specification.
pub(crate) trait Translate {
    /// The specification.
    type Spec: Spec<Op: Sync, Ret: Sync>;

    /// Whether answers have the values in them that were asked for, and not what became of several.
    const VERBATIM: bool = true;

    /// An operation; none if it is not asked for like that. `verb` is one of the model's.
    fn op(verb: &str, key: Key, argument: &Value, names: &mut Names) -> Option<<Self::Spec as Spec>::Op>;

    /// What an operation was answered; none if that is no answer to it.
    fn ret(op: &<Self::Spec as Spec>::Op, answer: &Value, names: &mut Names) -> Option<<Self::Spec as Spec>::Ret>;

    /// An answer for people; nothing if it says nothing.
    fn shown(ret: &<Self::Spec as Spec>::Ret, names: &Names) -> Option<String>;
}

/// An operation of a history as one of a specification, with its answer if it has one.
pub(crate) struct Translated<S: Spec> {
    pub(crate) op: S::Op,
    pub(crate) ret: Option<S::Ret>,
}

/// How many objects are looked at together: what [`Key`] can tell apart.
pub(crate) const KEYS_AT_ONCE: u32 = u16::MAX as u32 - 1;

/// Translates all operations that may have happened, and hands each over with its place among the calls. The names of values are returned.
///
/// # Errors
/// What is no operation or no answer of the model.
pub(crate) fn each<T: Translate>(
    model: &'static Model,
    history: &History,
    mut then: impl FnMut(u32, Translated<T::Spec>),
) -> Result<Names, Vec<Mistake>> {
    let mut names = Names::default();
    let mut mistakes = Vec::new();
    for (place, call) in (0..).zip(&history.calls) {
        if mistakes.len() == super::calls::MOST_MISTAKES {
            break;
        }
        match translated::<T>(model, history, call, &mut names) {
            Ok(Some(translated)) => then(place, translated),
            Ok(None) => {}
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(names) } else { Err(mistakes) }
}

fn translated<T: Translate>(
    model: &'static Model,
    history: &History,
    call: &Call,
    names: &mut Names,
) -> Result<Option<Translated<T::Spec>>, Mistake> {
    let f = history.f(call);
    let line = call.asked.line;
    let Some(verb) = model.verbs.iter().find(|verb| verb.name == f) else {
        let allowed = format!("the model `{}` has {}", model.name, model.named_verbs());
        return Err(Mistake::new(line, format!("an unknown operation `{}`", cut(f, 40)), allowed));
    };
    let key = Key::at((call.key % KEYS_AT_ONCE) as usize);
    let argument = argument(call, verb)?;
    let op = T::op(verb.name, key, argument, names).ok_or_else(|| {
        let given = format!("`{f}` of {}", cut(&argument.to_string(), 60));
        Mistake::new(line, given, format!("`{f}` takes {}", verb.takes))
    })?;
    let ret = match &call.fate {
        Fate::Failed => return Ok(None),
        Fate::Unknown => None,
        Fate::Answered(answer, spot) => Some(T::ret(&op, answer, names).ok_or_else(|| {
            let given = format!("`{f}` answered with {}", cut(&answer.to_string(), 60));
            Mistake::new(spot.line, given, format!("it is answered {}", verb.answers))
        })?),
    };
    Ok(Some(Translated { op, ret }))
}

/// What an operation was asked for with. Some clients only say so when they tell that it is done; nobody may say two different things.
fn argument<'c>(call: &'c Call, verb: &Verb) -> Result<&'c Value, Mistake> {
    let Fate::Answered(answer, spot) = &call.fate else { return Ok(&call.argument) };
    if verb.takes.is_empty() || !verb.answers.is_empty() {
        return Ok(&call.argument);
    }
    match (&call.argument, answer) {
        (Value::Nil, late) => Ok(late),
        (Value::Int(asked), Value::Int(done)) if asked != done => {
            let given = format!("`{}` of {done}", verb.name);
            Err(Mistake::new(spot.line, given, format!("line {} asked for {asked}", call.asked.line)))
        }
        (argument, _) => Ok(argument),
    }
}

impl Model {
    /// What a call was asked for with, if its operation takes anything.
    pub(crate) fn argument<'c>(&self, history: &History, call: &'c Call) -> Option<&'c Value> {
        let verb = self.verb(history.f(call)).filter(|verb| !verb.takes.is_empty())?;
        Some(argument(call, verb).unwrap_or(&call.argument))
    }
}

impl Verb {
    /// What it takes and is answered, in words.
    pub(crate) fn told(&self) -> String {
        let or_nothing = |text: &'static str| if text.is_empty() { "nothing that matters" } else { text };
        format!("takes {}, is answered {}", or_nothing(self.takes), or_nothing(self.answers))
    }
}

impl Model {
    /// The names of what can be asked: `` `read`, `write` ``.
    pub(crate) fn named_verbs(&self) -> String {
        let names: Vec<String> = self.verbs.iter().map(|verb| format!("`{}`", verb.name)).collect();
        names.join(", ")
    }

    /// What an operation is called.
    pub(crate) fn verb(&self, name: &str) -> Option<&Verb> {
        self.verbs.iter().find(|verb| verb.name == name)
    }

    /// Whether all that can be asked of this can be asked of another, too.
    fn is_part_of(&self, other: &Model) -> bool {
        self.verbs.iter().all(|verb| other.verb(verb.name).is_some())
    }
}

/// The model of this name.
///
/// # Errors
/// If there is none: a sentence with the nearest name.
pub(crate) fn named(name: &str) -> Result<&'static Model, String> {
    MODELS.iter().find(|model| model.name == name).ok_or_else(|| {
        let names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
        match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("models are {}", names.join(", ")),
        }
    })
}

/// The model that a history is of, by what is asked for in it: the only one that has all of that, or the one that is a part of all
/// others that have. If that leaves several, then the one whose operations take and answer such values; the first of them if they have the same operations.
///
/// # Errors
/// If there is none, or more than one: what was seen, and what there is.
pub(crate) fn guessed(history: &History) -> Result<&'static Model, Mistake> {
    let seen: Vec<&str> = (0..history.fs.len() as u32)
        .filter_map(|number| match history.fs.value(number) {
            Value::Text(f) => Some(f.as_str()),
            _ => None,
        })
        .collect();
    let has_all = |model: &&Model| seen.iter().all(|f| model.verb(f).is_some());
    let able: Vec<&'static Model> = MODELS.iter().filter(has_all).collect();
    let least = |model: &&'static Model| able.iter().all(|other| !other.is_part_of(model) || model.is_part_of(other));
    let mut left: Vec<&'static Model> = able.iter().copied().filter(least).collect();
    if left.len() > 1 {
        let fitting: Vec<_> = left.iter().copied().filter(|model| (model.fits)(model, history)).collect();
        left = if fitting.is_empty() { left } else { fitting };
        if left.iter().all(|model| model.is_part_of(left[0])) {
            left.truncate(1);
        }
    }
    let shown: Vec<String> = seen.iter().take(8).map(|f| format!("`{}`", cut(f, 40))).collect();
    let more = if seen.len() > shown.len() { ", …" } else { "" };
    let line = history.calls.first().map_or(1, |call| call.asked.line);
    match left.as_slice() {
        [one] => Ok(one),
        [] => {
            let all: Vec<String> =
                MODELS.iter().map(|model| format!("{} ({})", model.name, model.named_verbs())).collect();
            Err(Mistake::new(
                line,
                format!("no model has {}{more}", shown.join(", ")),
                format!("models are {}", all.join(", ")),
            ))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|model| model.name).collect();
            Err(Mistake::new(
                line,
                format!("several models have {}{more}", shown.join(", ")),
                format!("say which with `--model`: {}", names.join(", ")),
            ))
        }
    }
}
