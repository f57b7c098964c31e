//! Arrows between the rooms of `src` point one way: each room says here which others it may use. What is not said, is not
//! allowed.
//!
//! A room is a folder or a file at the top of `src`. `access/lists` and `events/signal` are of their own: `App` holds them,
//! while the rest of `access` and `events` takes an `App`. The picture is in `docs/architecture.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// From the ground up: a room may use what its list says, and that stands further up in this table. `main` starts it all.
const ROOMS: &[(&str, &str)] = &[
    ("clock", ""),
    ("meter", ""),
    ("domain", ""),
    ("text", "domain"),
    ("seldom", ""),
    ("heavy", "domain"),
    ("telemetry", ""),
    ("flight", "telemetry"),
    ("background", ""),
    ("outgoing", ""),
    ("config", "domain outgoing"),
    ("otlp", "config meter outgoing telemetry"),
    ("db", "config domain meter seldom telemetry"),
    ("http", "domain heavy telemetry"),
    ("server", "config domain http seldom"),
    ("store", "db domain heavy text"),
    ("reindex", "db store text"),
    ("usage", "db domain store"),
    ("turns", "domain http store"),
    ("altinn", "clock config db domain flight meter outgoing seldom store telemetry"),
    ("auth", "altinn clock config db domain flight http outgoing"),
    ("access/lists", "altinn config db domain store"),
    ("events/signal", "db"),
    ("app", "access/lists altinn auth clock config db domain events/signal server store turns usage"),
    ("access", "access/lists altinn app auth config domain http store"),
    ("actor_names", "altinn domain"),
    ("visit", "actor_names app domain store"),
    ("labelling", "access access/lists actor_names app domain http store"),
    ("events", "altinn app db domain events/signal meter seldom store telemetry"),
    ("jobs", "altinn app db domain store telemetry"),
    ("openapi", "app domain http"),
    ("views", "domain http"),
    ("listing", "access access/lists app domain http openapi store views"),
    ("service_resources", "access access/lists altinn app domain http views"),
    ("lookup", "access altinn app domain http service_resources store views"),
    ("metadata", "app config db domain http meter openapi otlp outgoing server service_resources store"),
    (
        "enduser",
        "access access/lists actor_names altinn app auth config domain heavy http labelling listing lookup openapi \
         service_resources store views visit",
    ),
    (
        "serviceowner",
        "access access/lists actor_names altinn app auth config domain events heavy http labelling listing lookup openapi \
         server service_resources store text turns views visit",
    ),
    ("docs", "app config http openapi"),
    (
        "graphql",
        "app auth clock config docs domain enduser events heavy http labelling listing lookup metadata meter openapi \
         server service_resources store views",
    ),
    (
        "router",
        "app config db docs domain enduser graphql http metadata meter openapi server serviceowner telemetry usage",
    ),
    ("sandbox", "clock domain http"),
    ("seed", "db domain sandbox text"),
    (
        "dev",
        "app background clock config db domain events events/signal jobs metadata otlp outgoing reindex router sandbox seed \
         server store",
    ),
    (
        "cli",
        "app background clock config db dev domain events events/signal jobs metadata openapi otlp outgoing reindex router \
         sandbox seed server store telemetry usage",
    ),
    ("main", "cli"),
];

/// Uses that are wrong and still there: the room, and what it uses. This list may only shrink.
const EXCEPTIONS: [(&str, &str); 0] = [];

#[test]
fn arrows_point_one_way() {
    let mut allowed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for &(room, uses) in ROOMS {
        let uses: BTreeSet<&str> = uses.split_whitespace().collect();
        let unknown: Vec<_> = uses.iter().filter(|used| !allowed.contains_key(*used)).collect();
        assert!(unknown.is_empty(), "{room} uses {unknown:?}, which stand below it in the table");
        allowed.insert(room, uses);
    }
    let mut wrong = BTreeSet::new();
    for file in files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let room = room_of(&file);
        // The map of the crate names all rooms, and unit tests may use what they like.
        if room == "lib" || file.iter().any(|part| part == "tests" || part == "tests.rs") {
            continue;
        }
        let may = allowed.get(room.as_str()).unwrap_or_else(|| panic!("{room} is not in the table"));
        for used in uses(&fs::read_to_string(&file).unwrap()) {
            if used != room && !may.contains(used.as_str()) {
                wrong.insert((room.clone(), used));
            }
        }
    }
    let excepted: BTreeSet<(String, String)> =
        EXCEPTIONS.iter().map(|(room, used)| ((*room).to_owned(), (*used).to_owned())).collect();
    let new: Vec<_> = wrong.difference(&excepted).collect();
    assert!(new.is_empty(), "arrows that point the wrong way: {new:?}");
    let mended: Vec<_> = excepted.difference(&wrong).collect();
    assert!(mended.is_empty(), "no longer wrong, so no longer an exception: {mended:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap().with_extension("");
    let mut parts = inside.iter().map(|part| part.to_str().unwrap());
    let first = parts.next().unwrap();
    named(first, parts.next())
}

fn named(first: &str, second: Option<&str>) -> String {
    match (first, second) {
        ("access", Some("lists")) | ("events", Some("signal")) => format!("{first}/{}", second.unwrap_or_default()),
        _ => first.to_owned(),
    }
}

/// The rooms that a file names as `crate::…`. Unit tests at its foot are left out: they may use what they like.
fn uses(text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code: String = text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        paths(&code[at + "crate::".len()..], &mut |first, second| {
            found.insert(named(first, second));
        });
    }
    found
}

/// Calls `note` with the first two names of each path of a tree of imports (or of one path).
fn paths(tree: &str, note: &mut impl FnMut(&str, Option<&str>)) {
    let Some(inside) = tree.strip_prefix('{') else {
        let first = word(tree);
        if !first.is_empty() {
            let rest = tree[first.len()..].strip_prefix("::").unwrap_or_default();
            let seconds = branches(rest);
            if seconds.is_empty() {
                note(first, None);
            }
            for second in seconds {
                note(first, Some(second));
            }
        }
        return;
    };
    for branch in split(inside) {
        paths(branch.trim(), note);
    }
}

/// The names that a path goes on with.
fn branches(rest: &str) -> Vec<&str> {
    match rest.strip_prefix('{') {
        Some(inside) => {
            split(inside).into_iter().map(|branch| word(branch.trim())).filter(|it| !it.is_empty()).collect()
        }
        None => Some(word(rest)).filter(|it| !it.is_empty()).into_iter().collect(),
    }
}

/// The branches of a tree, up to its closing brace.
fn split(inside: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, character) in inside.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&inside[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

fn word(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())]
}
