//! The recipes for engines say what the contract of shards demands, and their commands are commands of this program. That the engines
//! then do as they are told, `make scale-test` shows of those that fit on one machine.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // It runs the program and reads the recipes.

mod common;

use std::path::Path;

use common::{ROOT, command, folder};
use serde_json::{Value as Json, json};
use shaketable_reports::Exit;

fn recipe(name: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(".ci/recipes").join(name)).expect("a recipe")
}

fn yaml(name: &str) -> Json {
    serde_saphyr::from_str(&recipe(name)).expect("YAML")
}

fn words(value: &Json) -> Vec<String> {
    let words = value.as_array().expect("a list").iter();
    words.map(|word| word.as_str().expect("text: a number must stand in quotes").to_owned()).collect()
}

/// The value of an option such as `--shard-count=16`.
fn option<'a>(words: &'a [String], name: &str) -> &'a str {
    let prefix = format!("--{name}=");
    let found: Vec<_> = words.iter().filter_map(|word| word.strip_prefix(&prefix)).collect();
    assert_eq!(found.len(), 1, "--{name} stands once in {words:?}");
    found[0]
}

/// Runs a command of a recipe on one short scenario in place of all, with this folder in the place of its own; and says what it has left there.
fn obey(words: &[String], folders: &str, variables: &[(&str, &str)], name: &str) -> Vec<String> {
    let folder = folder(name);
    let scenario = common::file(&folder, "calm.toml", "protocol = \"raft\"\nnodes = 3\nduration = \"3s\"\n");
    let out = folder.join("out");
    let here = |word: &String| match word.as_str() {
        "scenarios" => scenario.clone(),
        _ if word.starts_with("--seeds=") => "--seeds=0..40".to_owned(),
        _ => word.replace(folders, out.to_str().expect("text")),
    };
    let words: Vec<String> = words.iter().map(here).collect();
    let mut command =
        command(&words.iter().map(String::as_str).filter(|word| !word.starts_with("--progress")).collect::<Vec<_>>());
    let output = command.envs(variables.iter().copied()).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    let left = std::fs::read_dir(out).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    left.map(|name| name.into_string().expect("text")).collect()
}

/// What comes out the same however often it is tried.
fn hopeless() -> Json {
    json!([Exit::Usage, Exit::NothingTested, Exit::Internal].map(Exit::code))
}

