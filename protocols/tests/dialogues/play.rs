//! Playing a script: its transcript, line by line.

use std::collections::BTreeMap;
use std::fmt::Write;

use shaketable_protocols::dynamo::Dynamo;
use shaketable_protocols::paxos::Paxos;
use shaketable_protocols::raft::Raft;
use shaketable_protocols::ring::Store;
use shaketable_protocols::synod::Synod;
use shaketable_protocols::{Bug, CATALOGUE, Protocol};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::Node;
use shaketable_sim::param::{Args, Entry, ParamError, Raw, RawKind, parse_table};
use shaketable_sim::spec::any::Any;

use crate::cluster::Cluster;
use crate::script::{Boot, Command, Line, Messages, parse};
use crate::spoken::{Setup, Spoken};

/// What came of one protocol's playing a script.
pub(crate) struct Played {
    /// As on the script's `boot` line: `raft/forgets-vote`.
    pub(crate) protocol: String,
    pub(crate) transcript: String,
    /// The property that was broken, as in the tables of planted bugs; the script ended there.
    pub(crate) broken: Option<String>,
    pub(crate) expected: Expected,
}

impl Played {
    /// Whether anything but the name of the protocol is told otherwise.
    pub(crate) fn differs_from(&self, right: &Played) -> bool {
        self.transcript != right.transcript
    }
}

/// What should come of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    /// Of the right protocol: no property is broken.
    Nothing,
    /// Of a planted bug: this property is broken.
    Breach(&'static str),
    /// Of a planted bug, that something never happens any more; of a rule that is broken, whatever comes of it: another transcript than the right one.
    Difference,
}

/// How a protocol is played.
#[derive(Clone, Copy)]
enum Way<'a> {
    Right,
    Planted(&'static Bug),
    /// With this rule broken.
    Broken(&'a str),
}

/// Plays a script, once for each of its protocols.
///
/// # Errors
/// The lines that cannot be read, or the first that cannot be played.
pub(crate) fn play(script: &str) -> Result<Vec<Played>, String> {
    let lines = parse(script).map_err(|errors| errors.join("\n"))?;
    let boot = lines.iter().find_map(|line| match &line.command {
        Command::Boot(boot) => Some((line.number, boot)),
        _ => None,
    });
    let (number, boot) = boot.ok_or("nothing is booted: write `boot 3 raft`")?;
    boot.protocols.iter().map(|name| play_as(name, boot, number, &lines)).collect()
}

fn play_as(name: &str, boot: &Boot, number: usize, lines: &[Line<'_>]) -> Result<Played, String> {
    let at_boot = |why| format!("line {number}: {why}");
    let (family, way) = name.split_once('/').map_or((name, None), |(family, way)| (family, Some(way)));
    let protocol = CATALOGUE.iter().find(|protocol| protocol.name == family);
    let protocol = protocol.ok_or_else(|| at_boot(format!("there is no protocol `{family}`")))?;
    let args = args(protocol, &boot.params).map_err(at_boot)?;
    let way = way.map_or(Ok(Way::Right), |way| way_of(protocol, way)).map_err(at_boot)?;
    let (mut transcript, ending) = match family {
        "raft" => perform(setup::<Raft<Any>>(&args, boot.nodes, way).map_err(at_boot)?, lines),
        "paxos" => perform(setup::<Paxos<Any>>(&args, boot.nodes, way).map_err(at_boot)?, lines),
        "synod" => perform(setup::<Synod<Any>>(&args, boot.nodes, way).map_err(at_boot)?, lines),
        "ring" => perform(setup::<Store<Any>>(&args, boot.nodes, way).map_err(at_boot)?, lines),
        "dynamo" => perform(setup::<Dynamo<Any>>(&args, boot.nodes, way).map_err(at_boot)?, lines),
        other => return Err(at_boot(format!("no script knows the words of `{other}` yet"))),
    };
    let broken = match ending {
        Ending::Whole => None,
        Ending::Broken(property) => Some(property),
        // The right protocol got here by the rule: this is what is to be seen.
        Ending::Stuck(why) if matches!(way, Way::Broken(_)) => {
            let _ = writeln!(transcript, "STUCK {why}");
            None
        }
        Ending::Stuck(why) => return Err(why),
    };
    let expected = match way {
        Way::Right => Expected::Nothing,
        // A script ends where it ends: that nothing would ever happen any more, no check sees.
        Way::Planted(bug) if bug.caught_by.starts_with("liveness") => Expected::Difference,
        Way::Planted(bug) => Expected::Breach(bug.caught_by),
        Way::Broken(_) => Expected::Difference,
    };
    Ok(Played { protocol: name.to_owned(), transcript, broken, expected })
}

/// What stands behind a protocol's name on a `boot` line.
fn way_of<'a>(protocol: &Protocol, way: &'a str) -> Result<Way<'a>, String> {
    if let Some(rule) = way.strip_prefix("without:") {
        return Ok(Way::Broken(rule));
    }
    let bug = protocol.bugs.iter().find(|bug| bug.name == way);
    bug.map(Way::Planted).ok_or(format!("{} has no bug `{way}`", protocol.name))
}

fn setup<N: Spoken>(args: &Args, nodes: usize, way: Way<'_>) -> Result<Setup<N>, String> {
    let misfits = |errors: Vec<(&str, ParamError)>| {
        let errors: Vec<String> = errors.iter().map(|(name, error)| format!("{name}: {error}")).collect();
        errors.join("; ")
    };
    let config = N::config(args, nodes).map_err(misfits)?;
    match way {
        Way::Right => Ok(Setup::plain(config)),
        Way::Planted(bug) => N::planted(config, bug.name).ok_or(format!("nothing plants `{}`", bug.name)),
        Way::Broken(rule) => N::broken(config, rule).ok_or(format!("no script breaks a rule `{rule}`")),
    }
}

