//! What `dev` says when it is ready.

use std::io::Write;

use serde::Serialize;

use super::run::Notes;
use crate::sandbox::{
    Sandbox,
    mint::{ADMIN_SCOPE, END_USER_SCOPES, SERVICE_OWNER_SCOPES, TokenKind},
    world::IdentityKind,
};

/// Where everything is; also the content of the ready file.
#[derive(Debug, Serialize)]
pub struct Addresses {
    pub base_url: String,
    pub token_url: String,
    pub graphql_url: String,
    pub database_url: String,
    pub started_ms: u64,
}

pub fn print(at: &Addresses, sandbox: &Sandbox, seeded: Option<usize>, notes: &Notes) {
    // Whoever started this may have stopped reading; that is no reason to end.
    let _ = writeln!(std::io::stdout(), "{}", text(at, sandbox, seeded, notes));
}

fn text(at: &Addresses, sandbox: &Sandbox, seeded: Option<usize>, notes: &Notes) -> String {
    let mut lines = vec![
        String::new(),
        format!("Dialogporten is ready ({} ms)", at.started_ms),
        String::new(),
        format!("  API            {}", at.base_url),
        format!("  documentation  {}/swagger", at.base_url),
        format!("  GraphQL        {}", at.graphql_url),
        format!("  sandbox        {}/sandbox   who there is, with tokens", at.base_url),
        format!("  token service  {}", at.token_url),
        format!("  database       {}", at.database_url),
    ];
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
    if let Some(who) = Who::of(sandbox) {
        lines.extend(who.lines(&at.base_url));
    }
    lines.join("\n")
}

/// A service owner, a person and a system user of this world, with tokens.
struct Who {
    code: String,
    owner: String,
    admin: String,
    name: String,
    person: String,
    user: String,
    /// Name and token of a system user, if the world has one.
    system_user: Option<(String, String)>,
    body: serde_json::Value,
}

impl Who {
    fn of(sandbox: &Sandbox) -> Option<Self> {
        const DAY: i64 = 86_400;
        let world = sandbox.world();
        let scenario = world.scenario();
        let resource = scenario.resources.first()?;
        let owner = scenario.owners.iter().find(|owner| owner.code == resource.owner)?;
        let person = world.identities().find(|identity| identity.kind == IdentityKind::Person)?;
        let enterprise =
            |scopes: &str| sandbox.mint(&TokenKind::enterprise(&owner.code, &owner.organization, scopes), DAY);
        let text = |text| serde_json::json!({"value": [{"languageCode": "nb", "value": text}]});
        Some(Self {
            code: owner.code.clone(),
            owner: enterprise(SERVICE_OWNER_SCOPES),
            admin: enterprise(&format!("{SERVICE_OWNER_SCOPES} {ADMIN_SCOPE}")),
            name: person.name.clone(),
            person: person.id.clone(),
            user: sandbox.mint(&TokenKind::person(&person.id, 4, END_USER_SCOPES), DAY),
            system_user: scenario.system_users.first().map(|user| {
                let token = TokenKind::system_user(&user.id.to_string(), &user.organization, END_USER_SCOPES);
                (format!("{} of {}", user.name, user.organization), sandbox.mint(&token, DAY))
            }),
            body: serde_json::json!({
                "serviceResource": format!("urn:altinn:resource:{}", resource.id),
                "party": format!("urn:altinn:person:identifier-no:{}", person.id),
                "content": {"title": text("Hei"), "summary": text("En dialog fra kommandolinjen")},
            }),
        })
    }

    /// Lines to be pasted into a shell.
    fn lines(&self, base: &str) -> Vec<String> {
        vec![
            String::new(),
            "Tokens, good for a day (others: dialogporten token --help)".into(),
            String::new(),
            format!("# service owner {}", self.code),
            format!("OWNER={}", self.owner),
            "# the same, may act for all service owners".into(),
            format!("ADMIN={}", self.admin),
            format!("# {}, {}", self.name, self.person),
            format!("PERSON={}", self.user),
            self.system_user.as_ref().map(|(name, _)| format!("# system user {name}")).unwrap_or_default(),
            self.system_user.as_ref().map(|(_, token)| format!("SYSTEM_USER={token}")).unwrap_or_default(),
            String::new(),
            "Create a dialog, open it as the person, then see as its owner who has opened it".into(),
            String::new(),
            format!(
                "ID=$(curl -sS {base}/api/v1/serviceowner/dialogs -H \"Authorization: Bearer $OWNER\" \
                 -H 'Content-Type: application/json' -d '{}' | tr -d '\"')",
                self.body
            ),
            format!("curl -sS {base}/api/v1/enduser/dialogs/$ID -H \"Authorization: Bearer $PERSON\""),
            format!("curl -sS {base}/api/v1/serviceowner/dialogs/$ID/seenlog -H \"Authorization: Bearer $OWNER\""),
            String::new(),
        ]
    }
}
