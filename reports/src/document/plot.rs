//! Lines over two axes, as a picture in a page. The numbers stand in a table beside it.

use std::fmt::Write;

use super::html::escaped;
use crate::balance::percent;
use crate::text::grouped;

const ANY: &str = "a string takes any text";

/// The size of the picture, and of what is around the lines in it, in units of the picture.
const WIDTH: u64 = 760;
const HEIGHT: u64 = 320;
const LEFT: u64 = 74;
const RIGHT: u64 = 150;
const TOP: u64 = 14;
const BOTTOM: u64 = 46;

/// How far apart the names of lines stand.
const LINE: u64 = 16;

/// More ticks than this are not drawn on an axis.
const TICKS: usize = 8;

/// Lines over two axes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Plot {
    /// What it shows, in a sentence.
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
}

/// An axis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Axis {
    pub(crate) name: &'static str,
    /// Whether equal steps multiply.
    pub(crate) logarithmic: bool,
    pub(crate) unit: Unit,
}

/// What numbers are of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Things that are counted.
    Count,
    /// Parts per million, written as percentages.
    Share,
}

/// A line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// In the order of the first axis.
    pub(crate) points: Vec<(u64, u64)>,
}

impl Axis {
    /// Of plain numbers.
    pub(crate) fn of_numbers(name: &'static str, logarithmic: bool) -> Axis {
        Axis { name, logarithmic, unit: Unit::Count }
    }

    fn written(&self, number: u64) -> String {
        match self.unit {
            Unit::Count => grouped(number),
            Unit::Share => percent(number),
        }
    }
}

/// The logarithm to the base 2 in thousandths, drawn straight between two powers: the same everywhere, and close enough for a picture.
pub(crate) fn logarithm(number: u64) -> u64 {
    let number = number.max(1);
    let whole = number.ilog2();
    let rest = u128::from(number - (1 << whole)) * 1_000 / (1_u128 << whole);
    u64::from(whole) * 1_000 + rest as u64
}

/// An axis with the range that it shows.
struct Scale<'a> {
    axis: &'a Axis,
    from: u64,
    to: u64,
    ticks: Vec<u64>,
}

