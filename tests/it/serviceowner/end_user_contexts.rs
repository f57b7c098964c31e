//! `GET /serviceowner/dialogs/endusercontext`.

use dialogporten::domain::ids::DialogId;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Edit, ORGANIZATION, PERSON, TestApp, simple_dialog, simple_dialog_for};

const PATH: &str = "serviceowner/dialogs/endusercontext";

fn party() -> String {
    format!("urn:altinn:person:identifier-no:{PERSON}")
}

async fn list(owner: &Client<'_>, query: &str) -> Value {
    owner.get(&format!("{PATH}?party={}{query}", party())).await.expect(200).body
}

fn ids(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["dialogId"].as_str().expect("an id").to_owned())
        .collect()
}

async fn labels(app: &TestApp, dialog: DialogId, add: &[&str]) -> Answer {
    let path = format!("serviceowner/dialogs/{dialog}/endusercontext/systemlabels?enduserId={}", party());
    app.service_owner("ttd").put(&path, json!({ "addLabels": add })).await.expect(204)
}

/// Newest content first: each a second after the one before.
async fn dialogs<const N: usize>(app: &TestApp) -> [DialogId; N] {
    let mut made = [DialogId(uuid::Uuid::nil()); N];
    for place in &mut made {
        *place = app.service_owner("ttd").creates(simple_dialog()).await;
        app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    made
}

/// EC-001, EC-005: the whole answer, and nothing.
#[tokio::test]
async fn any_of_the_labels_will_do() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    assert_json_snapshot!("nothing", list(&owner, "").await);
    let [dialog] = dialogs(&app).await;
    let revision = labels(&app, dialog, &["Archive", "MarkedAsUnopened"]).await.etag().to_owned();
    let page = list(&owner, "&label=Archive&label=Bin").await;
    assert_eq!(page["items"][0]["endUserContextRevision"], revision);
    let shown = page.to_string().replace(&dialog.to_string(), "[dialog]").replace(&revision, "[revision]");
    assert_json_snapshot!("one", serde_json::from_str::<Value>(&shown).expect("JSON"));
    for (query, found) in [
        ("&label=Bin", false),
        ("&label=Default", false),
        ("&label=Sent", false),
        ("&label=Default&label=Bin", false),
        ("&label=markedasunopened", true),
        ("&label=4", true),
        ("&LABEL=Archive,MarkedAsUnopened", true),
        ("&label=Default&label=Archive", true),
        ("", true),
    ] {
        let page = list(&owner, query).await;
        assert_eq!(ids(&page).len(), usize::from(found), "{query}: {page}");
        assert!(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .all(|item| item["systemLabels"] == json!(["Archive", "MarkedAsUnopened"]))
        );
    }
    labels(&app, dialog, &["Default"]).await;
    assert_eq!(list(&owner, "&label=Archive").await["items"], json!([]));
    assert_eq!(ids(&list(&owner, "&label=Default").await).len(), 1);
}

/// EC-002: filtered before paged, each once, with a token exactly where there is more.
#[tokio::test]
async fn pages_hold_what_matches() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let [a, b, c, d] = dialogs(&app).await;
    for (dialog, label) in [(a, "Archive"), (b, "Archive"), (c, "Bin"), (d, "Archive")] {
        labels(&app, dialog, &[label]).await;
    }
    for query in ["&label=Archive", "&label=Archive&label=MarkedAsUnopened", "&label=Archive&label=Default"] {
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page = list(&owner, &format!("{query}&limit=1{token}")).await;
            assert_eq!(page["orderBy"], "contentupdatedat_desc,id_desc");
            found.extend(ids(&page));
            assert_eq!(page["hasNextPage"] == true, page["continuationToken"].is_string(), "{page}");
            let Some(next) = page["continuationToken"].as_str() else { break };
            token = format!("&continuationToken={next}");
        }
        assert_eq!(found, [d, b, a].map(|id| id.to_string()), "{query}");
    }
    let behind = list(
        &owner,
        "&label=Archive&continuationToken=contentupdatedat_2020-01-01,id_00000000-0000-7000-8000-000000000000",
    )
    .await;
    assert_eq!((behind["items"].clone(), behind.get("continuationToken")), (json!([]), None));
}

/// Dialogs of one instant are told apart by their ids, over page borders too.
#[tokio::test]
async fn equal_times_do_not_lose_any() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let at = app.clock.now() - chrono::TimeDelta::hours(1);
    let mut made = Vec::new();
    for _ in 0..7 {
        let body = simple_dialog().with("createdAt", at.to_rfc3339()).with("updatedAt", at.to_rfc3339());
        made.push(app.admin().creates(body).await.to_string());
    }
    made.sort_unstable_by(|a, b| b.cmp(a));
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = list(&owner, &format!("&limit=3{token}")).await;
        found.extend(ids(&page));
        let Some(next) = page["continuationToken"].as_str() else { break };
        token = format!("&continuationToken={next}");
    }
    assert_eq!(found, made);
}

