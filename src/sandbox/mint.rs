//! The kinds of token and their claims (chapter 03 §11.2). Who may have one is decided elsewhere: the sandbox gives
//! everybody everything.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Sandbox, keys::KeyName};
use crate::domain::{Instant, party::PartyKind};

pub type Claims = Map<String, Value>;

/// What a token says about its holder. Ids that are left out are left out of the token.
#[derive(Clone, Debug)]
pub enum TokenKind {
    Enterprise(Enterprise),
    /// The older kind: an enterprise that acts through a user of its own.
    EnterpriseUser(Enterprise, EnterpriseUser),
    Person(Person),
    SystemUser(SystemUser),
    SelfIdentified(SelfIdentified),
    Email(SelfIdentified),
    /// A token of the platform itself for `app`; issued by `issuer` if that is given.
    Platform {
        app: String,
        issuer: Option<String>,
    },
    Consent {
        service_codes: String,
        offered_by: String,
        covered_by: String,
    },
}

#[derive(Clone, Debug, Default)]
pub struct Enterprise {
    pub scopes: String,
    pub org_no: String,
    pub org: Option<String>,
    pub supplier: Option<String>,
    pub delegation_source: Option<String>,
    pub client_id: String,
}

#[derive(Clone, Debug, Default)]
pub struct EnterpriseUser {
    pub user_id: u32,
    pub party_id: u32,
    pub party_uuid: Option<String>,
    pub user_name: String,
}

#[derive(Clone, Debug, Default)]
pub struct Person {
    pub pid: String,
    pub scopes: String,
    /// 1 to 4.
    pub level: u8,
    pub user_id: Option<u32>,
    pub party_id: Option<u32>,
    pub party_uuid: Option<String>,
    pub user_name: Option<String>,
    pub client_amr: String,
    pub consumer: Option<String>,
    pub delegation_source: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct SystemUser {
    pub id: String,
    pub scopes: String,
    /// The vendor that authenticated.
    pub consumer: String,
    /// The customer that owns the system user.
    pub owner: String,
    pub supplier: Option<String>,
    pub client_id: String,
}

/// A user with a name of its own choice, or with an e-mail address.
#[derive(Clone, Debug, Default)]
pub struct SelfIdentified {
    /// User name or e-mail address.
    pub name: String,
    pub scopes: String,
    pub user_id: u32,
    pub party_id: u32,
    pub party_uuid: String,
}

impl TokenKind {
    /// A service owner; `scopes` separated by spaces.
    pub fn enterprise(org: &str, org_no: &str, scopes: &str) -> Self {
        Self::Enterprise(Enterprise {
            scopes: scopes.to_owned(),
            org_no: org_no.to_owned(),
            org: Some(org.to_owned()),
            client_id: Uuid::new_v4().to_string(),
            ..Enterprise::default()
        })
    }

    /// A person who logged in at level 1 to 4.
    pub fn person(pid: &str, level: u8, scopes: &str) -> Self {
        let (pid, scopes) = (pid.to_owned(), scopes.to_owned());
        let client_amr = "virksomhetssertifikat".to_owned();
        Self::Person(Person { pid, scopes, level, client_amr, ..Person::default() })
    }

    /// A system user; `org_no` is both the vendor and the customer.
    pub fn system_user(id: &str, org_no: &str, scopes: &str) -> Self {
        Self::SystemUser(SystemUser {
            id: id.to_owned(),
            scopes: scopes.to_owned(),
            consumer: org_no.to_owned(),
            owner: org_no.to_owned(),
            supplier: None,
            client_id: Uuid::new_v4().to_string(),
        })
    }

    /// What the platform's own login says of a self-identified user who logged in at that instant; nothing for others.
    pub(super) fn user_claims(&self, since: Instant) -> Claims {
        match self {
            Self::Email(user) => user.email_claims(since),
            Self::SelfIdentified(user) => user.claims(),
            _ => Claims::new(),
        }
    }

