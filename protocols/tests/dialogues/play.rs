//! Playing a script: its transcript, line by line.

use std::collections::BTreeMap;
use std::fmt::Write;

use shaketable_protocols::{CATALOGUE, Protocol};
use shaketable_sim::id::NodeId;
use shaketable_sim::node::Node;
use shaketable_sim::param::{Args, Entry, Raw, RawKind, parse_table};

use crate::cluster::Cluster;
use crate::paxos;
use crate::raft;
use crate::script::{Boot, Command, Line, Messages, parse};
use crate::spoken::{Setup, Spoken};

/// What came of one protocol's playing a script.
pub(crate) struct Played {
    /// As on the script's `boot` line: `raft/forgets-vote`.
    pub(crate) protocol: String,
    pub(crate) transcript: String,
    /// The property that was broken, as in the tables of planted bugs; the script ended there.
    pub(crate) broken: Option<String>,
    /// What breaks by the planted bug, if it is one that plays, and something breaks by it before the end of all time.
    pub(crate) expected: Option<&'static str>,
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
    let (family, bug) = name.split_once('/').map_or((name, None), |(family, bug)| (family, Some(bug)));
    let protocol = CATALOGUE.iter().find(|protocol| protocol.name == family);
    let protocol = protocol.ok_or_else(|| at_boot(format!("there is no protocol `{family}`")))?;
    let args = args(protocol, &boot.params).map_err(at_boot)?;
    let (transcript, broken) = match family {
        "raft" => perform(raft::setup(&args, bug).map_err(at_boot)?, lines)?,
        "paxos" => perform(paxos::setup(&args, boot.nodes, bug).map_err(at_boot)?, lines)?,
        other => return Err(at_boot(format!("no script knows the words of `{other}` yet"))),
    };
    let planted = bug.and_then(|bug| protocol.bugs.iter().find(|known| known.name == bug));
    // A script ends where it ends: that nothing would ever happen any more, nobody sees but its readers.
    let expected = planted.map(|bug| bug.caught_by).filter(|check| !check.starts_with("liveness"));
    Ok(Played { protocol: name.to_owned(), transcript, broken, expected })
}

fn perform<N: Spoken>(setup: Setup<N>, lines: &[Line<'_>]) -> Result<(String, Option<String>), String> {
    let mut stage = Stage::Empty { setup, disks: BTreeMap::new() };
    let mut transcript = String::new();
    for Line { number, text, command } in lines {
        let wrong = |why: String| format!("line {number}: {why}: `{text}`");
        stage = stage.step(command).map_err(wrong)?;
        let _ = writeln!(transcript, "> {text}");
        let Stage::Set(cluster) = &mut stage else { continue };
        for line in cluster.take_told() {
            let _ = writeln!(transcript, "    {line}");
        }
        if let Some(broken) = cluster.broken() {
            return Ok((transcript, Some(broken.to_owned())));
        }
    }
    Ok((transcript, None))
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
    }
    Ok(())
}

/// The protocol's parameters: those of the `boot` line, and the defaults of the others.
fn args(protocol: &Protocol, params: &[(String, String)]) -> Result<Args, String> {
    let raw = |kind| Raw { at: 0..0, kind };
    let entry = |(key, value): &(String, String)| {
        let kind = value.parse().map_or_else(|_| RawKind::Text(value.clone()), RawKind::Int);
        Entry { key: key.clone(), at: 0..0, value: raw(kind) }
    };
    let table = raw(RawKind::Table(params.iter().map(entry).collect()));
    let (args, errors) = parse_table(&[protocol.params], &table);
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    if errors.is_empty() { Ok(args) } else { Err(errors.join("; ")) }
}
