//! `dialogLookup`.

use serde_json::{Value, json};

use super::{data, told};
use crate::harness::{Edit, OTHER_PERSON, PERSON, TestApp, simple_dialog};

const LOOKUP: &str = "query ($ref: String!) { dialogLookup(instanceRef: $ref) { errors { __typename message } lookup {
    dialogId instanceRef party title { value languageCode }
    serviceResource { id isDelegable minimumAuthenticationLevel name { value languageCode } }
    serviceOwner { orgNumber code name { value languageCode } }
    authorizationEvidence { currentAuthenticationLevel viaRole viaAccessPackage viaResourceDelegation viaInstanceDelegation
      evidence { grantType subject name { value languageCode } links { metadata } } } } } }";

/// GQ-004, GQ-005: what REST says, and why not.
#[tokio::test]
async fn an_instance_leads_to_its_dialog() {
    let app = TestApp::start().await;
    let id = uuid::Uuid::new_v4();
    let (user, stranger) = (app.person(PERSON), app.person(OTHER_PERSON));
    let label = json!([{"value": format!("urn:altinn:integration:storage:1337/{id}")}]);
    let dialog =
        app.service_owner("ttd").creates(simple_dialog().with("serviceOwnerContext.serviceOwnerLabels", label)).await;
    let reference = format!("urn:altinn:instance-id:1337/{id}");
    let payload = data(&user, LOOKUP, json!({"ref": reference.to_uppercase()})).await["dialogLookup"].clone();
    assert_eq!(payload["errors"], json!([]));
    let lookup = &payload["lookup"];
    assert_eq!((&lookup["dialogId"], &lookup["instanceRef"]), (&json!(dialog), &json!(reference)));
    assert_eq!(
        (&lookup["serviceResource"]["id"], &lookup["serviceOwner"]["code"]),
        (&json!("ttd-dialogporten-automated-tests"), &json!("ttd"))
    );
    let rest = user.get(&format!("enduser/dialoglookup?instanceRef={reference}")).await.expect(200).body;
    assert_eq!(plain(lookup.clone()), plain(rest));

    let unknown = format!("urn:altinn:instance-id:1337/{}", uuid::Uuid::new_v4());
    let missing = data(&user, LOOKUP, json!({"ref": unknown})).await["dialogLookup"].clone();
    assert_eq!(told(&missing)[0].0, "DialogLookupNotFound");
    assert!(told(&missing)[0].1.contains(&unknown) && missing["lookup"].is_null());
    let refused = data(&stranger, LOOKUP, json!({"ref": reference})).await["dialogLookup"].clone();
    assert_eq!(told(&refused), [("DialogLookupForbidden", "Forbidden")]);
    for nonsense in ["", "urn:altinn:unsupported:1", "null"] {
        let invalid = data(&user, LOOKUP, json!({"ref": nonsense})).await["dialogLookup"].clone();
        assert_eq!(told(&invalid)[0].0, "DialogLookupValidationError");
        assert!(told(&invalid)[0].1.contains("supported identifier"));
    }
}

/// Without nulls, and enums by their letters alone.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(name, value)| {
                    let value = if name == "grantType" {
                        json!(value.as_str().unwrap_or_default().replace('_', "").to_lowercase())
                    } else {
                        plain(value)
                    };
                    (name, value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        one => one,
    }
}
