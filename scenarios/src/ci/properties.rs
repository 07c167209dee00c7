//! What a scenario is held to, and where its file says so.

use shaketable_reports::{About, Property};

use crate::scenario::{Expected, Scenario};

/// What a scenario is held to, in the order in which people think of it.
pub(super) fn properties(scenario: &Scenario) -> Vec<Property> {
    let property = |about: About, keys: &[&str]| Property { about, line: line_of(&scenario.text, keys) };
    let mut properties = match scenario.expect.verdict {
        Expected::Violation { .. } => violation(scenario),
        Expected::Pass => checks(scenario),
    };
    let reach = scenario.expect.reach.iter();
    properties.extend(reach.map(|&(name, wanted)| property(About::Reach(name, wanted), &[name, "reach", "[expect]"])));
    properties.push(property(About::Something, &["[clients]"]));
    properties.push(property(About::Decided, &["[check]"]));
    properties.push(property(About::Deterministic, &[]));
    properties
}

fn violation(scenario: &Scenario) -> Vec<Property> {
    let property = |about| Property { about, line: line_of(&scenario.text, &["verdict", "[expect]"]) };
    let right = scenario.bug.map(|_| property(About::RightSurvives));
    [property(About::Caught)].into_iter().chain(right).collect()
}

fn checks(scenario: &Scenario) -> Vec<Property> {
    let never = |signature: &str, keys: &[&str]| Property {
        about: About::Never(signature.to_owned()),
        line: line_of(&scenario.text, keys),
    };
    let check = &scenario.plan.check;
    let is_checked = |name: &str| match &check.invariants {
        None => true,
        Some(names) => names.iter().any(|known| known == name),
    };
    let invariants = scenario.protocol.properties.iter().filter(|property| is_checked(property.name));
    let mut properties: Vec<Property> =
        invariants.map(|property| never(&format!("invariant/{}", property.name), &["invariants", "[check]"])).collect();
    if check.linearizable {
        properties.push(never("linearizability", &["linearizable", "[check]"]));
    }
    if scenario.plan.heal.is_some() {
        properties.push(never("liveness", &["[heal]"]));
    }
    properties.push(never("panic", &[]));
    properties
}

/// The line, from 1, that begins with the first of these words that begins one; or else the line that names the protocol.
fn line_of(text: &str, keys: &[&str]) -> u64 {
    let begins = |line: &str, key: &str| {
        line.trim_start()
            .strip_prefix(key)
            .is_some_and(|rest| key.starts_with('[') || rest.trim_start().starts_with('='))
    };
    let find = |key: &str| text.lines().position(|line| begins(line, key));
    let place = keys.iter().chain(&["protocol"]).find_map(|key| find(key)).unwrap_or(0);
    place as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::scenario;

    fn named(rest: &str) -> Vec<(String, u64)> {
        let scenario = scenario(if rest.contains("violation") { "fake/broken" } else { "fake" }, rest);
        properties(&scenario).into_iter().map(|property| (property.about.name(), property.line)).collect()
    }

    #[test]
    fn a_scenario_that_should_pass_is_held_to_each_check_by_itself() {
        let rest = "[heal]\nat = \"500ms\"\nwithin = \"300ms\"\n[check]\ninvariants = [\"order\"]\n\
                    [expect]\nreach = { completed-ops = 9 }\n";
        let expected = [
            ("invariant/order", 8),
            ("linearizability", 7),
            ("liveness", 4),
            ("no panic", 1),
            ("reaches completed-ops 9", 10),
            ("operations complete", 1),
            ("every run is decided", 7),
            ("the same seed gives the same run", 1),
        ];
        assert_eq!(named(rest), expected.map(|(name, line)| (name.to_owned(), line)));
        let without = named("[check]\ninvariants = \"none\"\nlinearizable = false\n");
        assert!(
            !without.iter().any(|(name, _)| name.starts_with("invariant") || name == "linearizability"),
            "{without:?}"
        );
        assert!(named("").iter().any(|(name, line)| name == "invariant/safety" && *line == 1));
    }

    #[test]
    fn a_scenario_that_expects_a_violation_is_held_to_finding_it_and_to_the_right_protocol() {
        let names = named("seeds = \"0..9\"\n[expect]\nverdict = { violation = \"invariant/safety\" }\n");
        let first: Vec<(&str, u64)> = names.iter().take(2).map(|(name, line)| (name.as_str(), *line)).collect();
        assert_eq!(first, [("the expected violation is found", 6), ("the right protocol survives", 6)]);
        assert!(!names.iter().any(|(name, _)| name.starts_with("invariant")), "{names:?}");
    }
}
