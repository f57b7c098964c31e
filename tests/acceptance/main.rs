//! Which fact of the acceptance catalogue has a test, and which has none.
//!
//! `facts.txt` is the catalogue: one fact a line, under its group. A test claims a fact by carrying its number in a comment
//! or name. `docs/acceptance.md` is written from both by
//! `UPDATE_DOCS=1 cargo test --test acceptance`; without the variable this test says when it is out of date.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every fact number that occurs in a Rust file under `src` and `tests`, with the files it occurs in.
fn claims() -> BTreeMap<String, Vec<String>> {
    let mut claims: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in rust_files(&root().join("src")).into_iter().chain(rust_files(&root().join("tests"))) {
        if file.ends_with("tests/acceptance/main.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file is text");
        let name = file.strip_prefix(root()).expect("below the root").display().to_string();
        for fact in facts_in(&text) {
            let files = claims.entry(fact).or_default();
            if files.last() != Some(&name) {
                files.push(name.clone());
            }
        }
    }
    claims
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let files = entries.into_iter().flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// `W-017` and the like; a range such as `K-001…K-004` or `K-001…004` claims only what it spells out.
fn facts_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    // Elliptic curves are called like facts of group P.
    let is_curve = |word: &str| matches!(word, "P-256" | "P-384" | "P-521");
    words.filter(|word| is_fact(word) && !is_curve(word)).map(str::to_owned).collect()
}

fn is_fact(word: &str) -> bool {
    word.split_once('-').is_some_and(|(group, number)| {
        matches!(group.len(), 1 | 2)
            && group.bytes().all(|b| b.is_ascii_uppercase())
            && number.len() == 3
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

fn page() -> String {
    let claims = claims();
    let catalogue = include_str!("facts.txt");
    let facts: Vec<&str> = catalogue.lines().filter(|line| !line.starts_with('#')).collect();
    let shown = facts.iter().filter(|line| claims.contains_key(number(line))).count();
    let mut page = format!(
        "# Acceptance\n\nEvery fact of the acceptance catalogue, with the tests that name it.\n\
         Generated: `UPDATE_DOCS=1 cargo test --test acceptance`.\n\n{shown} of {} facts have a test.\n",
        facts.len()
    );
    for line in catalogue.lines() {
        if let Some(group) = line.strip_prefix("# ") {
            let (letters, title) = group.split_once(' ').expect("a group has a title");
            write!(page, "\n## {letters}: {title}\n\n| Fact | Shown by |\n|---|---|\n").expect("a string takes text");
            continue;
        }
        let number = number(line);
        let by = match claims.get(number) {
            Some(files) => files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", "),
            None => "no test".to_owned(),
        };
        let text = line[number.len()..].trim().replace('|', "\\|");
        writeln!(page, "| **{number}** {text} | {by} |").expect("a string takes text");
    }
    page
}

fn number(line: &str) -> &str {
    line.split(' ').next().expect("a line has a first word")
}

#[test]
fn the_page_of_facts_is_current() {
    let file = root().join("docs/acceptance.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page).expect("docs/ can be written");
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == page, "docs/acceptance.md is out of date: UPDATE_DOCS=1 cargo test --test acceptance");
}

#[test]
fn every_claimed_fact_exists() {
    let catalogue: Vec<&str> = include_str!("facts.txt").lines().map(number).collect();
    let unknown: Vec<_> = claims().into_keys().filter(|fact| !catalogue.contains(&fact.as_str())).collect();
    assert_eq!(unknown, Vec::<String>::new(), "no such facts in the catalogue");
}
