//! What `dev` says when it is ready: where things are, and the first two commands. The tokens they need lie in a file.

use std::{
    env, fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use serde::Serialize;

use super::run::Notes;
use crate::sandbox::{
    Sandbox,
    mint::{ADMIN_SCOPE, END_USER_SCOPES, SERVICE_OWNER_SCOPES, TokenKind},
};

/// Where everything is; also the content of the ready file.
#[derive(Debug, Serialize)]
pub struct Addresses {
    pub base_url: String,
    pub token_url: String,
    pub graphql_url: String,
    pub database_url: String,
    /// The same over https.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https_url: Option<String>,
    /// The certificate to trust for it, as Node takes it from the variable of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_extra_ca_certs: Option<String>,
    pub started_ms: u64,
}

/// Prints the card, and writes `tokens.env` into `folder`.
pub fn print(at: &Addresses, sandbox: &Sandbox, seeded: Option<usize>, notes: &Notes, folder: &Path) {
    let mut lines = places(at, seeded, notes);
    if let Some(variables) = variables(sandbox, &at.base_url) {
        let file = folder.join("tokens.env");
        match write_for_owner(&file, &variables) {
            Ok(()) => lines.extend(first_commands(&as_seen_from_here(&file))),
            Err(error) => tracing::warn!("cannot write {}: {error}", file.display()),
        }
    }
    // Whoever started this may have stopped reading; that is no reason to end.
    let _ = writeln!(io::stdout(), "{}", lines.join("\n"));
}

fn places(at: &Addresses, seeded: Option<usize>, notes: &Notes) -> Vec<String> {
    let base = &at.base_url;
    let mut lines = vec![
        String::new(),
        format!("Dialogporten is ready ({} ms)", at.started_ms),
        String::new(),
        format!("  begin here     {base}/"),
        format!("  API            {base}/api/v1, documented at {base}/swagger/index.html"),
        format!("  GraphQL        {}, for browsers too", at.graphql_url),
        format!("  sandbox        {base}/sandbox: who there is and who may do what; tokens from {}", at.token_url),
        format!("  database       {}", at.database_url),
    ];
    if let Some((url, certificate)) = at.https_url.as_ref().zip(at.node_extra_ca_certs.as_ref()) {
        lines.push(format!("  over https     {url}; NODE_EXTRA_CA_CERTS={certificate}"));
    }
    if let Some(folder) = &notes.moved {
        let folder = folder.display();
        lines.push(format!("                 in {folder}: the server cannot enter this project's folder"));
    }
    if notes.named_server {
        lines.push("                 beside the database that DATABASE_URL names".into());
    }
    if notes.ephemeral {
        lines.push("                 gone when this program stops".into());
    }
    if let Some(count) = seeded.filter(|count| *count > 0) {
        lines.push(format!("  dialogs        {count} of the scenario"));
    }
    lines
}

/// Lines to be pasted into a shell: a dialog is created, read by the one it is for, and that is seen.
fn first_commands(tokens: &str) -> [String; 7] {
    [
        String::new(),
        "Create a dialog, open it as the person, then see as its owner who has opened it (tokens last a day)".into(),
        String::new(),
        format!("  . {tokens}"),
        "  ID=$(curl -sS $API/serviceowner/dialogs -H \"Authorization: Bearer $OWNER\" -H 'Content-Type: application/json' -d \"$DIALOG\" | tr -d '\"')".into(),
        "  curl -sS $API/enduser/dialogs/$ID -H \"Authorization: Bearer $PERSON\"".into(),
        "  curl -sS $API/serviceowner/dialogs/$ID/seenlog -H \"Authorization: Bearer $OWNER\"".into(),
    ]
}

/// What `tokens.env` says; nothing where nobody in this world may read what a service owner could write about.
fn variables(sandbox: &Sandbox, base: &str) -> Option<String> {
    const DAY: i64 = 86_400;
    let world = sandbox.world();
    // Who may read about what was decided by the platform's own rules, so that the commands do what they say.
    let first = world.first_steps(sandbox.clock().now())?;
    let (owner, person) = (first.owner, first.person);
    let enterprise = |scopes: &str| sandbox.mint(&TokenKind::enterprise(&owner.code, &owner.organization, scopes), DAY);
    let text = |text| serde_json::json!({"value": [{"languageCode": "nb", "value": text}]});
    let dialog = serde_json::json!({
        "serviceResource": format!("urn:altinn:resource:{}", first.resource.id),
        "party": person.urn,
        "content": {"title": text("Hei"), "summary": text("En dialog fra kommandolinjen")},
    });
    let mut lines = vec![
        format!("# {base}/sandbox gives tokens of everybody there is."),
        format!("API={base}/api/v1"),
        format!("# service owner {}; the second token acts for all service owners", owner.code),
        format!("OWNER={}", enterprise(SERVICE_OWNER_SCOPES)),
        format!("ADMIN={}", enterprise(&format!("{SERVICE_OWNER_SCOPES} {ADMIN_SCOPE}"))),
        format!("# {}, {}", person.name, person.id),
        format!("PERSON={}", sandbox.mint(&TokenKind::person(&person.id, 4, END_USER_SCOPES), DAY)),
    ];
    if let Some(user) = world.scenario().system_users.first() {
        let token = TokenKind::system_user(&user.id.to_string(), &user.organization, END_USER_SCOPES);
        lines.push(format!("# system user {} of {}", user.name, user.organization));
        lines.push(format!("SYSTEM_USER={}", sandbox.mint(&token, DAY)));
    }
    lines.push(format!("DIALOG='{dialog}'"));
    Some(lines.join("\n") + "\n")
}

/// Nobody else may read it: tokens are as good as the one they name.
fn write_for_owner(file: &Path, text: &str) -> io::Result<()> {
    // Removed first: a file that is there keeps its mode, and an earlier one may be readable for all.
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(text.as_bytes())
}

fn as_seen_from_here(file: &Path) -> String {
    let here = env::current_dir().ok().and_then(|here| Some(file.strip_prefix(here).ok()?.to_owned()));
    here.unwrap_or_else(|| file.to_owned()).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-31
    #[test]
    fn the_card_fits_a_small_terminal() {
        let at = Addresses {
            base_url: "http://127.0.0.1:7214".into(),
            token_url: "http://127.0.0.1:7214/api".into(),
            graphql_url: "http://127.0.0.1:7214/graphql".into(),
            database_url: "postgres://dialogporten@127.0.0.1:5432/dialogporten_dev".into(),
            https_url: Some("https://127.0.0.1:7234".into()),
            node_extra_ca_certs: Some("/home/somebody/.dialogporten/sandbox-keys/ca.pem".into()),
            started_ms: 900,
        };
        let notes = Notes { moved: Some("/var/lib/dialogporten".into()), named_server: true, ephemeral: true };
        let lines = [places(&at, Some(9), &notes), first_commands(".dialogporten/tokens.env").to_vec()].concat();
        assert!(lines.len() <= 20, "{}", lines.join("\n"));
        assert!(lines.iter().any(|line| line.contains("http://127.0.0.1:7214/graphql")), "{}", lines.join("\n"));
    }
}
