//! What a transaction consists of: reads of lists and appends to them, or reads and writes of registers.

use shaketable_reports::Judged;
use shaketable_sim::check::linearizable::Budget;
use shaketable_sim::check::transactions::{
    Assumptions, Error, Key, ListOp, RegisterOp, Report, Transaction, Value as Number, check_lists, check_registers,
};

use crate::histories::calls::History;
use crate::histories::judge::linearizability;
use crate::histories::models::{Model, map};
use crate::histories::value::{Names, Value};

/// A read, or what changes an object.
pub(crate) trait Micro: Sized {
    /// What changes an object is called.
    const CHANGES: &'static str;

    fn change(key: Key, value: Number) -> Self;

    /// A read that found this; none if that is nothing that can be read. An outer none says that nobody knows.
    fn read(key: Key, found: Option<&Value>, values: &mut Names) -> Option<Self>;

    /// Whether this may be read.
    fn is_readable(found: &Value) -> bool;

    /// # Errors
    /// What the check demands of a history.
    fn check(history: &[Transaction<Self>], assume: Assumptions) -> Result<Report, Error>;

    /// What a search says of strict serializability, if there is one for such objects.
    fn search(model: &'static Model, history: &History, budget: Budget) -> Option<Judged>;
}

impl Micro for ListOp {
    const CHANGES: &'static str = "append";

    fn change(key: Key, value: Number) -> ListOp {
        ListOp::Append { key, value }
    }

    fn read(key: Key, found: Option<&Value>, values: &mut Names) -> Option<ListOp> {
        let list = match found {
            None => None,
            Some(Value::Nil) => Some(Vec::new()),
            Some(Value::List(items)) => Some(items.iter().map(|item| Number(values.number(item).into())).collect()),
            Some(_) => return None,
        };
        Some(ListOp::Read { key, list })
    }

    fn is_readable(found: &Value) -> bool {
        matches!(found, Value::Nil | Value::List(_))
    }

    fn check(history: &[Transaction<ListOp>], _: Assumptions) -> Result<Report, Error> {
        check_lists(history)
    }

    fn search(_: &'static Model, _: &History, _: Budget) -> Option<Judged> {
        None
    }
}

impl Micro for RegisterOp {
    const CHANGES: &'static str = "w";

    fn change(key: Key, value: Number) -> RegisterOp {
        RegisterOp::Write { key, value }
    }

    fn read(key: Key, found: Option<&Value>, values: &mut Names) -> Option<RegisterOp> {
        let value = found.map(|found| (*found != Value::Nil).then(|| Number(values.number(found).into())));
        Some(RegisterOp::Read { key, value })
    }

    fn is_readable(found: &Value) -> bool {
        !matches!(found, Value::List(_))
    }

    fn check(history: &[Transaction<RegisterOp>], assume: Assumptions) -> Result<Report, Error> {
        check_registers(history, assume)
    }

    /// All registers are one map, and transactions are strictly serializable if that is linearizable.
    fn search(model: &'static Model, history: &History, budget: Budget) -> Option<Judged> {
        linearizability::<map::Words>(model, history, budget).ok()
    }
}
