//! Dialogs of a scenario, created through the service's own interface, as their owners and users would.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    domain::party::{PartyKind, is_person_number},
    outgoing,
    sandbox::{
        Sandbox,
        mint::{END_USER_SCOPES, SERVICE_OWNER_SCOPES},
        world::{Dialog, Step},
    },
};

const LEVEL: u8 = 4;

/// Creates the dialogs of the sandbox's present world; returns how many there are.
///
/// # Errors
/// The first refusal, with the dialog's place in the scenario and the whole answer.
pub async fn dialogs(sandbox: &Sandbox) -> anyhow::Result<usize> {
    let world = sandbox.world();
    let dialogs = &world.scenario().dialogs;
    if dialogs.is_empty() {
        return Ok(0);
    }
    let client = outgoing::local(Duration::from_secs(30));
    // Steps may lie in the past; the clock goes back to where it was, plus the time that this takes.
    let clock = sandbox.clock();
    let (before, began) = (clock.now(), std::time::Instant::now());
    let seeding = async {
        for (place, dialog) in dialogs.iter().enumerate() {
            Seeder { sandbox, client: &client, dialog }
                .seed()
                .await
                .with_context(|| format!("dialogs[{place}] of the scenario"))?;
        }
        anyhow::Ok(dialogs.len())
    };
    let seeded = seeding.await;
    if dialogs.iter().flat_map(|dialog| &dialog.then).any(|step| step.at.is_some()) {
        let passed = if clock.is_frozen() { Duration::ZERO } else { began.elapsed() };
        clock.set(before + passed);
    }
    seeded
}

struct Seeder<'a> {
    sandbox: &'a Sandbox,
    client: &'a reqwest::Client,
    dialog: &'a Dialog,
}

impl Seeder<'_> {
    async fn seed(&self) -> anyhow::Result<()> {
        let owner = self.owner()?;
        let created = self.send(Method::POST, "serviceowner/dialogs", &owner, Some(&self.dialog.create)).await?;
        let id = created.as_str().context("the answer to a create is an id")?;
        for (place, step) in self.dialog.then.iter().enumerate() {
            self.step(id, step).await.with_context(|| format!("then[{place}]"))?;
        }
        Ok(())
    }

    async fn step(&self, id: &str, step: &Step) -> anyhow::Result<()> {
        if let Some(at) = step.at {
            self.sandbox.clock().set(at);
        }
        let own = format!("serviceowner/dialogs/{id}");
        let changes = [
            (Method::PATCH, own.clone(), &step.patch),
            (Method::PUT, own.clone(), &step.put),
            (Method::POST, format!("{own}/transmissions"), &step.transmission),
            (Method::POST, format!("{own}/activities"), &step.activity),
        ];
        for (method, path, body) in changes {
            if body.is_some() {
                self.send(method, &path, &self.owner()?, body.as_ref()).await?;
            }
        }
        if let Some(user) = &step.seen_by {
            self.send(Method::GET, &format!("enduser/dialogs/{id}"), &self.end_user(user)?, None).await?;
        }
        if let Some(labels) = &step.labels {
            let party = self.dialog.create["party"].as_str().unwrap_or_default();
            let user = person(step.seen_by.as_deref().unwrap_or(party))?;
            let path = format!("{own}/endusercontext/systemlabels?enduserId={user}");
            let body = json!({ "addLabels": labels });
            self.send(Method::PUT, &path, &self.owner()?, Some(&body)).await?;
        }
        if step.delete {
            self.send(Method::DELETE, &own, &self.owner()?, None).await?;
        }
        Ok(())
    }

    async fn send(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut request =
            self.client.request(method.clone(), format!("{}/api/v1/{path}", self.sandbox.base())).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("{method} {path} answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    fn owner(&self) -> anyhow::Result<String> {
        let world = self.sandbox.world();
        let code = &self.dialog.owner;
        let owner = world.scenario().owners.iter().find(|owner| owner.code == *code);
        let owner = owner.with_context(|| format!("no service owner `{code}` in this world"))?;
        Ok(self.sandbox.enterprise(code, &owner.organization, SERVICE_OWNER_SCOPES))
    }

    /// Somebody named as the scenario names parties: `person:…` or as a whole URN.
    fn end_user(&self, name: &str) -> anyhow::Result<String> {
        let (kind, id) = name.rsplit_once(':').unwrap_or(("", name));
        let kind = kind.strip_suffix(":identifier-no").unwrap_or(kind);
        match kind.rsplit(':').next().unwrap_or_default() {
            "person" => Ok(self.sandbox.person(id, LEVEL, END_USER_SCOPES)),
            "email" | "idporten-email" => Ok(self.sandbox.email(id, END_USER_SCOPES)),
            "system-user" | "uuid" => {
                let world = self.sandbox.world();
                let organization = world.system_user(id).and_then(|user| user.organization.clone());
                Ok(self.sandbox.system_user(id, &organization.unwrap_or_default(), END_USER_SCOPES))
            }
            _ => bail!("`{name}` cannot log in; name a person, an e-mail user or a system user"),
        }
    }
}

/// The whole URN of somebody on whose behalf a service owner may act.
fn person(name: &str) -> anyhow::Result<String> {
    let number = name.rsplit(':').next().unwrap_or_default();
    if !is_person_number(number) {
        bail!("labels are set for persons, `{name}` is none; name one with seen_by");
    }
    Ok(format!("{}{number}", PartyKind::Person.prefix()))
}
