//! How evenly placements spread keys over nodes, and how many keys move when a node comes or goes.

use serde_json::{Value, json};

use crate::document::{Cell, Table, markdown_rows};
use crate::text::grouped;

/// What was measured of several placements.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Survey {
    /// How many keys were placed, one copy of each.
    pub keys: u64,
    /// How many virtual nodes a node had, where a placement has them.
    pub virtual_nodes: u32,
    /// By how much a node may be fuller than the mean, in parts per million, where a placement has such a bound.
    pub slack: u32,
    /// One for each placement and number of nodes, in the order in which they are shown.
    pub rows: Vec<Balance>,
}

/// What was measured of one placement on one number of nodes, in parts per million.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Balance {
    /// The placement: `rendezvous`.
    pub placement: String,
    /// How many nodes.
    pub nodes: usize,
    /// The load of the fullest node, of the mean load.
    pub fullest: u64,
    /// The load of the emptiest node, of the mean load.
    pub emptiest: u64,
    /// The keys that move when one more node joins, of all keys, and the least that can.
    pub join: (u64, u64),
    /// The keys that move when the node that joined last leaves, and the least that can.
    pub last_leaves: (u64, u64),
    /// The keys that move when the node that joined first leaves, and the least that can.
    pub first_leaves: (u64, u64),
}

/// The survey as a table of Markdown.
pub fn survey_markdown(survey: &Survey) -> String {
    let text = format!(
        "{} keys, one copy of each, on nodes of equal weight; {} virtual nodes each, a load of at most {} above the mean if bounded.\n\n",
        grouped(survey.keys),
        survey.virtual_nodes,
        percent(u64::from(survey.slack))
    );
    text + &markdown_rows(&table(survey))
}

/// A row for each placement on each number of nodes.
pub(crate) fn table(survey: &Survey) -> Table {
    let mut table = Table::new([
        "nodes",
        "placement",
        "fullest, of the mean",
        "emptiest",
        "moved when one joins (least)",
        "when the last leaves",
        "when the first leaves",
    ]);
    let moved = |(moved, least): (u64, u64)| Cell::new(format!("{} ({})", percent(moved), percent(least)));
    table.rows.extend(survey.rows.iter().map(|row| {
        vec![
            Cell::number(row.nodes as u64),
            Cell::new(&row.placement),
            Cell::new(percent(row.fullest)),
            Cell::new(percent(row.emptiest)),
            moved(row.join),
            moved(row.last_leaves),
            moved(row.first_leaves),
        ]
    }));
    table
}

/// The survey for programs. All shares are in parts per million.
pub fn survey_json(survey: &Survey) -> Value {
    let moved = |(moved, least): (u64, u64)| json!({ "moved": moved, "least": least });
    let row = |row: &Balance| {
        json!({
            "placement": row.placement,
            "nodes": row.nodes,
            "fullest": row.fullest,
            "emptiest": row.emptiest,
            "join": moved(row.join),
            "last_leaves": moved(row.last_leaves),
            "first_leaves": moved(row.first_leaves),
        })
    };
    json!({
        "v": 1,
        "keys": survey.keys,
        "virtual_nodes": survey.virtual_nodes,
        "slack": survey.slack,
        "rows": survey.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// Parts per million as a percentage: in tenths from 10 % up, in hundredths below; rounded down.
pub(crate) fn percent(ppm: u64) -> String {
    if ppm >= 100_000 {
        format!("{}.{} %", ppm / 10_000, ppm % 10_000 / 1_000)
    } else {
        format!("{}.{:02} %", ppm / 10_000, ppm % 10_000 / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_survey_is_a_table() {
        let row = |placement: &str, nodes| Balance {
            placement: placement.to_owned(),
            nodes,
            fullest: 1_097_543,
            emptiest: 909_999,
            join: (88_256, 90_909),
            last_leaves: (1_099, 999),
            first_leaves: (512_000, 0),
        };
        let survey = Survey {
            keys: 1_000_000,
            virtual_nodes: 128,
            slack: 50_000,
            rows: vec![row("ring", 10), row("jump", 1_000)],
        };
        insta::assert_snapshot!(survey_markdown(&survey));
        let page = survey.document().html(|_| None);
        assert_eq!((page.matches("<svg class=\"plot\"").count(), page.matches("<svg class=\"bar\"").count()), (4, 2));
        let table = survey_markdown(&survey);
        let rows = table.lines().filter(|line| line.starts_with('|'));
        assert!(rows.into_iter().all(|row| survey.document().markdown().contains(row)));
        insta::assert_snapshot!(format!("{:#}", survey_json(&survey)));
    }
}
