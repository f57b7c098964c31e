//! Every statement of the program against the migrated schema.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use dialogporten::store;
use sqlx::{Executor, SqlSafeStr};

use crate::harness::TestApp;

/// Names of tables, columns and types are right in all of them, whether another test runs them or not.
#[tokio::test]
async fn every_statement_fits_the_schema() {
    let app = TestApp::start().await;
    let mut names = HashSet::new();
    for statement in store::all() {
        assert!(names.insert(statement.name), "two statements are called {}", statement.name);
        let sql = statement.sql().unwrap();
        if let Err(error) = app.db.prepare(sql.into_sql_str()).await {
            panic!("{}: {error}", statement.name);
        }
    }
}

/// What `store` does not list is not looked at, so nothing may be left out: neither a declared statement nor one that is run
/// without being declared. (Those of `search` are put together for each request.)
#[test]
fn no_statement_is_left_out() {
    let listed: HashSet<&str> = store::all().iter().map(|statement| statement.name).collect();
    for (file, text) in sources(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")) {
        if file.ends_with("store/statement.rs") {
            continue;
        }
        assert!(!text.contains("sqlx::query"), "{} runs a statement without a name", file.display());
        for declared in text.split("Statement::new(").skip(1) {
            // A name that a macro puts together stands in no quotes.
            let Some(name) = declared.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            assert!(listed.contains(name), "{}: {name} is not listed", file.display());
        }
    }
}

fn sources(folder: PathBuf) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}