/// The transcript, and how it ends.
fn perform<N: Spoken>(setup: Setup<N>, lines: &[Line<'_>]) -> (String, Ending) {
    let mut stage = Stage::Empty { setup, disks: BTreeMap::new() };
    let mut transcript = String::new();
    for Line { number, text, command } in lines {
        stage = match stage.step(command) {
            Ok(stage) => stage,
            Err(why) => return (transcript, Ending::Stuck(format!("line {number}: {why}: `{text}`"))),
        };
        let _ = writeln!(transcript, "> {text}");
        let Stage::Set(cluster) = &mut stage else { continue };
        for line in cluster.take_told() {
            let _ = writeln!(transcript, "    {line}");
        }
        if let Some(broken) = cluster.broken() {
            return (transcript, Ending::Broken(broken.to_owned()));
        }
    }
    (transcript, Ending::Whole)
}

/// How the playing of a script ends.
enum Ending {
    /// With its last line.
    Whole,
    /// With a property that is broken.
    Broken(String),
    /// With a line that cannot be played: why not.
    Stuck(String),
}

/// Before and after `boot`.
enum Stage<N: Spoken> {
    Empty { setup: Setup<N>, disks: BTreeMap<NodeId, Vec<N::Record>> },
    Set(Box<Cluster<N>>),
}

impl<N: Spoken> Stage<N> {
    fn step(self, command: &Command) -> Result<Stage<N>, String> {
        match (self, command) {
            (Stage::Empty { setup, mut disks }, Command::Disk(id, words)) => {
                disks.insert(*id, N::records(words)?);
                Ok(Stage::Empty { setup, disks })
            }
            (Stage::Empty { setup, disks }, Command::Boot(boot)) => {
                if let Some(id) = disks.keys().find(|id| id.index() >= boot.nodes) {
                    return Err(format!("there is no {id}, and it has a disk"));
                }
                let mut cluster = Cluster::new(setup, boot.nodes, disks);
                NodeId::all(boot.nodes).try_for_each(|id| cluster.boot(id))?;
                Ok(Stage::Set(Box::new(cluster)))
            }
            (Stage::Empty { .. }, _) => Err("nothing is booted yet".to_owned()),
            (Stage::Set(mut cluster), command) => {
                order(&mut cluster, command)?;
                Ok(Stage::Set(cluster))
            }
        }
    }
}

/// Carries out a command on a cluster that has booted.
fn order<N: Spoken>(cluster: &mut Cluster<N>, command: &Command) -> Result<(), String> {
    match command {
        Command::Disk(..) | Command::Boot(_) => return Err("the cluster has booted already".to_owned()),
        Command::Timer(id, timer) => cluster.timer(*id, timer)?,
        Command::Wait(span) => cluster.wait(*span),
        Command::Gain(id, span) => cluster.gain(*id, *span)?,
        Command::Deliver(Messages::On(from, to, pick)) => cluster.deliver((*from, *to), pick)?,
        Command::Deliver(Messages::Among(nodes)) => cluster.deliver_all(nodes)?,
        Command::Drop(Messages::On(from, to, pick)) => cluster.lose((*from, *to), pick)?,
        Command::Drop(Messages::Among(nodes)) => cluster.lose_all(nodes)?,
        Command::Duplicate(from, to, pick) => cluster.links().duplicate((*from, *to), pick)?,
        Command::Hold(from, to) => cluster.links().hold((*from, *to), true)?,
        Command::Release(from, to) => cluster.links().hold((*from, *to), false)?,
        Command::Crash(id, crash) => cluster.crash(*id, *crash)?,
        Command::Restart(id) => cluster.boot(*id)?,
        Command::Wipe(id) => cluster.wipe(*id)?,
        Command::Rot(id, record) => cluster.rot(*id, *record)?,
        Command::Sync(id, pick) => cluster.sync(*id, pick)?,
        Command::FailSync(id) => cluster.fail_sync(*id)?,
        Command::AutoSync(on) => cluster.set_auto_sync(*on),
        Command::Request(id, op, client) => {
            let (clients, now) = cluster.clients();
            let request = clients.ask(*client, op.clone(), *id, now)?;
            cluster.request(*id, request, op.clone())?;
        }
        Command::Retry(id, client) => {
            let (request, op) = cluster.clients().0.retry(*client, *id)?;
            cluster.request(*id, request, op)?;
        }
        Command::Operate(id, command) => {
            cluster.handle(*id, |node: &mut N, ctx| Node::on_command(node, command, ctx))?
        }
        Command::Show => cluster.show(),
        Command::Quiet => cluster.quiet(),
    }
    Ok(())
}

/// The protocol's parameters: those of the `boot` line, and the defaults of the others. What is in a table of a parameter's own is written
/// with a dot: `versions.clock-bound=10ms`.
fn args(protocol: &Protocol, params: &[(String, String)]) -> Result<Args, String> {
    let raw = |kind| Raw { at: 0..0, kind };
    let entry = |(key, value): &(String, String)| {
        let kind = value.parse().map_or_else(|_| RawKind::Text(value.clone()), RawKind::Int);
        match key.split_once('.') {
            None => Entry { key: key.clone(), at: 0..0, value: raw(kind) },
            Some((key, inner)) => {
                let inner = Entry { key: inner.to_owned(), at: 0..0, value: raw(kind) };
                Entry { key: key.to_owned(), at: 0..0, value: raw(RawKind::Table(vec![inner])) }
            }
        }
    };
    let table = raw(RawKind::Table(params.iter().map(entry).collect()));
    let (args, errors) = parse_table(&[protocol.params], &table);
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    if errors.is_empty() { Ok(args) } else { Err(errors.join("; ")) }
}
