//! What the tool can be told to do, one file a command.

mod blame;
mod bugs;
mod check;
mod ci;
mod diff;
mod hunt;
mod merge;
mod placements;
mod regress;
mod replay;
mod run;
mod shard;
mod show;
mod shrink;
mod shrink_table;
mod trace;

use std::io;

use shaketable_reports::Exit;

use crate::cli::{Cli, Command};
use crate::files::Trouble;
use crate::tables::Tables;
use crate::terminal::tell;

/// Does what the command line says.
pub(crate) fn obey(cli: &Cli) -> Exit {
    let tables = Tables::shipped();
    let done = match &cli.command {
        Command::Run(args) => run::run(args, &cli.look, tables),
        Command::Ci(args) => ci::ci(args, &cli.look, tables),
        Command::Regress { what } => regress::regress(what, &cli.look, &tables),
        Command::Check(args) => check::check(args, &cli.look),
        Command::Hunt(args) => hunt::hunt(args, &cli.look, tables),
        Command::Bugs(args) => bugs::bugs(args, &cli.look, &tables),
        Command::Placements(args) => placements::placements(args),
        Command::Merge(args) => merge::merge(args, &cli.look, tables),
        Command::Replay(args) => replay::replay(args, &cli.look, &tables),
        Command::Trace(args) => trace::trace(args, &cli.look, &tables),
        Command::Diff(args) => diff::diff(args, &cli.look, &tables),
        Command::Shrink(args) => shrink::shrink(args, &cli.look, &tables),
        Command::Blame(args) => blame::blame(args, &cli.look, &tables),
        Command::List(args) => show::list(args, &cli.look, &tables),
        Command::Explain { name } => show::explain(name, &tables),
        Command::Schema => show::schema(&tables),
        Command::Completions { shell } => show::completions(*shell),
    };
    done.unwrap_or_else(|error: io::Error| {
        tell(&format!("error: cannot write: {error}\n"));
        Exit::Usage
    })
}

/// Says why there is nothing to do.
fn refuse(trouble: &Trouble) -> Exit {
    match trouble {
        Trouble::Wrong(text) => {
            tell(text);
            Exit::Usage
        }
        Trouble::Nothing(text) => {
            tell(text);
            Exit::NothingTested
        }
    }
}
