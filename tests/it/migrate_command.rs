//! `dialogporten migrate` as a process, and the program without a command.

use std::process::{Command, Output};

use crate::harness::{TestDatabase, database};

fn run(database: &TestDatabase, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_dialogporten"))
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .output()
        .unwrap();
    told(&output)
}

fn told(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// M-36: chapter 11 §5.
#[tokio::test]
async fn migrate_tells_how_the_schema_stands() {
    let database = database().await;
    let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
    let (code, text) = run(&database, &["migrate", "--status"]);
    assert_eq!(code, 0, "{text}");

    sqlx::query("delete from _sqlx_migrations where version = 1").execute(&pool).await.unwrap();
    let (code, text) = run(&database, &["migrate", "--status"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("dialogporten migrate"), "{text}");
    let (code, text) = run(&database, &["migrate", "--dry-run"]);
    assert_eq!((code, text.as_str()), (0, "would apply 0001 dictionaries\n"));

    sqlx::query("alter table _sqlx_migrations rename to gone").execute(&pool).await.unwrap();
    assert_eq!(run(&database, &["migrate", "--status"]).0, 3);
    assert!(run(&database, &["migrate", "--dry-run"]).1.starts_with("would apply 0001 dictionaries\nwould apply 0002"));
    sqlx::query("alter table gone rename to _sqlx_migrations").execute(&pool).await.unwrap();

    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (1, 'dictionaries', true, '\\x00', 1)",
    )
    .execute(&pool)
    .await
    .unwrap();
    for command in [&["migrate", "--status"][..], &["migrate", "--dry-run"]] {
        let (code, text) = run(&database, command);
        assert_eq!(code, 4, "{text}");
    }
    let (code, text) = run(&database, &["migrate"]);
    assert!(code == 1 && text.contains("Migration 1 was applied in another form"), "{code} {text}");
    pool.close().await;
}

/// M-36: a container without a command must not start a sandbox, where anybody can be anybody.
#[test]
fn the_program_does_not_guess_that_a_sandbox_is_meant() {
    for (name, value) in [
        ("DIALOGPORTEN_ALTINN__BASE_URI", "https://platform.altinn.no/"),
        ("DIALOGPORTEN_SERVER__LISTEN", "0.0.0.0:8080"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_dialogporten")).env_clear().env(name, value).output().unwrap();
        let (code, text) = told(&output);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("dialogporten serve") && text.contains(name), "{text}");
    }
}