#[test]
fn kubernetes_runs_each_index_once_and_tries_again_only_what_may_come_out_otherwise() {
    let job = yaml("kubernetes-shards.yaml");
    assert_eq!((&job["apiVersion"], &job["kind"]), (&json!("batch/v1"), &json!("Job")));
    let spec = &job["spec"];
    assert_eq!(spec["completionMode"], "Indexed");
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never", "a policy for failures demands it");
    let container = &pod["containers"][0];
    let args = words(&container["args"]);
    assert_eq!(option(&args, "shard-index"), "JOB_COMPLETION_INDEX");
    assert_eq!(option(&args, "shard-base"), "0");
    assert_eq!(json!(option(&args, "shard-count").parse::<u64>().expect("a number")), spec["completions"]);
    assert!(spec["parallelism"].as_u64() <= spec["completions"].as_u64());

    assert!(
        spec["backoffLimitPerIndex"].as_u64() > Some(0),
        "a pod that dies is tried again, and takes no other with it"
    );
    assert!(spec.get("backoffLimit").is_none(), "the limit is each index's own");
    let rules = spec["podFailurePolicy"]["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), 2);
    assert_eq!(rules[0], json!({ "action": "Ignore", "onPodConditions": [{ "type": "DisruptionTarget" }] }));
    let codes = json!({ "containerName": container["name"], "operator": "In", "values": hopeless() });
    assert_eq!(rules[1], json!({ "action": "FailIndex", "onExitCodes": codes }));

    let left = obey(&args, "/sweep/shards", &[("JOB_COMPLETION_INDEX", "15")], "kubernetes");
    assert_eq!(left, ["shard-0016-of-0016.ndjson"]);
}

#[test]
fn kubernetes_merges_what_its_shards_have_left() {
    let (shards, merge) = (yaml("kubernetes-shards.yaml"), yaml("kubernetes-merge.yaml"));
    assert_eq!(merge["spec"]["backoffLimit"], 0, "a merge would say the same again");
    let (shards, merge) = (&shards["spec"]["template"]["spec"], &merge["spec"]["template"]["spec"]);
    assert_eq!(merge["restartPolicy"], "Never");
    assert_eq!(shards["volumes"], merge["volumes"]);
    let (shards, merge) = (&shards["containers"][0], &merge["containers"][0]);
    assert_eq!((&shards["image"], &shards["volumeMounts"]), (&merge["image"], &merge["volumeMounts"]));
    let args = words(&merge["args"]);
    assert_eq!(args[..2], ["merge".to_owned(), option(&words(&shards["args"]), "out").to_owned()]);
}

#[test]
fn github_runs_every_shard_to_its_end_and_merges_them_whatever_became_of_them() {
    let flow = yaml("github.yml");
    let (shard, merge) = (&flow["jobs"]["shard"], &flow["jobs"]["merge"]);
    assert_eq!(shard["strategy"]["fail-fast"], false);
    let numbers = shard["strategy"]["matrix"]["shard"].as_array().expect("a list");
    let count = numbers.len();
    assert_eq!(numbers, &(1..=count).map(|number| json!(number)).collect::<Vec<_>>());
    let run = |job: &Json, word: &str| {
        let steps = job["steps"].as_array().expect("steps").iter().filter_map(|step| step["run"].as_str());
        let found: Vec<_> = steps.filter_map(|step| step.strip_prefix("target/release/shaketable ")).collect();
        assert!(found.len() == 1 && found[0].starts_with(word), "{found:?}");
        found[0].to_owned()
    };
    let line = run(shard, "run");
    assert!(
        line.contains(&format!("--shard ${{{{ matrix.shard }}}}/{count} ")),
        "{line} must have all of {count} shards"
    );
    assert_eq!(flow["env"]["SEEDS"], "${{ github.run_number }}0000..${{ github.run_number }}1000");
    assert!(line.contains("--seeds \"$SEEDS\""), "all shards must have the same seeds: {line}");

    assert_eq!(merge["needs"], "shard");
    assert_eq!(merge["if"], "${{ !cancelled() }}", "it names the shards that are missing");
    let uses = |job: &Json, action: &str| {
        let steps = job["steps"].as_array().expect("steps").clone();
        let found = steps.into_iter().find(|step| step["uses"].as_str().is_some_and(|uses| uses.starts_with(action)));
        found.expect("a step")["with"].clone()
    };
    let (up, down) = (uses(shard, "actions/upload-artifact@"), uses(merge, "actions/download-artifact@"));
    assert_eq!((&up["name"], &up["if-no-files-found"]), (&json!("shard-${{ matrix.shard }}"), &json!("error")));
    assert_eq!((&down["pattern"], &down["path"]), (&json!("shard-*"), &json!("shards")));
    assert!(line.ends_with(&format!("--out {}", up["path"].as_str().expect("text"))), "{line}");
    assert!(run(merge, "merge").starts_with("merge shards "));

    let line = line.replace("${{ matrix.shard }}", &count.to_string()).replace(" --seeds \"$SEEDS\"", " --seeds=1..2");
    let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
    assert_eq!(obey(&words, "shards", &[], "github"), [format!("shard-{count:04}-of-{count:04}.ndjson")]);
}

#[test]
fn an_array_of_slurm_has_as_many_tasks_as_the_command_has_shards() {
    let text = recipe("slurm.sh");
    let after = |name: &str| {
        let mut code = text.lines().filter(|line| line.starts_with("#SBATCH") || !line.starts_with('#'));
        let line = code.find(|line| line.contains(name)).expect("a line");
        let value = line.split(name).nth(1).expect("a value").trim_start_matches(['=', ' ']);
        value.split(' ').next().expect("a word").to_owned()
    };
    let count: u32 = after("--shard-count").parse().expect("a number in full");
    assert_eq!(after("--array"), format!("0-{}", count - 1));
    assert_eq!((after("--shard-base"), after("--shard-index")), ("0".to_owned(), "SLURM_ARRAY_TASK_ID".to_owned()));
    let code = text.lines().filter(|line| !line.starts_with('#')).collect::<String>();
    assert!(!code.contains("SLURM_ARRAY_TASK_COUNT"), "of a task that is submitted again it says 1");
}

#[test]
fn dask_tries_nothing_again_that_would_come_out_the_same() {
    let line = recipe("dask-shards.py").lines().find_map(|line| line.strip_prefix("HOPELESS = ").map(str::to_owned));
    let codes: Vec<_> = hopeless().as_array().expect("a list").iter().map(Json::to_string).collect();
    assert_eq!(line, Some(format!("({})", codes.join(", "))));
}

#[test]
fn every_recipe_opens_with_how_to_use_it() {
    let mut names: Vec<_> = std::fs::read_dir(Path::new(ROOT).join(".ci/recipes"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    assert!(names.len() >= 6, "{names:?}");
    for name in names {
        let text = recipe(&name);
        let opening: Vec<_> = text.lines().filter(|line| !line.starts_with("#!")).take(3).collect();
        let comment = opening.iter().all(|line| line.starts_with('#')) || opening[0].starts_with("\"\"\"");
        assert!(comment, "{name} does not open with a comment");
    }
}