impl<'a> Scale<'a> {
    fn new(axis: &'a Axis, values: &[u64]) -> Scale<'a> {
        let (least, most) =
            (values.iter().min().copied().unwrap_or(0), values.iter().max().copied().unwrap_or(0).max(1));
        let mut distinct = values.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let ticks = if distinct.len() <= TICKS && axis.logarithmic { distinct } else { round(axis, least, most) };
        let from = ticks.first().copied().unwrap_or(least).min(least);
        let to = ticks.last().copied().unwrap_or(most).max(most);
        Scale { axis, from, to, ticks }
    }

    fn measure(&self, number: u64) -> u64 {
        if self.axis.logarithmic { logarithm(number) } else { number }
    }

    /// Where a number lies on a line of this length.
    fn place(&self, number: u64, length: u64) -> u64 {
        let (from, to) = (self.measure(self.from), self.measure(self.to));
        let along = u128::from(self.measure(number).saturating_sub(from));
        (along * u128::from(length) / u128::from(to.saturating_sub(from).max(1))) as u64
    }
}

/// Round numbers from below the least to above the most.
fn round(axis: &Axis, least: u64, most: u64) -> Vec<u64> {
    let steps = (0..19).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
    if axis.logarithmic {
        let all: Vec<u64> = steps.collect();
        let first = all.iter().rposition(|step| *step <= least.max(1)).unwrap_or(0);
        let last = all.iter().position(|step| *step >= most).unwrap_or(all.len() - 1);
        let wanted = &all[first..=last];
        // Where all are too many, tens alone.
        let tens = |step: &&u64| wanted.len() <= TICKS || step.ilog10() != (**step - 1).max(1).ilog10() || **step == 1;
        return wanted.iter().filter(tens).copied().collect();
    }
    let mut steps = steps;
    let step = steps.find(|step| (most - least) / step < 5).unwrap_or(u64::MAX);
    let first = least / step;
    let last = most.div_ceil(step).max(first + 1);
    (first..=last).map(|number| number.saturating_mul(step)).collect()
}

/// The picture.
pub(super) fn drawn(plot: &Plot) -> String {
    let all = |pick: fn(&(u64, u64)) -> u64| -> Vec<u64> {
        plot.series.iter().flat_map(|series| series.points.iter().map(pick)).collect()
    };
    let (x, y) = (Scale::new(&plot.x, &all(|point| point.0)), Scale::new(&plot.y, &all(|point| point.1)));
    let (across, down) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let at = |(one, other): (u64, u64)| (LEFT + x.place(one, across), TOP + down - y.place(other, down));
    let title = escaped(&plot.title);
    let mut text = format!(
        "<figure>\n<figcaption>{title}</figcaption>\n<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title} The table has the numbers.\">\n"
    );
    text += &axes(&x, &y, across, down);
    for (place, series) in plot.series.iter().enumerate() {
        let points: Vec<String> =
            series.points.iter().map(|&point| at(point)).map(|(x, y)| format!("{x},{y}")).collect();
        writeln!(text, "<polyline class=\"l{}\" points=\"{}\"/>", place % 8, points.join(" ")).expect(ANY);
        // A line of many points needs no dots.
        for (x, y) in series.points.iter().filter(|_| points.len() <= 12).map(|&point| at(point)) {
            writeln!(text, "<circle class=\"l{}\" cx=\"{x}\" cy=\"{y}\" r=\"3\"/>", place % 8).expect(ANY);
        }
    }
    text += &names(plot, |point| at(point).1);
    text + "</svg>\n</figure>\n"
}

fn axes(x: &Scale<'_>, y: &Scale<'_>, across: u64, down: u64) -> String {
    let mut text = String::new();
    let bottom = TOP + down;
    for &tick in &y.ticks {
        let at = bottom - y.place(tick, down);
        writeln!(text, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\"/>", LEFT + across)
            .expect(ANY);
        let label = escaped(&y.axis.written(tick));
        writeln!(text, "<text class=\"y\" x=\"{}\" y=\"{}\">{label}</text>", LEFT - 8, at + 4).expect(ANY);
    }
    for &tick in &x.ticks {
        let at = LEFT + x.place(tick, across);
        writeln!(text, "<line class=\"tick\" x1=\"{at}\" x2=\"{at}\" y1=\"{bottom}\" y2=\"{}\"/>", bottom + 5)
            .expect(ANY);
        let label = escaped(&x.axis.written(tick));
        writeln!(text, "<text class=\"x\" x=\"{at}\" y=\"{}\">{label}</text>", bottom + 19).expect(ANY);
    }
    let (middle, below) = (LEFT + across / 2, HEIGHT - 8);
    writeln!(text, "<text class=\"x name\" x=\"{middle}\" y=\"{below}\">{}</text>", escaped(x.axis.name)).expect(ANY);
    let (left, centre) = (14, TOP + down / 2);
    let name = escaped(y.axis.name);
    writeln!(
        text,
        "<text class=\"x name\" x=\"{left}\" y=\"{centre}\" transform=\"rotate(-90 {left} {centre})\">{name}</text>"
    )
    .expect(ANY);
    text
}

/// The names of the lines, at their ends, and none over another.
fn names(plot: &Plot, height: impl Fn((u64, u64)) -> u64) -> String {
    let ends = plot.series.iter().enumerate().filter_map(|(place, series)| {
        let end = series.points.last()?;
        Some((height(*end), place, &series.name))
    });
    let mut ends: Vec<(u64, usize, &String)> = ends.collect();
    ends.sort_unstable();
    let mut free = TOP;
    for (at, _, _) in &mut ends {
        *at = (*at).max(free);
        free = *at + LINE;
    }
    // What was pushed out below comes up again.
    let mut limit = HEIGHT - BOTTOM + 4;
    for (at, _, _) in ends.iter_mut().rev() {
        *at = (*at).min(limit);
        limit = at.saturating_sub(LINE);
    }
    let mut text = String::new();
    for (at, place, name) in ends {
        let (x, y) = (WIDTH - RIGHT + 10, at + 4);
        writeln!(text, "<text class=\"end l{}\" x=\"{x}\" y=\"{y}\">{}</text>", place % 8, escaped(name)).expect(ANY);
    }
    text
}
