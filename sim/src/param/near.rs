//! The nearest valid name, for those who mistype.

/// Longer names are nobody's typing error, and comparing them would take long.
const LONGEST: usize = 64;

/// The known name that `given` was most probably meant to be: the first of the fewest changed letters, at most a third of
/// them; or else the only one that contains it or is contained in it.
///
/// ```
/// use shaketable_sim::param::nearest;
/// assert_eq!(nearest("elecion-timeout", ["read", "election-timeout"]), Some("election-timeout"));
/// assert_eq!(nearest("timeout", ["read", "election-timeout"]), Some("election-timeout"));
/// assert_eq!(nearest("colour", ["read", "election-timeout"]), None);
/// ```
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > LONGEST {
        return None;
    }
    let known: Vec<&str> = known.into_iter().collect();
    let given = given.to_lowercase().replace('_', "-");
    let changes = |name: &str| strsim::damerau_levenshtein(&given, name);
    let near = known.iter().map(|name| (changes(name), *name)).min_by_key(|(changes, _)| *changes);
    if let Some((changes, name)) = near
        && changes <= (given.chars().count().max(name.chars().count()) / 3).max(1)
    {
        return Some(name);
    }
    let mut related =
        known.into_iter().filter(|name| given.len() > 2 && (name.contains(&given) || given.contains(name)));
    related.next().filter(|_| related.next().is_none())
}

/// Help for a name that is not among `known`: the nearest of them, or all.
///
/// ```
/// use shaketable_sim::param::suggest;
/// assert_eq!(suggest("fif", ["any", "fifo"]), "did you mean `fifo`?");
/// assert_eq!(suggest("sorted", ["any", "fifo"]), "known here: `any`, `fifo`");
/// ```
pub fn suggest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(given, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "nothing is known here".to_owned(),
        None => format!("known here: `{}`", known.join("`, `")),
    }
}
