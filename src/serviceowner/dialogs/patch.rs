//! `PATCH /serviceowner/dialogs/{dialogId}`: JSON Patch over what PUT replaces, with transmissions and activities empty.
//!
//! Order of refusals: 400 for a document that is no JSON Patch, 404, 400 (as a bare map) for an operation that cannot be
//! applied; then everything that PUT refuses.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::json;

use super::update::Update;
use crate::{
    access::owner,
    app::App,
    auth::ServiceOwner,
    domain::{ids::DialogId, refusal::Refusal, violations::Violations},
    heavy,
    http::{
        answer,
        body::read_body,
        if_match::IfMatch,
        json::{self, UnknownMember, expect_media_type, told_or_refused},
        json_patch,
        path::Path,
    },
    openapi::{Operation, Route},
    serviceowner::{body::SilentQuery, input::UpdateDialog},
};

const MEDIA_TYPES: [&str; 2] = ["application/json-patch+json", "application/json"];

/// The key of operations that cannot be applied: the name of what is patched.
const PATCHED: &str = "UpdateDialogDto";

/// As the API documents show it.
pub fn operation() -> Operation {
    let mut operation = Route::patch("/api/v1/serviceowner/dialogs/{dialogId}", patch)
        .named("PatchDialog", "V1ServiceOwnerDialogsPatchDialog")
        .about(
            "Changes parts of a dialog",
            "A JSON Patch (RFC 6902) over the document that PUT takes, as it is now; indices follow the order in which lists \
             are read. Transmissions and activities are empty in that document: what you add to them is appended.",
        );
    let one = operation.written(
        "JsonPatchOperation",
        json!({"type": "object", "properties": {
            "op": {"type": "string"},
            "path": {"type": "string"},
            "from": {"type": "string", "nullable": true},
            "value": {},
        }}),
    );
    operation
        .if_match()
        .body_as(&MEDIA_TYPES, &json!({"type": "array", "items": one}))
        .example(&json!([
            {"op": "replace", "path": "/progress", "value": 50},
            {"op": "add", "path": "/activities/-", "value": {
                "type": "PaymentMade", "performedBy": {"actorType": "ServiceOwner"},
            }},
        ]))
        .no_content_with_etag()
        .json_refusals(&[400, 403, 404, 409, 410, 412, 422])
}

/// Changes parts of a dialog.
pub async fn patch(
    State(app): State<App>,
    caller: ServiceOwner,
    Path(id): Path<DialogId>,
    expected: IfMatch,
    silent: SilentQuery,
    request: Request,
) -> Result<Response, Refusal> {
    let now = app.clock.now();
    let silent = silent.read()?;
    expect_media_type(request.headers(), &MEDIA_TYPES)?;
    let text = read_body(request).await?;
    let mut weight = text.len();
    let operations = heavy::beside(weight, || json_patch::parse(&text)).await??;
    // Twenty megabytes that nobody needs while the dialog is fetched.
    drop(text);
    // A short patch can copy a long dialog many times: its length says nothing of its work.
    if json_patch::is_heavy(&operations) {
        weight = weight.max(heavy::HEAVY);
    }

    // Before 410 and 403: whether the operations can be applied is told even of a deleted dialog (§5).
    let dialog = owner::of_own_resource(&app, &caller, id).await?;
    weight += dialog.body.weight();
    let body = match heavy::beside(weight, || patched(UpdateDialog::from(&dialog), operations)).await? {
        Ok(body) => body,
        // A bare map and no problem document: the one answer of the contract that is (chapter 05 §A10).
        Err(Unfit::Operation(why)) => return Ok(answer::json(StatusCode::BAD_REQUEST, &json!({PATCHED: [why]}))),
        Err(Unfit::Unknown(found)) => return Err(found.into()),
    };
    let update = Update { app: &app, caller: &caller, expected, silent, now, weight };
    // Boxed for the same reason as in PUT.
    Ok(Box::pin(update.apply(dialog, body)).await?.into_response())
}

/// Why there is no document after the operations.
enum Unfit {
    /// One of them cannot be applied.
    Operation(String),
    /// The client does not want unknown members ignored.
    Unknown(Violations),
}

impl From<String> for Unfit {
    fn from(why: String) -> Self {
        Self::Operation(why)
    }
}

/// The document after the operations.
fn patched(projection: UpdateDialog, operations: Vec<json_patch::Operation>) -> Result<UpdateDialog, Unfit> {
    let document = written_out(&projection)?;
    // Each form of a large dialog goes before the next one is made.
    drop(projection);
    // The closure reads and writes the document again, which puts in the members that an operation left out.
    let patched = json_patch::apply(document, operations, |document| written_out(&read(&document)?.0))?;
    let (body, unknown) = read(&patched)?;
    told_or_refused(unknown).map_err(Unfit::Unknown)?;
    Ok(body)
}

/// With every member, absent ones as null: what a path may lead to.
fn written_out(body: &UpdateDialog) -> Result<Bytes, String> {
    serde_json::to_vec(body).map(Bytes::from).map_err(|error| error.to_string())
}

fn read(document: &[u8]) -> Result<(UpdateDialog, Vec<UnknownMember>), String> {
    json::parse(document).map_err(|found| {
        let texts = found.faults().map(|(path, fault)| format!("{path}: {}", fault.text));
        let why = texts.collect::<Vec<_>>().join(" ");
        format!("The value is invalid for target location. {why}")
    })
}
