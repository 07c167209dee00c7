//! `shaketable run --shard`: one part of a sweep, written into a file.

use std::env;
use std::io;

use serde_json::json;
use shaketable_reports::{Exit, counted};

use super::run::{threads, warn};
use crate::case;
use crate::cases::Cases;
use crate::cli::{self, Format, Look, SeedArg};
use crate::interrupt;
use crate::progress::Progress;
use crate::shards::{Shard, Sheet, probes};
use crate::sweep::{Swept, Task, count};
use crate::tables::Tables;
use crate::terminal::{print, tell};
use crate::whole::write_whole;

/// Which shard of how many, if not the whole sweep.
///
/// # Errors
/// Why it cannot be told, or cannot be run.
pub(super) fn chosen(args: &cli::Run) -> Result<Option<Shard>, String> {
    let part = &args.part;
    let shard = match (part.shard, &part.shard_index, part.shard_count) {
        (None, Some(variable), Some(count)) => {
            let value = env::var(variable).ok();
            let index = index(variable, value.as_deref())?;
            let shard = Shard::new(index, part.shard_base, count);
            Some(shard.map_err(|wrong| format!("error: {variable} is {index}, but {wrong}\n"))?)
        }
        (shard, ..) => shard,
    };
    match (&shard, &args.seeds) {
        (Some(_), Some(SeedArg::Random(count))) => Err(format!(
            "error: each shard would draw seeds of its own: name them, as `--seeds 1000000..{}`\n",
            1_000_000_u64.saturating_add(*count)
        )),
        _ => Ok(shard),
    }
}

fn index(variable: &str, value: Option<&str>) -> Result<u32, String> {
    let Some(value) = value else {
        let hint = match variable.parse::<u32>() {
            Ok(_) => ": give its name, without a `$`",
            Err(_) => "",
        };
        return Err(format!("error: the environment has no variable {variable} that is text{hint}\n"));
    };
    value.trim().parse().map_err(|_| format!("error: {variable} is `{value}`, which is no index of a shard\n"))
}

/// Runs one shard of these tasks, and writes its file.
///
/// # Errors
/// If that cannot be said.
pub(super) fn run(
    shard: Shard,
    tasks: Vec<Task<'_>>,
    args: &cli::Run,
    look: &Look,
    tables: Tables,
) -> io::Result<Exit> {
    let probes = probes(tasks.iter().map(|task| (task.scenario, task.seeds.start)));
    let tasks: Vec<_> = tasks.into_iter().enumerate().map(|(place, task)| task.shared(place, shard)).collect();
    let mut cases = Cases::for_later(&args.out, case::render, tables);
    let mut progress = Progress::new(look.progress, look.quiet);
    let Swept { parts, done } =
        count(&tasks, threads(args.jobs), interrupt::heed(), &mut cases, |done| progress.update(done));
    progress.finish();
    warn(&cases);
    if done.left > 0 {
        tell(&format!("interrupted: shard {shard} has left no file; run it again\n"));
        return Ok(Exit::Interrupted);
    }
    let sheet = Sheet { shard, probes, parts };
    let path = args.out.join(sheet.file_name());
    if let Err(error) = write_whole(&path, &sheet.render()) {
        tell(&format!("error: cannot write {}: {error}\n", path.display()));
        return Ok(Exit::Usage);
    }
    let (sweep, file) = (format!("{:016x}", sheet.sweep()), path.display().to_string());
    print(&match args.format {
        Format::Human => {
            let failing = match done.failing {
                0 => String::new(),
                some => format!(", {} failing", counted(some as u64, "scenario")),
            };
            format!("shard {shard} of sweep {sweep}: {}{failing}\n{file}\n", counted(done.seeds, "seed"))
        }
        Format::Json => {
            let (number, of) = (shard.number(), shard.count());
            let told = json!({ "v": 1, "sweep": sweep, "shard": number, "of": of, "seeds": done.seeds, "failing": done.failing, "file": file });
            format!("{told:#}\n")
        }
    })?;
    Ok(Exit::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_a_number_in_a_variable_that_is_named() {
        assert_eq!(index("TASK", Some("3")), Ok(3));
        assert_eq!(index("TASK", Some("3\n")), Ok(3));
        for value in ["", "-1", "3.0", "three", "4294967296"] {
            assert!(index("TASK", Some(value)).unwrap_err().contains("no index"), "{value}");
        }
        assert!(index("TASK", None).unwrap_err().contains("no variable TASK"));
        assert!(index("3", None).unwrap_err().contains("without a `$`"));
    }
}
