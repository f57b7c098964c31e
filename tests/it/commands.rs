//! Commands that run to completion.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use dialogporten::{
    dev::postgres,
    domain::party::{is_organization_number, is_person_number},
};

fn run(arguments: &[&str]) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_dialogporten")).args(arguments).env_remove("DATABASE_URL").output();
    program.expect("the program runs")
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// M-32
#[test]
fn synthetic_numbers_are_printed_one_a_line() {
    let people = printed(&run(&["sandbox", "number", "person", "--count", "20"]));
    assert_eq!(people.lines().filter(|number| is_person_number(number)).count(), 20, "{people}");
    let organizations = printed(&run(&["sandbox", "number", "organization"]));
    assert!(is_organization_number(organizations.trim()), "{organizations}");
}

/// M-39: what is printed is what `serve` reads, and a file of keys is nobody else's to read.
#[test]
fn new_keys_are_settings_that_only_their_owner_may_read() {
    let folder = postgres::temporary().expect("a folder");
    let file = folder.join("keys.toml");
    let path = file.to_str().expect("a plain path");
    assert!(run(&["keys", "new", "--out", path]).status.success());
    assert_eq!(fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    let again = run(&["keys", "new", "--out", path]);
    assert!(!again.status.success(), "keys that may be in use are not written over");

    // The other settings are missing, and the keys are not among what is named.
    let explained = run(&["config", "explain", "--config", path]);
    let faults = String::from_utf8_lossy(&explained.stderr).into_owned();
    assert!(
        faults.contains("database.url") && !faults.contains("primary") && !faults.contains("secondary"),
        "{faults}"
    );
    fs::remove_dir_all(folder).expect("the folder goes");
}

/// M-39
#[test]
fn serve_takes_no_sandbox_unless_told_so() {
    let folder = postgres::temporary().expect("a folder");
    let keys = printed(&run(&["keys", "new"]));
    let jwk = dialogporten::config::ServiceKeys::generate().client_jwk;
    let settings = |address: &str| {
        let jwk = secrecy::ExposeSecret::expose_secret(&jwk);
        format!(
            "[database]\nurl = \"postgres://nobody@127.0.0.1:1/none\"\n[authentication]\n\
             issuers = [{{ name = \"Altinn\", well_known = \"{address}/.well-known/openid-configuration\" }}]\n\
             [altinn]\nbase_uri = \"https://platform.example/\"\n\
             [maskinporten]\nclient_id = \"x\"\nencoded_jwk = \"{jwk}\"\n{keys}"
        )
    };
    for (address, word) in
        [("http://issuer.example", "plain http"), ("https://dev.example/sandbox/issuers/altinn", "a sandbox")]
    {
        let file = folder.join("settings.toml");
        let text = settings(address).replace(
            "[dialogporten.primary]",
            "[dialogporten]\nbase_uri = \"https://d.example/\"\n[dialogporten.primary]",
        );
        fs::write(&file, text).expect("a file");
        let output = run(&["serve", "--listen", "0", "--config", file.to_str().expect("a plain path")]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(word) && said.contains("altinn.allow_sandbox"), "{said}");
    }
    fs::remove_dir_all(folder).expect("the folder goes");
}
