//! `plimsoll lint` as a process: what it says of every file in `lint/`, compared with the text beside
//! it, and how it ends. `PLIMSOLL_BLESS=1 cargo test -p plimsoll --test lint` writes the texts anew.
#![cfg(test)]

#[path = "tier4_dialects_scenes/refused_cases.rs"]
mod refused_cases;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lint");

/// The exit code, what is printed, and what is said beside it.
fn lint(dir: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .arg("lint")
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).ok();
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn check(name: &str) {
    let (code, said, beside) = lint(Path::new(FOLDER), &[name], "");
    let found = format!("{said}{beside}exit code {code}\n");
    let golden = Path::new(FOLDER).join(name).with_extension("txt");
    if std::env::var_os("PLIMSOLL_BLESS").is_some() {
        fs::write(&golden, &found).expect("it can be written");
    }
    let expect = fs::read_to_string(&golden).unwrap_or_default();
    assert!(found == expect, "{name}; found:\n{found}\nexpected:\n{expect}");
}

#[test]
fn every_file_has_its_findings() {
    let mut checked = 0;
    for entry in fs::read_dir(FOLDER).expect("the folder is there") {
        let name = entry.expect("it can be read").file_name().into_string().expect("UTF-8");
        if Path::new(&name).extension().is_none_or(|extension| extension != "txt") {
            check(&name);
            checked += 1;
        }
    }
    assert!(checked >= 7, "only {checked} files");
}

#[test]
fn what_the_api_server_refuses_is_an_error() {
    for (manifest, _) in refused_cases::manifests() {
        let (code, said, _) = lint(Path::new(FOLDER), &["-"], &manifest);
        assert_eq!(code, 1, "{manifest}\n{said}");
    }
}

#[test]
fn what_people_are_shown_is_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (code, said, beside) = lint(&root, &["examples"], "");
    assert!(code == 0 && !said.contains("unknown"), "{said}{beside}");
}

#[test]
fn standard_input_and_json() {
    let text = fs::read_to_string(format!("{FOLDER}/fine.yaml")).expect("it is there");
    let (code, said, _) = lint(Path::new(FOLDER), &["-", "-o", "json"], &text);
    assert_eq!(code, 0, "{said}");
    let report: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(report["errors"], 0);
    assert_eq!(report["findings"][0]["file"], "<stdin>");
    assert_eq!(report["findings"][0]["severity"], "warning");
    assert_eq!(report["findings"][0]["object"], "Deployment web");
    assert!(report["findings"][0]["line"].as_u64().is_some_and(|line| line > 7), "{said}");
}

/// A folder of this name that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let dir = dir.join(format!("lint-{name}-{}", std::process::id()));
        fs::create_dir_all(dir.join("below/.hidden")).expect("a folder");
        Self(dir)
    }

    fn write(&self, name: &str, text: &[u8]) {
        fs::write(self.0.join(name), text).expect("it can be written");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

const REFUSED: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations:\n    \
                       workloads.cast.ai/configuration: \"vertical: {optimization: maybe}\"\n";

#[test]
fn folders_are_read_with_all_below_them_but_not_what_is_hidden() {
    let scratch = Scratch::new("folder");
    for name in ["b.yml", "a.YAML", "below/c.json", "below/.hidden/d.yaml", ".e.yaml", "f.txt"] {
        scratch.write(name, REFUSED.as_bytes());
    }
    // Back up to the top: what has been read is not read again.
    std::os::unix::fs::symlink("..", scratch.0.join("below/up")).expect("a link");
    let (code, said, beside) = lint(&scratch.0, &["."], "");
    let files: Vec<&str> = said.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(files[..3], ["./a.YAML", "./b.yml", "./below/c.json"], "{said}{beside}");
    assert!(
        said.ends_with("3 files, 3 objects, 3 with settings: 3 errors, 0 warnings\n"),
        "{said}"
    );
    assert_eq!(code, 1);
}

#[test]
fn what_cannot_be_read_is_said_beside_what_can() {
    let scratch = Scratch::new("unreadable");
    scratch.write("bytes.yaml", b"a: \xff\n");
    scratch.write("good.yaml", REFUSED.as_bytes());
    scratch.write("large.yaml", &vec![b'#'; 16 * 1024 * 1024 + 1]);
    let (code, said, beside) = lint(&scratch.0, &[".", "missing.yaml"], "");
    assert_eq!(code, 2);
    assert!(said.contains("good.yaml:6:"), "{said}");
    for part in ["bytes.yaml: it is no text in UTF-8", "more than 16 MiB", "missing.yaml"] {
        assert!(beside.contains(part), "{part} is not in {beside}");
    }
}

#[test]
fn documents_that_would_eat_memory_or_stack_are_refused() {
    let deep = "[".repeat(100_000);
    let wide = format!("[{}]", "1,".repeat(1_100_000));
    // Each line stands for nine of the one before it: 9 to the power of 12 in the end.
    let bomb: String = std::iter::once("a0: &b0 [x]\n".to_owned())
        .chain((1..12).map(|i| format!("a{i}: &b{i} [{}]\n", format!("*b{},", i - 1).repeat(9))))
        .collect();
    let unclosed = "\"".to_owned();
    for (name, text) in [("deep", deep), ("wide", wide), ("bomb", bomb), ("quote", unclosed)] {
        let (code, said, _) = lint(Path::new(FOLDER), &["-"], &text);
        assert_eq!(code, 1, "{name}: {said}");
        assert!(said.starts_with("<stdin>:") && said.contains("no valid YAML"), "{name}: {said}");
    }
}
