//! Which seeds: `0..200`, the last one excluded.

use std::ops::Range;

/// Reads a range of seeds such as `0..200`, which is 200 seeds.
///
/// # Errors
/// What is wrong with it, in lower case.
pub(crate) fn parse_seeds(text: &str) -> Result<Range<u64>, String> {
    let form = || "write the first seed and the one after the last, as `0..200`".to_owned();
    let (first, end) = text.split_once("..").ok_or_else(form)?;
    let number = |digits: &str| digits.trim().replace('_', "").parse::<u64>().map_err(|_| form());
    let seeds = number(first)?..number(end)?;
    if seeds.is_empty() {
        return Err(format!("there is no seed in {}..{}: the last one is excluded", seeds.start, seeds.end));
    }
    Ok(seeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_without_its_end() {
        assert_eq!(parse_seeds("0..200"), Ok(0..200));
        assert_eq!(parse_seeds("17 .. 18"), Ok(17..18));
        assert_eq!(parse_seeds("5..5"), Err("there is no seed in 5..5: the last one is excluded".to_owned()));
        for text in ["", "5", "0..", "..5", "0..-1", "a..b", "0..=5", "0..99999999999999999999"] {
            assert!(parse_seeds(text).is_err(), "{text} was read as seeds");
        }
    }
}