    /// The claims at `now`, for `ttl` seconds (negative: expired).
    pub fn claims(&self, issuer: &str, now: Instant, ttl: i64) -> Claims {
        let mut claims = object(json!({
            "iss": issuer,
            "iat": now.timestamp(),
            "nbf": now.timestamp(),
            "exp": now.timestamp().saturating_add(ttl),
            "actual_iss": "altinn-test-tools",
        }));
        claims.extend(match self {
            Self::Enterprise(enterprise) => enterprise.claims("maskinporten"),
            Self::EnterpriseUser(enterprise, user) => {
                let mut claims = enterprise.claims("virksomhetsbruker");
                claims.extend(user.claims());
                claims
            }
            Self::Person(person) => person.claims(),
            Self::SystemUser(system_user) => system_user.claims(),
            Self::SelfIdentified(user) => user.claims(),
            Self::Email(user) => user.email_claims(now),
            Self::Platform { app, issuer } => {
                let mut claims = object(json!({"urn:altinn:app": app}));
                optional(&mut claims, "iss", issuer.as_deref());
                claims
            }
            Self::Consent { service_codes, offered_by, covered_by } => object(json!({
                "AuthorizationCode": Uuid::new_v4(),
                "OfferedBy": offered_by,
                "CoveredBy": covered_by,
                "Services": service_codes.split(',').map(str::trim).collect::<Vec<_>>(),
            })),
        });
        claims
    }
}

impl Enterprise {
    fn claims(&self, method: &str) -> Claims {
        let mut claims = object(json!({
            "scope": self.scopes,
            "token_type": "Bearer",
            "client_id": self.client_id,
            "jti": Uuid::new_v4(),
            "consumer": authority(&self.org_no),
            "urn:altinn:orgNumber": self.org_no,
            "urn:altinn:authenticatemethod": method,
            "urn:altinn:authlevel": 3,
        }));
        optional(&mut claims, "urn:altinn:org", self.org.as_deref());
        optional(&mut claims, "supplier", self.supplier.as_deref().map(authority));
        optional(&mut claims, "delegation_source", self.delegation_source.as_deref());
        claims
    }
}

impl EnterpriseUser {
    fn claims(&self) -> Claims {
        let mut claims = object(json!({
            "urn:altinn:userid": self.user_id,
            "urn:altinn:username": self.user_name,
            "urn:altinn:partyid": self.party_id,
        }));
        optional(&mut claims, "urn:altinn:party:uuid", self.party_uuid.as_deref());
        claims
    }
}

impl Person {
    fn claims(&self) -> Claims {
        let mut claims = object(json!({
            "pid": self.pid,
            "acr": match self.level {
                3 => "idporten-loa-substantial",
                4 => "idporten-loa-high",
                _ => "idporten-loa-low",
            },
            "urn:altinn:authlevel": self.level.to_string(),
            "urn:altinn:authenticatemethod": "NotDefined",
            "client_amr": self.client_amr,
            "token_type": "Bearer",
            "client_id": Uuid::new_v4(),
            "scope": self.scopes,
        }));
        optional(&mut claims, "urn:altinn:userid", self.user_id);
        optional(&mut claims, "nameid", self.user_id);
        optional(&mut claims, "urn:altinn:partyid", self.party_id);
        optional(&mut claims, "urn:altinn:party:uuid", self.party_uuid.as_deref());
        optional(&mut claims, "urn:altinn:username", self.user_name.as_deref());
        optional(&mut claims, "consumer", self.consumer.as_deref().map(authority));
        optional(&mut claims, "client_orgno", self.consumer.as_deref().map(authority));
        optional(&mut claims, "delegation_source", self.delegation_source.as_deref());
        claims
    }
}

impl SystemUser {
    fn claims(&self) -> Claims {
        let mut claims = object(json!({
            "scope": self.scopes,
            "client_id": self.client_id,
            "consumer": authority(&self.consumer),
            "jti": Uuid::new_v4(),
            "authorization_details": [{
                "type": "urn:altinn:systemuser",
                "systemuser_id": [self.id],
                "systemuser_org": authority(&self.owner),
                "system_id": Uuid::new_v4(),
            }],
            "urn:altinn:authenticatemethod": "maskinporten",
            "urn:altinn:authlevel": 3,
            "token_type": "Bearer",
        }));
        optional(&mut claims, "supplier", self.supplier.as_deref().map(authority));
        claims
    }
}

impl SelfIdentified {
    fn claims(&self) -> Claims {
        let session = Uuid::new_v4();
        object(json!({
            "sub": format!("urn:altinn:party:uuid:{}", self.party_uuid),
            "sid": session,
            "jti": session,
            "urn:altinn:party:uuid": self.party_uuid,
            "urn:altinn:partyid": self.party_id,
            "urn:altinn:userid": self.user_id,
            "urn:altinn:username": self.name,
            "orignaliss": "altinn2", // so spelled by the platform
            "acr": "idporten-loa-low",
            "urn:altinn:authlevel": 0,
            "amr": ["SelfIdentified"],
            "urn:altinn:authenticatemethod": "SelfIdentified",
            "scope": self.scopes,
        }))
    }