/// EC-003, EC-004; whose, and in what state.
#[tokio::test]
async fn parties_times_and_owners() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let [first, second] = dialogs(&app).await;
    let of_organization = owner.creates(simple_dialog_for(ORGANIZATION)).await;
    let both = format!("&party=urn:altinn:organization:identifier-no:{ORGANIZATION}");
    assert_eq!(ids(&list(&owner, &both).await), [of_organization, second, first].map(|id| id.to_string()));
    assert_eq!(ids(&list(&owner, &format!("{both}&party={}", party().to_uppercase())).await).len(), 3, "named twice");
    let at = owner.reads(second).await["contentUpdatedAt"].as_str().expect("a time").to_owned();
    assert_eq!(ids(&list(&owner, &format!("&contentUpdatedAfter={at}")).await), [second.to_string()]);
    let later = (app.clock.now() + chrono::TimeDelta::days(1)).to_rfc3339().replace('+', "%2B");
    assert_eq!(list(&owner, &format!("&contentUpdatedAfter={later}")).await["items"], json!([]));

    // Somebody else's, also for an administrator.
    let foreign = simple_dialog().with("serviceResource", "urn:altinn:resource:brg-dialogporten-automated-tests");
    let foreign = app.service_owner("brg").creates(foreign).await;
    assert_eq!(ids(&list(&app.service_owner("brg"), "").await), [foreign.to_string()]);
    assert_eq!(ids(&list(&app.admin(), "").await), [second, first].map(|id| id.to_string()));
    assert_eq!(list(&app.service_owner("hko"), "").await["items"], json!([]));

    // Deleted, expired and not yet visible ones.
    let at = |days: i64| (app.clock.now() + chrono::TimeDelta::days(days)).to_rfc3339();
    let hidden = owner.creates(simple_dialog().with("visibleFrom", at(9))).await;
    let expiring = owner.creates(simple_dialog().with("expiresAt", at(1))).await;
    labels(&app, expiring, &["Bin"]).await;
    labels(&app, first, &["Bin"]).await;
    owner.delete(&format!("serviceowner/dialogs/{first}")).await.expect(204);
    app.clock.advance(chrono::TimeDelta::days(2));
    let mut all = ids(&list(&owner, "").await);
    all.sort_unstable();
    let mut expected = [first, second, hidden, expiring].map(|id| id.to_string());
    expected.sort_unstable();
    assert_eq!(all, expected);
    let mut binned = ids(&list(&owner, "&label=Bin").await);
    binned.sort_unstable();
    let mut expected = vec![expiring.to_string()];
    // A non-silent deletion takes the label off; a dialog that carries it is found, deleted or not.
    if owner.reads(first).await["systemLabel"] == "Bin" {
        expected.push(first.to_string());
    }
    expected.sort_unstable();
    assert_eq!(binned, expected);
}

#[tokio::test]
async fn odd_requests_are_refused() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let refused = async |query: &str| owner.get(&format!("{PATH}{query}")).await.expect(400).body["errors"].clone();
    assert_eq!(refused("").await, json!({"party": ["'Party' must not be empty."]}));
    assert_eq!(refused("?party=[]").await, json!({"party": ["'Party' must not be empty."]}));
    assert_eq!(
        refused("?party=x").await.as_object().map(|errors| errors.keys().cloned().collect::<Vec<_>>()),
        Some(vec!["party[0]".into()])
    );
    let many = |count: usize| {
        (0..count).map(|n| format!("party=urn:altinn:person:legacy-selfidentified:u{n}")).collect::<Vec<_>>().join("&")
    };
    owner.get(&format!("{PATH}?{}", many(20))).await.expect(200);
    assert_eq!(
        refused(&format!("?{}", many(21))).await,
        json!({"party.Count": ["'Count' must be less than or equal to '20'."]})
    );
    let undefined = "'Label' has a range of values which does not include '77'.";
    let errors =
        refused(&format!("?party={}&limit=0&label=77&continuationToken=id_{}", party(), uuid::Uuid::nil())).await;
    assert_eq!(
        errors,
        json!({
            "limit": ["'Limit' must be between 1 and 1000. You entered 0."],
            "continuationToken": ["ContinuationToken does not match OrderBy. Missing token keys: [contentupdatedat]."],
            "label[0]": [undefined],
        })
    );
    for odd in ["limit=x", "label=attic", "contentUpdatedAfter=soon", "continuationToken=x", "limit=1001"] {
        refused(&format!("?party={}&{odd}", party())).await;
    }
    owner
        .with_scopes(&["digdir:dialogporten.serviceprovider"])
        .get(&format!("{PATH}?party={}", party()))
        .await
        .expect(403);
}
