//! `shaketable placements`: how evenly keys lie on nodes, and what moves, measured.

use std::io;
use std::sync::atomic::Ordering;

use shaketable_protocols::ring::placement::survey::{self, Moved};
use shaketable_reports::{Balance, Exit, Survey, survey_json, survey_markdown};

use crate::cli::{Format, Placements};
use crate::interrupt;
use crate::terminal::{print, tell};

/// Measures every placement on the numbers of nodes that `args` names, and prints the table. An interrupt keeps what is done.
///
/// # Errors
/// If it cannot be printed.
pub(super) fn placements(args: &Placements) -> io::Result<Exit> {
    let stop = interrupt::heed();
    let mut survey = Survey {
        keys: args.keys,
        virtual_nodes: survey::VIRTUAL_NODES,
        slack: survey::SLACK.parts(),
        rows: Vec::new(),
    };
    if !args.report.can_be_written() {
        return Ok(Exit::Usage);
    }
    let going = || !stop.load(Ordering::Relaxed);
    for &nodes in args.nodes.iter().take_while(|_| going()) {
        survey.rows.extend(survey::survey(nodes as usize, args.keys).into_iter().map(balance));
    }
    let written = args.report.write(|| survey.document());
    print(&match args.format {
        Format::Human => survey_markdown(&survey),
        Format::Json => format!("{:#}\n", survey_json(&survey)),
    })?;
    let exit = if going() { Exit::Pass } else { Exit::Interrupted };
    if exit == Exit::Interrupted {
        tell("interrupted: only what was measured until then is shown\n");
    }
    Ok(if written { exit } else { exit.or(Exit::Usage) })
}

fn balance(row: survey::Row) -> Balance {
    let moved = |Moved { moved, least }| (moved, least);
    Balance {
        placement: row.placement.to_owned(),
        nodes: row.nodes,
        fullest: row.fullest,
        emptiest: row.emptiest,
        join: moved(row.join),
        last_leaves: moved(row.last_leaves),
        first_leaves: moved(row.first_leaves),
    }
}
