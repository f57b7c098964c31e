//! The demo provider (chapter 07 §11): patches that append.

use dialogporten::auth::Scope;
use serde_json::json;

use super::unquoted;
use crate::harness::{TestApp, localized, simple_activity, simple_dialog, simple_transmission};

/// Checklist row 6
#[tokio::test]
async fn demo_provider_appends_by_patch() {
    let app = TestApp::start().await;
    let provider = app.service_owner("ttd").with_scopes(&[
        Scope::ServiceProvider.as_str(),
        Scope::Admin.as_str(),
        Scope::Search.as_str(),
        Scope::LegacyHtml.as_str(),
    ]);
    let id = unquoted(&provider.post("serviceowner/dialogs", simple_dialog()).await.expect(201));
    let path = format!("serviceowner/dialogs/{id}");
    let attachment = json!({
        "displayName": localized("Vedlegg"), "urls": [{ "url": "https://example.com/1", "consumerType": "Gui" }],
    });
    let action = json!({
        "action": "write", "url": "https://example.com/w", "priority": "Primary", "httpMethod": "POST", "title": localized("Send"),
    });
    for _ in 0..2 {
        let operations = json!([
            { "op": "add", "path": "/activities/-", "value": simple_activity("DialogOpened") },
            { "op": "add", "path": "/transmissions/-", "value": simple_transmission() },
            { "op": "add", "path": "/attachments/-", "value": attachment },
            { "op": "replace", "path": "/status", "value": "RequiresAttention" },
            { "op": "replace", "path": "/guiActions", "value": [action] },
        ]);
        provider.patch(&path, operations).await.expect(204);
    }
    let read = provider.get(&path).await.expect(200).body;
    for (list, length) in [("activities", 2), ("transmissions", 2), ("attachments", 2), ("guiActions", 1)] {
        assert_eq!(read[list].as_array().unwrap().len(), length, "{list}");
    }
    assert_eq!(read["status"], "RequiresAttention");
}
