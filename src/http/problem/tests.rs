use axum::{body::to_bytes, http::HeaderMap};
use serde_json::json;

use super::*;
use crate::domain::ids::Revision;

/// Status, headers and body of the answer to a request for `/dialogporten/api/v1/x?y=1`.
async fn answer(refusal: Refusal) -> serde_json::Value {
    let mut headers = HeaderMap::new();
    let parent = "00-7d1f0a6b5c4e3d2c1b0a998877665544-1122334455667788-01";
    headers.insert("traceparent", HeaderValue::from_static(parent));
    let uri = "/dialogporten/api/v1/x?y=1".parse().expect("a URI");
    let request = context::RequestContext::new(&headers, &uri);
    let trace = request.trace.to_string();
    let response = context::within(request, async { refusal.into_response() }).await;
    let headers: serde_json::Map<_, _> = response
        .headers()
        .iter()
        .filter(|(name, _)| *name != header::CONTENT_LENGTH)
        .map(|(name, value)| (name.to_string(), json!(value.to_str().expect("ASCII"))))
        .collect();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("UTF-8").replace(&trace, "[trace]");
    json!({ "status": status, "headers": headers, "body": body })
}

fn instant() -> Instant {
    "2031-04-05T06:07:08.123456Z".parse().expect("an instant")
}

#[tokio::test]
async fn every_refusal_has_its_form() {
    let secret = || anyhow::anyhow!("the inside").context("the outside");
    let mut answers = Vec::new();
    for refusal in [
        Refusal::Invalid(Violations::one("dto.content", Code::ValueMissing.says("'Content' must not be empty."))),
        Refusal::Unauthorized(None),
        Refusal::Unauthorized(Some(Code::TokenExpired.says("the token expired at \"noon\"").hint("Get a new one."))),
        Refusal::PolicyDenied(Denied {
            policy: "serviceproviderSearch",
            scope: "one two".to_owned(),
            fault: Code::ScopeMissing.says("the token lacks the scope two").hint("Ask for both."),
        }),
        Refusal::UserType {
            policy: "serviceprovider",
            allowed: &["ServiceOwner", "ServiceOwnerOnBehalfOfPerson"],
            actual: "SystemUser",
        },
        Refusal::forbidden(Code::DialogFrozen.says("User cannot modify frozen dialog")),
        Refusal::no_dialog(uuid::Uuid::nil().into()),
        Refusal::NotVisible { visible_from: instant() },
        Refusal::Expired { expires_at: instant() },
        Refusal::NotAcceptable,
        Refusal::Conflict {
            key: "",
            fault: Code::IdempotentKeyTaken.says("æ < & '").hint("Go on with it."),
            existing: Some(uuid::Uuid::nil()),
        },
        Refusal::Gone { entity: "DialogEntity", key: uuid::Uuid::nil().to_string() },
        Refusal::TooSlow,
        Refusal::overloaded(),
        Refusal::PreconditionFailed { current: Some(Revision(uuid::Uuid::nil())) },
        Refusal::PreconditionFailed { current: None },
        Refusal::TooLarge,
        Refusal::UnsupportedMediaType { accepted: vec!["application/json".to_owned()] },
        Refusal::Unprocessable(Violations::one("DueAt", Code::TimeNotFuture.says("Must be in the future"))),
        Refusal::BadGateway(secret()),
        Refusal::Fault(secret()),
    ] {
        answers.push((refusal.kind(), answer(refusal).await));
    }
    insta::assert_json_snapshot!(answers);
}
