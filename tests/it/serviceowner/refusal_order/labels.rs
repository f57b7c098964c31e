//! Labels of both kinds.

use dialogporten::domain::ids::DialogId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{NOBODY, STALE, Stage, play, row, stale};
use crate::harness::{Edit, OTHER_PERSON, PERSON, TestApp};

/// Chapter 01 §8.1
#[tokio::test]
async fn labelling() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId| format!("serviceowner/dialogs/{dialog}/context/labels");
    let (good, invalid) = (json!({ "value": "good" }), json!({ "value": "a" }));
    play(
        Method::POST,
        vec![
            row(
                "malformed revision, unknown",
                &stage.owner.clone().if_match("x"),
                path(stage.unknown),
                good.clone(),
                (400, "If-Match"),
            ),
            row("no object, unknown", &stage.owner, path(stage.unknown), json!([]), (400, "SerializerErrors")),
            row("all zero, invalid", &stage.owner, path(DialogId(Uuid::nil())), invalid.clone(), (400, "dialogId")),
            row("unknown, invalid", &stage.owner, path(stage.unknown), invalid.clone(), (404, "DialogEntity")),
            row("unknown, stale", &stale(&stage.owner), path(stage.unknown), good.clone(), (404, "DialogEntity")),
            row("foreign, stale", &stale(&stage.stranger), path(stage.live), good.clone(), (404, "DialogEntity")),
            row("deleted, stale", &stale(&stage.owner), path(stage.deleted), good.clone(), (404, "DialogEntity")),
            row("stale, invalid", &stale(&stage.owner), path(stage.live), invalid.clone(), (412, "")),
            row("stale, frozen", &stale(&stage.owner), path(stage.frozen), good, (412, "")),
        ],
    )
    .await;
    let one = |dialog: DialogId| format!("{}/some-label", path(dialog));
    let null = Value::Null;
    play(
        Method::DELETE,
        vec![
            row(
                "malformed revision, unknown",
                &stage.owner.clone().if_match("x"),
                one(stage.unknown),
                null.clone(),
                (400, "If-Match"),
            ),
            row("unknown, stale", &stale(&stage.owner), one(stage.unknown), null.clone(), (404, "DialogEntity")),
            row("deleted, unknown label", &stage.owner, one(stage.deleted), null.clone(), (404, "DialogEntity")),
            row("unknown label, stale", &stale(&stage.owner), one(stage.live), null, (404, "Label")),
        ],
    )
    .await;
}

