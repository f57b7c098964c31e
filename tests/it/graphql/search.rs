//! `searchDialogs`.

use serde_json::{Value, json};

use super::{ask, data, told};
use crate::harness::{Client, Edit, ORGANIZATION, PERSON, RESOURCE, TestApp, simple_dialog, simple_dialog_for};

const SEARCH: &str = "query ($input: SearchDialogInput!) { searchDialogs(input: $input) { items { id } hasNextPage \
                      continuationToken orderBy { createdAt updatedAt dueAt contentUpdatedAt } errors { __typename message } } }";

fn person() -> String {
    format!("urn:altinn:person:identifier-no:{PERSON}")
}

async fn search(client: &Client<'_>, input: Value) -> Value {
    data(client, SEARCH, json!({ "input": input })).await["searchDialogs"].clone()
}

fn ids(found: &Value) -> Vec<&str> {
    found["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id")).collect()
}

/// GQ-020, S-036; §9.4: pages, orders that can be sent back, and what is wrong with them.
#[tokio::test]
async fn pages_follow_each_other() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let mut created = Vec::new();
    for _ in 0..5 {
        created.push(owner.creates(simple_dialog()).await.to_string());
    }
    created.reverse();
    let order = json!({"contentUpdatedAt": "DESC", "createdAt": null, "updatedAt": null, "dueAt": null});
    let asked = json!({"party": person(), "limit": 2, "orderBy": order, "excludeApiOnly": true});
    let first = search(&user, asked.clone()).await;
    assert_eq!(
        (ids(&first), &first["hasNextPage"], &first["errors"]),
        (vec![&*created[0], &created[1]], &json!(true), &json!([]))
    );
    assert_eq!(first["orderBy"], json!([order]));
    let token = first["continuationToken"].clone();
    for order in [order.clone(), first["orderBy"].clone()] {
        let next = search(&user, asked.clone().with("continuationToken", token.clone()).with("orderBy", order)).await;
        assert_eq!(ids(&next), [&*created[2], &created[3]]);
    }
    let oldest = search(&user, asked.clone().with("orderBy", json!([{"createdAt": "ASC"}, {"dueAt": "DESC"}]))).await;
    assert_eq!(ids(&oldest), [&*created[4], &created[3]]);
    assert_eq!(
        oldest["orderBy"][1],
        json!({"createdAt": null, "updatedAt": null, "dueAt": "DESC", "contentUpdatedAt": null})
    );

    let validation = "SearchDialogValidationError";
    let plain = json!({"party": person()});
    let one = "Exactly one property must be set on each OrderBy object.";
    for (input, expected) in [
        (
            plain.clone().with("continuationToken", token.clone()),
            vec![(validation, "OrderBy must be set when ContinuationToken is set.")],
        ),
        (plain.clone().with("orderBy", json!([])), vec![(validation, "'OrderBy' must not be empty.")]),
        (plain.clone().with("orderBy", json!({"createdAt": "ASC", "dueAt": "ASC"})), vec![(validation, one)]),
        (
            plain.clone().with("orderBy", json!([{}, {"createdAt": null}, {"dueAt": "ASC"}])),
            vec![(validation, one), (validation, one)],
        ),
        (
            plain.clone().with("orderBy", order.clone()).with("continuationToken", " "),
            vec![(
                "SearchDialogContinuationTokenParsingError",
                "An error occurred while parsing the ContinuationToken parameter",
            )],
        ),
        (
            plain.clone().with("orderBy", json!([{"createdAt": "ASC"}, {"dueAt": "ASC"}, {"createdAt": "DESC"}])),
            vec![("SearchDialogOrderByParsingError", "An error occurred while parsing the OrderBy parameter")],
        ),
        (
            plain.clone().with("orderBy", json!({"createdAt": "ASC"})).with("continuationToken", token.clone()),
            vec![(validation, "ContinuationToken does not match OrderBy. Missing token keys: [createdat].")],
        ),
        (json!({}), vec![(validation, "Either ServiceResource or Party must be specified.")]),
        (
            json!({"party": [], "serviceResource": null}),
            vec![(validation, "Either ServiceResource or Party must be specified.")],
        ),
        (plain.clone().with("limit", 0), vec![(validation, "'Limit' must be between 1 and 1000. You entered 0.")]),
        (
            plain.clone().with("continuationToken", Value::Null).with("limit", 1001),
            vec![(validation, "'Limit' must be between 1 and 1000. You entered 1001.")],
        ),
        (
            plain.clone().with("createdAfter", "2030-01-02T00:00:00Z").with("createdBefore", "2030-01-01T00:00:00Z"),
            vec![(validation, "'CreatedAfter' must be less than or equal to 'CreatedBefore'.")],
        ),
    ] {
        let found = search(&user, input.clone()).await;
        assert_eq!(told(&found), expected, "{input}");
        let rest = (&found["items"], &found["hasNextPage"], &found["orderBy"], &found["continuationToken"]);
        assert_eq!(rest, (&Value::Null, &json!(false), &json!([]), &Value::Null));
    }
}

