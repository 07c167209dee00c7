//! Running the program as its user does, from the root of the project.
#![allow(dead_code, clippy::disallowed_methods)] // Each test file uses its own part; a program is what is tested.

use std::process::{Command, Stdio};

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

/// The program with these arguments, from the root of the project, without progress. It is the one that was built for this test, or the one that
/// `SHAKETABLE_TESTED` names: so another build is tested without building all that tests need once more.
pub(crate) fn command(args: &[&str]) -> Command {
    let built = env!("CARGO_BIN_EXE_shaketable").to_owned();
    let mut command = Command::new(std::env::var("SHAKETABLE_TESTED").unwrap_or(built));
    command.args(args).arg("--progress=none").current_dir(ROOT).stdin(Stdio::null()).env_remove("COLUMNS");
    command
}

pub(crate) fn shaketable(args: &[&str]) -> Output {
    let output = command(args).output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    Output { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
}

/// A folder of its own for a test, empty.
pub(crate) fn folder(name: &str) -> std::path::PathBuf {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

/// A file in such a folder.
pub(crate) fn file(folder: &std::path::Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path of text").to_owned()
}