    fn email_claims(&self, now: Instant) -> Claims {
        let mut claims = self.claims();
        claims.extend(object(json!({
            "orignaliss": "idporten",
            "acr": "selfregistered-email",
            "amr": ["Selfregistered-email"],
            "urn:altinn:authenticatemethod": "IdportenEpost",
            "urn:altinn:username": format!("epost:{}", self.name),
            "email": self.name,
            "urn:altinn:party:external-identifier": format!("{}{}", PartyKind::Email.prefix(), self.name),
            "auth_time": now.timestamp(),
        })));
        claims
    }
}

/// How long a token is valid unless somebody says otherwise.
pub const TTL_SECONDS: i64 = 1800;

/// What end users' tokens need.
pub const END_USER_SCOPES: &str = "digdir:dialogporten";

/// What service owners' tokens usually have.
pub const SERVICE_OWNER_SCOPES: &str = "digdir:dialogporten.serviceprovider digdir:dialogporten.serviceprovider.search \
    digdir:dialogporten.serviceprovider.changetransmissions digdir:dialogporten.correspondence";

/// What lets one service owner act for all of them.
pub const ADMIN_SCOPE: &str = "digdir:dialogporten.serviceprovider.admin";

impl Sandbox {
    /// A token as the test tools' endpoints return it: signed by the `altinn` issuer.
    pub fn mint(&self, kind: &TokenKind, ttl: i64) -> String {
        let key = self.key(KeyName::Altinn);
        key.sign(&self.altinn_header(), &kind.claims(&self.issuer(KeyName::Altinn), self.clock().now(), ttl))
    }

    /// Tokens of this issuer carry the certificate's thumbprint as plain text in `x5c`, where the standard has a list.
    pub fn altinn_header(&self) -> Map<String, Value> {
        let key = self.key(KeyName::Altinn);
        let mut header = key.header();
        header.insert("x5c".into(), key.kid.clone().into());
        header
    }

    /// A service owner's token; `scopes` separated by spaces.
    pub fn enterprise(&self, org: &str, org_no: &str, scopes: &str) -> String {
        self.mint(&TokenKind::enterprise(org, org_no, scopes), TTL_SECONDS)
    }

    /// A person's token, at level 1 to 4.
    pub fn person(&self, pid: &str, level: u8, scopes: &str) -> String {
        self.mint(&TokenKind::person(pid, level, scopes), TTL_SECONDS)
    }

    /// A system user's token; `org_no` is both the vendor and the customer.
    pub fn system_user(&self, id: &str, org_no: &str, scopes: &str) -> String {
        self.mint(&TokenKind::system_user(id, org_no, scopes), TTL_SECONDS)
    }

    /// The token of somebody who logged in with an e-mail address; ids are those of the world.
    pub fn email(&self, address: &str, scopes: &str) -> String {
        self.mint(&TokenKind::Email(self.self_identified(address, scopes)), TTL_SECONDS)
    }

    /// A token with these claims and this header, nothing added.
    pub fn raw(&self, claims: &Claims, header: &Map<String, Value>, key: KeyName) -> String {
        self.key(key).sign(header, claims)
    }

    /// The organization that system user tokens name unless told otherwise. Test suites expect a fixed one; worlds that do
    /// not have it use the system user's own.
    pub(super) fn default_system_user_owner(&self, id: &str) -> String {
        const USUAL: &str = "310057223";
        let world = self.world();
        let own = || world.system_user(id).and_then(|user| user.organization.clone());
        let usual = world.organization(USUAL).map(|_| USUAL.to_owned());
        usual.or_else(own).unwrap_or_else(|| USUAL.to_owned())
    }

    /// A self-identified user with the ids of the world, or with ids of nobody.
    pub(super) fn self_identified(&self, name: &str, scopes: &str) -> SelfIdentified {
        let world = self.world();
        let known = world.self_identified(name);
        SelfIdentified {
            name: name.to_owned(),
            scopes: scopes.to_owned(),
            user_id: known.and_then(|user| user.user_id).unwrap_or_default(),
            party_id: known.and_then(|user| user.party_id).unwrap_or_else(random_id),
            party_uuid: known.map_or_else(Uuid::new_v4, |user| user.party_uuid).to_string(),
        }
    }
}

/// A number as the platform gives to users and parties.
fn random_id() -> u32 {
    let [a, b, c, ..] = *Uuid::new_v4().as_bytes();
    50_000_000 + u32::from_be_bytes([0, a, b, c])
}

/// An organization as Maskinporten names it.
pub fn authority(org_no: &str) -> Value {
    json!({"authority": "iso6523-actorid-upis", "ID": format!("0192:{org_no}")})
}

pub fn optional(claims: &mut Claims, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        claims.insert(name.to_owned(), value.into());
    }
}

pub fn object(value: Value) -> Claims {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
