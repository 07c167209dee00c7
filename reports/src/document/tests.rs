use super::*;
use crate::document::html::escaped;

fn document(parts: Vec<Part>) -> Document {
    let sections = Section::of("What", parts).into_iter().collect();
    Document { title: "Run".to_owned(), verdict: (Tint::Good, "fine".to_owned()), facts: Vec::new(), sections }
}

fn series(name: &str, points: &[(u64, u64)]) -> Series {
    Series { name: name.to_owned(), points: points.to_vec() }
}

/// The numbers of an attribute, wherever it is.
fn numbers(page: &str, attribute: &str) -> Vec<u64> {
    let begins = format!(" {attribute}=\"");
    let parts = page.split(&begins).skip(1);
    parts.map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn logarithms_rise_and_are_exact_at_powers_of_two() {
    for power in 0..64 {
        assert_eq!(logarithm(1 << power), power * 1_000);
    }
    assert!((1..5_000).all(|number| logarithm(number) < logarithm(number + 1) || number > 1_000));
    assert!((1..100_000).all(|number| logarithm(number) <= logarithm(number + 1)));
    assert_eq!((logarithm(0), logarithm(u64::MAX)), (0, 63_999));
}

#[test]
fn a_section_with_nothing_to_say_is_left_out() {
    let plot = |series| Plot {
        title: String::new(),
        x: Axis::of_numbers("x", false),
        y: Axis::of_numbers("y", false),
        series,
    };
    let empty = vec![Part::Text(String::new()), Part::Table(Table::new(["a"])), Part::Plot(plot(Vec::new()))];
    assert_eq!(Section::of("What", empty), None);
    assert!(Section::of("What", vec![Part::Plot(plot(vec![series("a", &[(1, 1)])]))]).is_some());
}

#[test]
fn what_is_told_at_length_is_bounded_in_number_and_in_size() {
    let one = |text: String| Told { tint: Tint::Bad, title: "x".to_owned(), text, page: None };
    let left = |all: Vec<Told>| match told(all).pop() {
        Some(Part::Text(text)) => Some(text),
        _ => None,
    };
    assert_eq!(left(vec![one(String::new()); TOLD]), None);
    assert_eq!(left(vec![one(String::new()); TOLD + 3]).as_deref(), Some("And 3 more, not shown here."));
    assert_eq!(left(vec![one("x".repeat(ROOM / 2)); 3]).as_deref(), Some("And 1 more, not shown here."));
}

#[test]
fn of_a_long_table_the_first_rows_are_seen_and_no_row_is_lost() {
    let mut table = Table::new(["name", "#number"]);
    table.rows.extend((0..=MANY as u64).map(|number| vec![Cell::new(format!("r{number}|")), Cell::number(number)]));
    let document = document(vec![Part::Table(table)]);
    let (page, markdown) = (document.html(|_| None), document.markdown());
    for number in 0..=MANY {
        assert!(
            page.contains(&format!("<td>r{number}|</td>"))
                && markdown.contains(&format!("| r{number}\\| | {number} |"))
        );
    }
    assert!(page.contains("<summary>16 more</summary>") && markdown.contains("<summary>16 more</summary>"));
    assert!(markdown.contains("|---|--:|"));
}

#[test]
fn a_fence_is_longer_than_any_in_the_text_and_the_page_is_named_where_it_cannot_be_reached() {
    let text = "````text\n</pre>".to_owned();
    let document = document(vec![Part::Told(Told {
        tint: Tint::Bad,
        title: "a <b>".to_owned(),
        text,
        page: Some("x y.html".to_owned()),
    })]);
    assert!(document.markdown().contains("<summary>a &lt;b&gt;</summary>\n\n`````text\n````text\n</pre>\n`````\n"));
    assert!(document.html(|_| None).contains("<code>x y.html</code>"));
    let linked = document.html(|page| Some(page.replace(' ', "%20")));
    assert!(linked.contains("<a href=\"x%20y.html\">") && linked.contains("&lt;/pre&gt;</pre>"));
}

#[test]
fn bars_stay_in_their_cells_and_are_seen_however_small() {
    let mut table = Table::new(["#share"]);
    table.rows.extend(
        [(0, 10), (1, 1_000_000), (7, 10), (10, 10), (3, 0)]
            .map(|(part, whole)| vec![Cell::number(part).share(part, whole)]),
    );
    let page = document(vec![Part::Table(table)]).html(|_| None);
    let svg = page.split("<svg class=\"bar\"").skip(1).collect::<Vec<_>>();
    assert_eq!(svg.len(), 5);
    for bar in svg {
        let (x, width) = (numbers(bar, "x")[0], numbers(bar, "width")[0]);
        assert!(width >= 6 && x + width <= 1_000, "{x} {width}");
    }
}

#[test]
fn lines_lie_within_their_axes_and_names_stand_apart() {
    let many: Vec<Series> =
        (0..9).map(|place| series(&format!("line {place}"), &[(10, 5), (1_000, 5 + place / 5)])).collect();
    for (logarithmic, series) in [
        (true, many.clone()),
        (false, many),
        (false, vec![series("steep", &[(0, 0), (1, u64::MAX)])]),
        (true, vec![series("one", &[(7, 7)])]),
        (true, vec![series("zero", &[(0, 0)])]),
    ] {
        let axis = |name| Axis::of_numbers(name, logarithmic);
        let plot = Plot { title: "A plot.".to_owned(), x: axis("x"), y: axis("y"), series };
        let page = document(vec![Part::Plot(plot.clone())]).html(|_| None);
        let svg = page.split("<svg class=\"plot\"").nth(1).unwrap();
        assert!(numbers(svg, "cx").iter().all(|x| (74..=610).contains(x)), "{svg}");
        assert!(numbers(svg, "cy").iter().all(|y| (14..=274).contains(y)), "{svg}");
        let ends: Vec<u64> = svg.split("class=\"end").skip(1).map(|end| numbers(end, "y")[0]).collect();
        assert_eq!(ends.len(), plot.series.len());
        assert!(ends.windows(2).all(|pair| pair[1] >= pair[0] + 16), "{ends:?}");
        assert!(ends.iter().all(|y| *y < 320), "{ends:?}");
        let ticks = svg.matches("class=\"grid\"").count();
        assert!((1..=12).contains(&ticks), "{ticks} ticks");
    }
}

#[test]
fn text_is_nothing_but_text() {
    assert_eq!(escaped("<a href=\"x\">&\u{1b}[1m\n"), "&lt;a href=&quot;x&quot;&gt;&amp; [1m\n");
}
