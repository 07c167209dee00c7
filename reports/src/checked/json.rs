//! What programs get: see the module above.

use serde_json::{Value, json};

use super::{Act, Anomaly, Checked, Clash, Finding, Judged, Origin, Reached, Spot, Violation, Wrong};

/// What was found in histories, for programs: see the module.
pub fn checked_json(all: &[Checked], interrupted: bool) -> Value {
    let files: Vec<Value> = all.iter().map(file_json).collect();
    json!({ "check": 1, "files": files, "interrupted": interrupted })
}

fn file_json(checked: &Checked) -> Value {
    match &checked.judged {
        Ok(judged) => {
            let found = &judged.found;
            let mut file = json!({
                "name": checked.name,
                "format": judged.format,
                "model": judged.model,
                "operations": judged.operations,
                "keys": found.keys,
                "level": found.asked,
                "strongest": found.strongest,
                "findings": found.levels.iter().map(finding_json).collect::<Vec<_>>(),
            });
            if !found.anomalies.is_empty() {
                file["anomalies"] = found.anomalies.iter().map(anomaly_json).collect();
            }
            file
        }
        Err(wrong) => {
            let error = |wrong: &Wrong| json!({ "line": wrong.line, "given": wrong.given, "allowed": wrong.allowed });
            json!({ "name": checked.name, "errors": wrong.iter().map(error).collect::<Vec<_>>() })
        }
    }
}

fn finding_json(finding: &Finding) -> Value {
    let level = finding.level;
    match &finding.verdict {
        Judged::Holds { states } => json!({ "level": level, "verdict": "holds", "states": states }),
        Judged::Undecided { key, why, reached: Some(Reached { explained, next, open }) } => json!({
            "level": level,
            "verdict": "inconclusive",
            "key": key,
            "reason": why,
            "explained": explained,
            "next": next.as_ref().map(Act::json),
            "open": open,
        }),
        Judged::Undecided { why, .. } => json!({ "level": level, "verdict": "inconclusive", "reason": why }),
        Judged::Violated(Violation::Contradiction(found)) => json!({
            "level": level,
            "verdict": "violated",
            "key": found.key,
            "explained": found.explained,
            "culprit": found.culprit.json(),
            "instead": found.instead,
            "no-other": found.no_other,
            "late": found.late,
            "of-values": found.of_values,
            "origin": found.origin.as_ref().map(origin_json),
            "story": acts(&found.story),
            "context": acts(&found.context),
        }),
        Judged::Violated(Violation::Exclusion(found)) => json!({
            "level": level,
            "verdict": "violated",
            "pattern": found.pattern,
            "gist": found.gist,
            "culprit": found.culprit.as_ref().map(Act::json),
            "story": acts(&found.story),
            "clashes": found.clashes.iter().map(clash_json).collect::<Vec<_>>(),
        }),
        Judged::Violated(Violation::Anomaly(name)) => json!({ "level": level, "verdict": "violated", "anomaly": name }),
    }
}

fn origin_json(origin: &Origin) -> Value {
    match origin {
        Origin::Nobody { value } => json!({ "value": value, "asked": "nobody" }),
        Origin::Later { value, line } => json!({ "value": value, "asked": "later", "line": line }),
        Origin::Failed { value, line } => json!({ "value": value, "asked": "failed", "line": line }),
    }
}

fn clash_json(clash: &Clash) -> Value {
    json!({ "guarantees": clash.guarantees, "story": acts(&clash.story) })
}

fn anomaly_json(anomaly: &Anomaly) -> Value {
    let transaction = |(name, act): &(String, Act)| {
        let mut json = act.json();
        json["name"] = json!(name);
        json
    };
    json!({
        "name": anomaly.name,
        "gist": anomaly.gist,
        "source": anomaly.source,
        "evidence": anomaly.evidence,
        "transactions": anomaly.transactions.iter().map(transaction).collect::<Vec<_>>(),
    })
}

fn acts(all: &[Act]) -> Value {
    all.iter().map(Act::json).collect()
}

impl Act {
    fn json(&self) -> Value {
        json!({
            "process": self.process,
            "operation": self.asked,
            "answer": self.answer,
            "invoked": self.from.json(),
            "returned": self.to.map(Spot::json),
        })
    }
}

impl Spot {
    fn json(self) -> Value {
        json!({ "line": self.line, "order": self.order, "time": self.time })
    }
}
