//! The dialog token: what it says, and that others can verify it.

use std::process::{Command, Stdio};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use dialogporten::config::KeyPair;
use serde_json::{Value, json};

use crate::harness::{
    Edit, PERSON, RESOURCE, TestApp, localized, simple_dialog, simple_dialog_for, simple_transmission,
};

const SYSTEM_USER: &str = "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";

fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).expect("three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

fn token(dialog: &Value) -> String {
    dialog["dialogToken"].as_str().unwrap_or_else(|| panic!("a token in {dialog}")).to_owned()
}

/// DT-001; chapter 03 §9.2
#[tokio::test]
async fn a_token_says_who_may_do_what_with_which_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let action = json!({
        "action": "some_unauthorized_action",
        "url": "https://example.com/gui",
        "priority": "Tertiary",
        "title": localized("Gjør det"),
    });
    let body = simple_dialog()
        .and("guiActions", action)
        .and("transmissions", simple_transmission().with("authorizationAttribute", "element1"));
    let dialog = owner.creates(body).await;
    let person = format!("urn:altinn:person:identifier-no:{PERSON}");

    let (first, second) = (app.person(PERSON).opens(dialog).await, app.person(PERSON).opens(dialog).await);

    let (header, mut claims) = (part(&token(&first), 0), part(&token(&first), 1));
    assert_eq!(header, json!({ "alg": "EdDSA", "typ": "JWT", "kid": "dialogporten-primary" }));
    let jti = claims["jti"].take();
    assert_ne!(jti, part(&token(&second), 1)["jti"]);
    let issued = claims["iat"].as_i64().expect("a time");
    assert!((app.clock.now().timestamp() - issued).abs() < 60);
    assert_eq!(
        claims.without("jti"),
        json!({
            "c": person,
            "l": 3,
            "p": person,
            "s": RESOURCE,
            "i": dialog,
            "a": "read;transmissionread,element1",
            "iss": app.url("/api/v1"),
            "iat": issued,
            "nbf": issued,
            "exp": issued + 600,
        })
    );
    assert!(owner.reads(dialog).await.get("dialogToken").is_none());
    let for_person = owner.get(&format!("serviceowner/dialogs/{dialog}?endUserId={person}")).await.expect(200);
    assert!(!for_person.text.contains("dialogToken"));

    let theirs = owner.creates(simple_dialog_for("310057223")).await;
    let claims = part(&token(&app.system_user(SYSTEM_USER).opens(theirs).await), 1);
    assert_eq!(claims["l"], 3);
    let system_user = format!("urn:altinn:systemuser:uuid:{SYSTEM_USER}");
    assert!([&claims["c"], &claims["y"]].contains(&&json!(system_user)), "{claims}");
}

/// DT-002: a library of another language verifies tokens from the published keys, before and after the keys were changed, and
/// nothing that differs in one character.
#[tokio::test]
async fn others_verify_tokens_before_and_after_a_change_of_keys() {
    let Some(verifier) = Verifier::find() else {
        eprintln!("skipped: neither python3 with joserfc nor node is here");
        return;
    };
    let (old, new) = (KeyPair::generate("old"), KeyPair::generate("new"));
    // Published beside the one in use; then in use, with the old one beside it.
    let mut verdicts = Vec::new();
    let mut issued = Vec::new();
    for (primary, secondary) in [(&old, &new), (&new, &old)] {
        let app = TestApp::start_with_keys(primary, secondary).await;
        let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
        issued.push(token(&app.person(PERSON).opens(dialog).await));
        let keys = app.anonymous().get(".well-known/jwks.json").await.expect(200).body;
        for token in &issued {
            verdicts.push(verifier.accepts(&keys, token));
        }
        let latest = issued.last().expect("one was just issued");
        assert_eq!(part(latest, 0)["kid"], primary.kid);
        // One character in each part, another one of the alphabet. The last of a part may hold bits that mean nothing.
        for at in 0..3 {
            let begin = latest.split('.').take(at).map(|part| part.len() + 1).sum::<usize>();
            let mut forged = latest.clone().into_bytes();
            forged[begin + 10] = if forged[begin + 10] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("ASCII");
            assert!(!verifier.accepts(&keys, &forged), "part {at} was changed");
        }
    }
    assert_eq!(verdicts, [true, true, true], "the old token under both key sets, the new one under the new");
}

/// A program in another language that verifies a token from a key set.
enum Verifier {
    Python,
    Node,
}

const PYTHON: &str = "
import json, sys
from joserfc import jwk, jwt
keys, token = json.loads(sys.stdin.read())
try:
    jwt.decode(token, jwk.KeySet.import_key_set(keys), algorithms=['EdDSA', 'Ed25519'])
    print('yes')
except Exception as error:
    print('no', type(error).__name__)
";

const NODE: &str = "
const crypto = require('crypto');
const [keys, token] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
try {
    const [header, payload, signature] = token.split('.');
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url'));
    const key = crypto.createPublicKey({ key: keys.keys.find(key => key.kid === kid), format: 'jwk' });
    const good = alg === 'EdDSA'
        && crypto.verify(null, Buffer.from(header + '.' + payload), key, Buffer.from(signature, 'base64url'));
    console.log(good ? 'yes' : 'no');
} catch (error) {
    console.log('no', error.name);
}
";

impl Verifier {
    fn find() -> Option<Self> {
        let runs = |program: &str, arguments: [&str; 2]| {
            let silent = || Stdio::null();
            let mut command = Command::new(program);
            command.args(arguments).stdin(silent()).stdout(silent()).stderr(silent());
            command.status().is_ok_and(|status| status.success())
        };
        if runs("python3", ["-c", "import joserfc"]) {
            Some(Self::Python)
        } else if runs("node", ["-e", "0"]) {
            Some(Self::Node)
        } else {
            None
        }
    }

    fn accepts(&self, keys: &Value, token: &str) -> bool {
        use std::io::Write;
        let arguments = match self {
            Self::Python => ("python3", ["-c", PYTHON]),
            Self::Node => ("node", ["-e", NODE]),
        };
        let mut child = Command::new(arguments.0)
            .args(arguments.1)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it ran a moment ago");
        let question = json!([keys, token]).to_string();
        child.stdin.take().expect("piped").write_all(question.as_bytes()).expect("it listens");
        let output = child.wait_with_output().expect("it ends");
        let answer = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(answer.starts_with("yes") || answer.starts_with("no"), "{answer}");
        answer.starts_with("yes")
    }
}