/// §9.4, §9.7: filters, a single value for a list, and what never gets as far as the search.
#[tokio::test]
async fn filters_narrow_the_list() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let mine = owner.creates(simple_dialog().with("status", "Draft").with("externalReference", "a")).await.to_string();
    let ours = owner.creates(simple_dialog_for(ORGANIZATION).with("isApiOnly", true)).await.to_string();
    let organization = format!("urn:altinn:organization:identifier-no:{ORGANIZATION}");
    let both = json!([person(), organization]);
    for (input, expected) in [
        (json!({"party": both}), vec![&ours, &mine]),
        (
            json!({"party": person().to_uppercase().replace("URN:ALTINN:PERSON:IDENTIFIER-NO", "urn:altinn:person:identifier-no")}),
            vec![&mine],
        ),
        (json!({"serviceResource": RESOURCE, "party": []}), vec![&ours, &mine]),
        (json!({"party": both, "excludeApiOnly": true}), vec![&mine]),
        (json!({"party": both, "status": "DRAFT"}), vec![&mine]),
        (json!({"party": both, "status": ["DRAFT", "NOT_APPLICABLE"]}), vec![&ours, &mine]),
        (
            json!({"party": both, "systemLabel": ["DEFAULT"], "org": ["ttd"], "isContentSeen": false}),
            vec![&ours, &mine],
        ),
        (json!({"party": both, "systemLabel": ["BIN"]}), vec![]),
        (json!({"party": both, "org": "brg"}), vec![]),
        (json!({"party": both, "externalReference": "a", "process": null, "org": null, "status": null}), vec![&mine]),
        (json!({"party": both, "contentUpdatedAfter": "2099-01-01T00:00:00.123Z"}), vec![]),
        (json!({"party": both, "createdBefore": "2099-01-01t00:00:00+01:00"}), vec![&ours, &mine]),
    ] {
        assert_eq!(ids(&search(&user, input.clone()).await), expected, "{input}");
    }
    for wrong in [
        json!({"party": both, "status": "Draft"}),
        json!({"party": both, "status": "NOTHING"}),
        json!({"party": both, "createdAfter": "yesterday"}),
        json!({"party": both, "createdAfter": "2030-01-01T00:00:00"}),
        json!({"party": both, "limit": "7"}),
        json!({"party": both, "limit": 99_999_999_999_999_999_999_f64}),
        json!({"party": both, "org": [null]}),
        json!({"party": both, "org": [7]}),
        json!({"party": both, "more": 1}),
        json!({"party": both, "orderBy": "createdAt"}),
        json!({"party": both, "orderBy": [[{"createdAt": "ASC"}]]}),
        json!({"party": both, "process": "a\u{0}b"}),
        json!("nonsense"),
        json!([{"party": both}]),
        Value::Null,
    ] {
        let answer = ask(&user, SEARCH, json!({ "input": wrong.clone() })).await;
        assert_eq!((answer.status.as_u16(), answer.body.get("data")), (400, None), "{wrong}: {}", answer.text);
    }
    // The same written out, and with a variable that is left out inside.
    let literal = format!(
        "query ($a: [String!], $s: [DialogStatus!]) {{ searchDialogs(input: {{party: \"{}\", org: $a, status: $s, \
                           orderBy: {{createdAt: ASC, dueAt: null}}}}) {{ items {{ id }} errors {{ message }} }} }}",
        person()
    );
    let found = data(&user, &literal, json!({})).await["searchDialogs"].clone();
    assert_eq!((ids(&found), &found["errors"]), (vec![&*mine], &json!([])));
    for variables in [json!({"s": "NOTHING"}), json!({"s": 7}), json!({"a": [7]})] {
        ask(&user, &literal, variables).await.expect(400);
    }
    let wrong = literal.replace("createdAt: ASC", "createdAt: SIDEWAYS");
    ask(&user, &wrong, json!({})).await.expect(400);
    let wrong = literal.replace("{createdAt: ASC, dueAt: null}", "[[{createdAt: ASC}]]");
    ask(&user, &wrong, json!({})).await.expect(400);
}
