//! Names of parties and of service owners (chapter 03 §8.3–8.4).

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Altinn, AltinnError, cache::Answer, http::Access};
use crate::domain::party::{Party, PartyKind};

/// What a system user is called that the register does not know (yet).
// The reference's word for it (chapter 03 §8.3).
const SYSTEM_USER: &str = "Systembruker";

/// What a service owner is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceOwnerName {
    /// The short name.
    pub code: String,
    /// Name by language.
    pub names: Vec<(String, String)>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Query<'a> {
    // The register takes several; the contract's client asks for one at a time, which is also what is cached.
    data: [&'a str; 1],
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    display_name: Option<String>,
}

#[derive(Deserialize)]
struct Owners {
    orgs: IndexMap<String, Owner>,
}

#[derive(Deserialize)]
struct Owner {
    name: Option<IndexMap<String, Option<String>>>,
    orgnr: String,
}

impl Altinn {
    /// What a party is called; nothing if the identifier is of no known form or the register does not know it.
    pub async fn party_name(&self, urn: &str) -> Result<Option<String>, AltinnError> {
        let Ok(party) = Party::parse(urn) else { return Ok(None) };
        match party.kind() {
            PartyKind::Email | PartyKind::SelfIdentified => return Ok(Some(party.id().to_owned())),
            PartyKind::Feide => {
                let start: String = party.id().chars().take(6).collect();
                return Ok(Some(format!("Feide User ({start})")));
            }
            PartyKind::Person | PartyKind::Organization | PartyKind::SystemUser => {}
        }
        let altinn = self.clone();
        let asked = party.clone();
        let ask = || async move {
            let mut name = altinn.registered_name(&asked).await?;
            if asked.kind() == PartyKind::SystemUser {
                // One that was just made reaches the register a little later.
                // Three more times, as in the reference.
                for n in 0..3 {
                    if name.is_some() {
                        break;
                    }
                    altinn.0.platform.line.pause(n).await;
                    name = altinn.registered_name(&asked).await?;
                }
            }
            Ok(match name {
                Some(name)
                    if asked.kind() == PartyKind::Person && !altinn.0.features.use_correct_person_name_ordering =>
                {
                    Answer::Keep(Some(last_word_first(&name)))
                }
                Some(name) => Answer::Keep(Some(name)),
                // Not kept: the register may know it in a minute.
                None if asked.kind() == PartyKind::SystemUser => Answer::Once(Some(SYSTEM_USER.to_owned())),
                // Nor this: a person who was just registered must not be unknown for a day.
                None => Answer::Once(None),
            })
        };
        self.0.party_names.get(party.as_str().to_owned(), ask).await
    }

    async fn registered_name(&self, party: &Party) -> Result<Option<String>, AltinnError> {
        let platform = &self.0.platform;
        let request = platform.client().post(platform.address("register/api/v1/dialogporten/parties/query"));
        let request = request.json(&Query { data: [party.as_str()] });
        let found: Found = platform.json("party names", Access::Ours, request).await?;
        let name = found.data.into_iter().next().and_then(|named| named.display_name);
        // A NUL character is no letter of a name, and could not be stored.
        Ok(name.filter(|name| !name.trim().is_empty() && !name.contains('\0')))
    }

    /// Names of all service owners by organization number.
    pub async fn service_owner_names(&self) -> Result<Arc<HashMap<String, ServiceOwnerName>>, AltinnError> {
        let altinn = self.clone();
        let ask = || async move {
            let platform = &altinn.0.platform;
            let address = platform.cdn.join("orgs/altinn-orgs.json").expect("the path is well-formed");
            let owners: Owners =
                platform.json("service owners", Access::Anonymous, platform.client().get(address)).await?;
            let mut by_number = HashMap::new();
            for (code, owner) in owners.orgs {
                let names = owner.name.unwrap_or_default().into_iter();
                let names = names.filter_map(|(language, name)| Some((language, name?))).collect();
                // Of two owners with one number the first: the reference fails with its whole list.
                by_number.entry(owner.orgnr).or_insert(ServiceOwnerName { code, names });
            }
            Ok(Answer::Keep(Arc::new(by_number)))
        };
        self.0.service_owner_names.get((), ask).await
    }
}

/// `A B C` becomes `C A B`: the register writes the family name first, and it is shown last.
fn last_word_first(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{last} {}", others.join(" ")),
        Some(_) | None => name.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_moves_to_the_front() {
        assert_eq!(last_word_first("UROMANTISK LITTERATUR"), "LITTERATUR UROMANTISK");
        assert_eq!(last_word_first("A B  C"), "C A B");
        assert_eq!(last_word_first("A"), "A");
    }
}