/// Chapter 01 §8.2
#[tokio::test]
async fn labelling_on_behalf_of_an_end_user() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let path = |dialog: DialogId, person: &str| {
        let end_user = if person.is_empty() {
            String::new()
        } else {
            format!("?enduserId=urn:altinn:person:identifier-no:{person}")
        };
        format!("serviceowner/dialogs/{dialog}/endusercontext/systemlabels{end_user}")
    };
    let (bin, sent) = (json!({ "addLabels": ["Bin"] }), json!({ "addLabels": ["Sent"] }));
    let performer = json!({ "actorType": "PartyRepresentative", "actorId": NOBODY });
    let named = bin.clone().with("performedBy", performer);
    play(
        Method::PUT,
        vec![
            row("bad end user, no object", &stage.owner, path(stage.live, "1"), json!([]), (400, "EndUserId")),
            row(
                "malformed revision, invalid",
                &stage.owner.clone().if_match("x"),
                path(stage.live, PERSON),
                sent.clone(),
                (400, "If-Match"),
            ),
            row("nobody, Sent", &stage.owner, path(stage.live, ""), sent.clone(), (400, "endUserId")),
            row("Sent, nobody", &stage.owner, path(stage.live, ""), sent.clone(), (400, "addLabels[0]")),
            row("both, no administrator", &stage.owner, path(stage.live, PERSON), named.clone(), (400, "endUserId")),
            row("Sent, unknown", &stage.owner, path(stage.unknown, PERSON), sent.clone(), (400, "addLabels[0]")),
            row(
                "Sent, out of reach",
                &stage.owner,
                path(stage.live, OTHER_PERSON),
                sent.clone(),
                (400, "addLabels[0]"),
            ),
            row("Sent, stale", &stale(&stage.owner), path(stage.live, PERSON), sent.clone(), (400, "addLabels[0]")),
            row(
                "unknown, stale",
                &stale(&stage.owner),
                path(stage.unknown, PERSON),
                bin.clone(),
                (404, "DialogEntity"),
            ),
            row(
                "foreign, out of reach",
                &stage.stranger,
                path(stage.live, OTHER_PERSON),
                bin.clone(),
                (404, "DialogEntity"),
            ),
            row(
                "deleted, stale",
                &stale(&stage.owner),
                path(stage.deleted, PERSON),
                bin.clone(),
                (404, "DialogEntity"),
            ),
            row(
                "unknown, no administrator",
                &stage.owner,
                path(stage.unknown, ""),
                named.clone(),
                (404, "DialogEntity"),
            ),
            row(
                "no administrator, stale",
                &stale(&stage.owner),
                path(stage.live, ""),
                named.clone(),
                (403, "Forbidden"),
            ),
            row(
                "no administrator, unknown performer",
                &stage.owner,
                path(stage.live, ""),
                named.clone(),
                (403, "Forbidden"),
            ),
            row(
                "out of reach, stale",
                &stale(&stage.owner),
                path(stage.live, OTHER_PERSON),
                bin.clone(),
                (403, "Forbidden"),
            ),
            row("stale, unknown performer", &stale(&stage.admin), path(stage.live, ""), named.clone(), (412, "")),
            row("stale, frozen", &stale(&stage.owner), path(stage.frozen, PERSON), bin.clone(), (412, "")),
        ],
    )
    .await;
    let bulk = |person: &str| {
        let path = path(stage.live, person).replace(&format!("/{}/", stage.live), "/");
        path.replace("systemlabels", "systemlabels/actions/bulkset")
    };
    let over = |change: &Value, dialogs: &[DialogId]| {
        let dialogs: Vec<Value> =
            dialogs.iter().map(|id| json!({ "dialogId": id, "endUserContextRevision": STALE })).collect();
        change.clone().with("dialogs", dialogs)
    };
    play(
        Method::POST,
        vec![
            row("bad end user, no object", &stage.owner, bulk("1"), json!([]), (400, "EndUserId")),
            row(
                "twice, unknown",
                &stage.owner,
                bulk(PERSON),
                over(&bin, &[stage.unknown, stage.unknown]),
                (400, "dto.dialogs"),
            ),
            row("Sent, stale", &stage.owner, bulk(PERSON), over(&sent, &[stage.live]), (400, "dto.addLabels[0]")),
            row("nobody, none", &stage.owner, bulk(""), over(&bin, &[]), (400, "endUserId")),
            row("both, no administrator", &stage.owner, bulk(PERSON), over(&named, &[stage.live]), (400, "endUserId")),
            row(
                "no administrator, unknown",
                &stage.owner,
                bulk(""),
                over(&named, &[stage.unknown]),
                (403, "Forbidden"),
            ),
            row("no administrator, stale", &stage.owner, bulk(""), over(&named, &[stage.live]), (403, "Forbidden")),
            row(
                "unknown, stale",
                &stage.owner,
                bulk(PERSON),
                over(&bin, &[stage.live, stage.unknown]),
                (404, "DialogEntity"),
            ),
            row("deleted, stale", &stage.owner, bulk(PERSON), over(&bin, &[stage.deleted]), (404, "DialogEntity")),
            row(
                "out of reach, stale",
                &stage.owner,
                bulk(OTHER_PERSON),
                over(&bin, &[stage.live]),
                (404, "DialogEntity"),
            ),
            row("stale, unknown performer", &stage.admin, bulk(""), over(&named, &[stage.live]), (412, "")),
        ],
    )
    .await;
}
