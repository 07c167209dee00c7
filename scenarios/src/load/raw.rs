//! From TOML to the untyped tree that parameters are read from.

use shaketable_sim::param::{Entry, ParamError, Raw, RawKind};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// Reads a document.
///
/// # Errors
/// The first place at which it is not TOML.
pub(super) fn read(text: &str) -> Result<Raw, ParamError> {
    match DeTable::parse(text) {
        Ok(table) => Ok(Raw { at: 0..0, kind: entries(table.get_ref()) }),
        Err(error) => Err(ParamError::new(error.span().unwrap_or(0..0), error.message())),
    }
}

fn entries(table: &DeTable<'_>) -> RawKind {
    let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| Entry {
        key: key.get_ref().to_string(),
        at: key.span(),
        value: raw(value),
    };
    let mut entries: Vec<Entry> = table.iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.at.start);
    RawKind::Table(entries)
}

fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    let kind = match value.get_ref() {
        DeValue::String(text) => RawKind::Text(text.to_string()),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => RawKind::Int(number),
            Err(_) => RawKind::Other("a number that is too large"),
        },
        DeValue::Float(_) => RawKind::Other("a number with a fraction"),
        DeValue::Boolean(flag) => RawKind::Flag(*flag),
        DeValue::Datetime(_) => RawKind::Other("a date or time of day"),
        DeValue::Array(items) => RawKind::List(items.iter().map(raw).collect()),
        DeValue::Table(table) => entries(table),
    };
    Raw { at: value.span(), kind }
}
