//! Whether a property of a scenario held.

use shaketable_sim::time::Instant;

use super::{About, Examined, Property};
use crate::summary::{Found, Outcome, Side, Sought, Split, Tested};
use crate::text::{counted, grouped};

/// Whether a property held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// It held in all runs that were to be.
    Held,
    /// It did not.
    Broken(Failure),
    /// Nobody can tell, because the same seed gave two different runs.
    Unsteady(Failure),
    /// Nobody can tell, for this reason.
    Unknown(String),
}

/// How a property failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What went wrong, on one line.
    pub message: String,
    /// What happened, one sentence a line.
    pub story: Vec<String>,
    /// The command that shows it again, if a run shows it.
    pub reproduce: Option<String>,
    /// A file that shows it, if one was written.
    pub page: Option<String>,
}

impl Status {
    /// Its name in results.
    pub fn name(&self) -> &'static str {
        match self {
            Status::Held => "held",
            Status::Broken(_) => "broken",
            Status::Unsteady(_) => "unsteady",
            Status::Unknown(_) => "unknown",
        }
    }

    /// Why it is not held.
    pub fn why(&self) -> Option<&str> {
        match self {
            Status::Held => None,
            Status::Broken(failure) | Status::Unsteady(failure) => Some(&failure.message),
            Status::Unknown(why) => Some(why),
        }
    }
}

impl Failure {
    /// The story, and the command that shows it again.
    pub(crate) fn text(&self) -> String {
        let reproduce = self.reproduce.iter().map(|command| format!("reproduce: {command}"));
        let text = self.story.iter().cloned().chain(reproduce).collect::<Vec<_>>().join("\n");
        // What moves a cursor has no place on a page.
        text.chars().map(|letter| if letter.is_control() && letter != '\n' { ' ' } else { letter }).collect()
    }
}

impl Examined {
    /// Whether a property held.
    pub fn status(&self, property: &Property) -> Status {
        let tested = &self.tested;
        let failed = match &property.about {
            About::Never(signature) => never(tested, signature),
            About::Caught => caught(tested),
            About::RightSurvives => right(tested),
            About::Reach(name, _) => reach(tested, name),
            About::Something => something(tested),
            About::Decided => decided(tested),
            About::Deterministic => deterministic(tested),
        };
        match failed {
            Some(status) => status,
            // What did not break in the seeds that ran may break in those that had no turn.
            None if tested.outcome == Outcome::Unfinished => {
                let (ran, asked) = (grouped(tested.seeds.ran), counted(tested.seeds.asked, "seed"));
                Status::Unknown(format!("{ran} of {asked} had their turn"))
            }
            None => Status::Held,
        }
    }
}

fn never(tested: &Tested, signature: &str) -> Option<Status> {
    let sought = Sought { signature: signature.to_owned(), within: 0, caught: None };
    let found = tested.violations.iter().find(|found| found.side == Side::Own && sought.matches(&found.signature))?;
    Some(Status::Broken(failure(found, &format!("violates {}", found.signature))))
}

fn right(tested: &Tested) -> Option<Status> {
    let found = tested.violations.iter().find(|found| found.side == Side::Right)?;
    Some(Status::Broken(failure(found, &format!("the right protocol violates {}", found.signature))))
}

fn failure(found: &Found, message: &str) -> Failure {
    let example = &found.example;
    let of =
        if found.seeds == 1 { String::new() } else { format!(", the shortest of {}", counted(found.seeds, "seed")) };
    let at = if example.at > Instant::ZERO { format!(" at {}", example.at) } else { String::new() };
    let message = format!("{message}{at}, seed {}{of}", example.seed);
    let faults = example.faults.iter().map(|fault| format!("fault: {fault}"));
    let story = example.story.iter().cloned().chain(faults).collect();
    Failure { message, story, reproduce: Some(example.reproduce.clone()), page: example.page.clone() }
}

fn told(message: String) -> Failure {
    Failure { message, story: Vec::new(), reproduce: None, page: None }
}

fn caught(tested: &Tested) -> Option<Status> {
    let sought = tested.sought.as_ref().filter(|sought| sought.caught.is_none())?;
    let (signature, ran) = (&sought.signature, counted(tested.seeds.ran, "seed"));
    match tested.outcome {
        Outcome::GotAway => Some(Status::Broken(told(format!("{signature} got away: none of {ran} met it")))),
        Outcome::Unfinished => None,
        _ => Some(Status::Unknown(format!("{signature} was not met by {ran}; allowed are {}", grouped(sought.within)))),
    }
}

fn reach(tested: &Tested, name: &str) -> Option<Status> {
    let unmet = tested.unmet.iter().find(|unmet| unmet.name == name)?;
    let message = format!("{name} reached {} of {}", grouped(unmet.got), grouped(unmet.wanted));
    // The numbers are meant for all seeds.
    (tested.outcome != Outcome::Unfinished).then(|| Status::Broken(told(message)))
}

fn something(tested: &Tested) -> Option<Status> {
    let nothing = tested.outcome == Outcome::NothingTested && tested.unmet.is_empty();
    nothing.then(|| Status::Broken(told("no operation completed in any run that counts".to_owned())))
}

fn decided(tested: &Tested) -> Option<Status> {
    let notices = [("inconclusive", &tested.inconclusive), ("more faults than the protocol bears", &tested.exceeded)];
    // A run that could not be decided is no matter if another one caught what is sought, and one with too many faults proves nothing wrong.
    let matters = tested.outcome == Outcome::Inconclusive || tested.outcome == Outcome::NothingTested;
    let (what, notice) = notices.into_iter().find_map(|(what, notice)| notice.as_ref().map(|notice| (what, notice)))?;
    let seeds = counted(notice.seeds, "seed");
    matters.then(|| Status::Unknown(format!("{what}: {}; {seeds}, the first is {}", notice.why, notice.first)))
}

fn deterministic(tested: &Tested) -> Option<Status> {
    let wavering = tested.wavering.as_ref()?;
    let message = format!("seed {} gave two different runs", wavering.first);
    let story = match &wavering.split {
        Split::Event { event, first, second } => {
            let line = |line: &Option<String>| line.clone().unwrap_or_else(|| "(the run is over)".to_owned());
            vec![
                format!("event {event}"),
                format!("first run: {}", line(first)),
                format!("second run: {}", line(second)),
            ]
        }
        Split::Hidden { lines } => vec![format!("two further runs, traced, were the same for {lines} lines")],
    };
    Some(Status::Unsteady(Failure { message, story, reproduce: Some(wavering.reproduce.clone()), page: None }))
}
