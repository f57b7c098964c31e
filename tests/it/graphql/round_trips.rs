//! A root field waits for the database as often as its REST twin; a list of a hundred dialogs is one of them.

use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};

use super::{data, everything::Contract};
use crate::harness::{Client, PERSON, Proxy, TestApp, bare, database, simple_dialog};

/// Least turns of several runs: not each is warm.
async fn least(proxy: &Proxy, act: impl AsyncFn()) -> usize {
    let mut turns = usize::MAX;
    for _ in 0..5 {
        let before = proxy.turns();
        act().await;
        turns = turns.min(proxy.turns() - before);
    }
    turns
}

async fn asked(user: &Client<'_>, query: &str, variables: Value) {
    let found = data(user, query, variables).await;
    let payload = found.as_object().and_then(|found| found.values().next()).expect("a payload");
    assert!(payload.get("errors").is_none_or(|errors| errors == &json!([])), "{payload}");
}

#[tokio::test]
async fn root_fields_wait_as_often_as_rest() {
    let database = database().await;
    let proxy = &Proxy::before(&database.url).await;
    let url = proxy.url.clone();
    let app = TestApp::start_over(database, &url, bare(), &[("database.max_connections", "1")]).await;
    let (owner, user) = (app.service_owner("ttd"), &app.person(PERSON));
    let mut dialogs: Vec<DialogId> = Vec::new();
    for _ in 0..100 {
        dialogs.push(owner.creates(simple_dialog()).await);
    }
    let (dialog, contract) = (dialogs[0], Contract::read());
    user.opens(dialog).await;
    let get = async |path: String| drop(user.get(&path).await.expect(200));

    let whole = format!(
        "query ($id: UUID!) {{ dialogById(dialogId: $id) {{ dialog {} errors {{ message }} }} }}",
        contract.everything("Dialog")
    );
    let rest = least(proxy, async || get(format!("enduser/dialogs/{dialog}")).await).await;
    let graphql = least(proxy, async || asked(user, &whole, json!({ "id": dialog })).await).await;
    assert_eq!((rest, graphql), (1, 1), "dialogById");

    let party = format!("urn:altinn:person:identifier-no:{PERSON}");
    let list = format!(
        "{{ searchDialogs(input: {{party: \"{party}\", limit: 100}}) {{ items {} errors {{ message }} }} }}",
        contract.everything("SearchDialog")
    );
    let rest = least(proxy, async || get(format!("enduser/dialogs?party={party}&limit=100")).await).await;
    let graphql = least(proxy, async || asked(user, &list, json!({})).await).await;
    assert_eq!(rest, graphql, "searchDialogs");

    let reference = format!("urn:altinn:dialog-id:{dialog}");
    let lookup = "query ($ref: String!) { dialogLookup(instanceRef: $ref) { lookup { dialogId } errors { message } } }";
    let rest = least(proxy, async || get(format!("enduser/dialoglookup?instanceRef={reference}")).await).await;
    let graphql = least(proxy, async || asked(user, lookup, json!({ "ref": reference })).await).await;
    assert_eq!((rest, graphql), (1, 1), "dialogLookup");

    for (name, path, query, turns) in [
        ("parties", "enduser/parties", "{ parties { party } }", 0),
        ("limits", "metadata/limits", "{ limits { endUserSearch { maxPartyFilterValues } } }", 0),
        (
            "serviceResources",
            "metadata/serviceresources",
            "{ serviceResources { items { serviceResource { id } } } }",
            1,
        ),
    ] {
        let rest = least(proxy, async || get(path.to_owned()).await).await;
        let graphql = least(proxy, async || drop(data(user, query, json!({})).await)).await;
        assert_eq!((rest, graphql), (turns, turns), "{name}");
    }

    let set =
        "mutation ($input: SetSystemLabelInput!) { setSystemLabel(input: $input) { success errors { message } } }";
    let label = json!({"input": {"dialogId": dialog, "addLabels": ["BIN"], "removeLabels": []}});
    let rest = least(proxy, async || {
        let path = format!("enduser/dialogs/{dialog}/context/systemlabels");
        user.put(&path, json!({"addLabels": ["Archive"]})).await.expect(204);
    })
    .await;
    let graphql = least(proxy, async || asked(user, set, label.clone()).await).await;
    assert_eq!(rest, graphql, "setSystemLabel");

    let bulk = "mutation ($input: BulkSetSystemLabelInput!) { bulkSetSystemLabels(input: $input) { success errors { message } } }";
    let many: Vec<Value> = dialogs.iter().map(|dialog| json!({"dialogId": dialog})).collect();
    let rest = least(proxy, async || {
        let body = json!({"dialogs": many, "addLabels": ["Archive"]});
        user.post("enduser/dialogs/context/systemlabels/actions/bulkset", body).await.expect(204);
    })
    .await;
    let graphql = least(proxy, async || {
        asked(user, bulk, json!({"input": {"dialogs": many, "addLabels": ["BIN"], "removeLabels": []}})).await;
    })
    .await;
    assert_eq!(rest, graphql, "bulkSetSystemLabels");
}
