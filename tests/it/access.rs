//! Who gets to a dialog: tokens, owners and levels on the real routes.

use dialogporten::auth::Scope;

use serde_json::{Value, json};

use crate::harness::{Edit, PERSON, TestApp, fresh_id, simple_dialog, simple_dialog_for, simple_transmission};

/// decided before the path, the query and the body are looked at.
#[tokio::test]
async fn the_token_is_judged_before_anything_else() {
    let app = TestApp::start().await;
    let dialog = fresh_id();
    let owners =
        ["serviceowner/dialogs".to_owned(), format!("serviceowner/dialogs/{dialog}"), "serviceowner/dialogs/x".into()];
    let end_users =
        ["enduser/dialogs?limit=x".to_owned(), format!("enduser/dialogs/{dialog}"), "enduser/dialogs/x".into()];
    for path in owners.iter().chain(&end_users) {
        let refused = app.anonymous().get(path).await.expect(401);
        assert!(refused.header("www-authenticate").contains("Bearer") && refused.text.is_empty(), "{path}");
        let refused = app.with_token("thisisnotavalidtoken").get(path).await.expect(401);
        assert!(refused.header("www-authenticate").contains("Bearer error=\"invalid_token\""), "{path}");
        app.service_owner("ttd").with_scopes(&["wrong-scope"]).get(path).await.expect(403);
        app.person(PERSON).with_scopes(&["wrong-scope"]).get(path).await.expect(403);
    }
    for path in &owners {
        app.person(PERSON).get(path).await.expect(403);
    }
    for path in &end_users {
        app.service_owner("ttd").get(path).await.expect(403);
    }
    let body = serde_json::json!({ "not": "a dialog" });
    app.with_token("thisisnotavalidtoken").post("serviceowner/dialogs", body).await.expect(401);
}

///
#[tokio::test]
async fn listing_takes_a_scope_of_its_own() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").with_scopes(&[Scope::ServiceProvider.as_str()]);
    owner.get("serviceowner/dialogs").await.expect(403);
    owner.and_scopes(&[Scope::Search.as_str()]).get("serviceowner/dialogs").await.expect(200);
}

///
#[tokio::test]
async fn somebody_elses_dialog_looks_like_a_missing_one() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let path = format!("serviceowner/dialogs/{dialog}");
    let stranger = app.service_owner("other");
    stranger.get(&path).await.expect(404);
    stranger.delete(&path).await.expect(404);
    let admin = stranger.and_scopes(&[Scope::Admin.as_str()]);
    admin.get(&path).await.expect(200);
    admin.delete(&path).await.expect(204);
}

///
#[tokio::test]
async fn readers_need_the_level_of_the_resource() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let table = [
        ("ttd-no-level", [false, true, true]),
        ("ttd-level-3", [false, true, true]),
        ("ttd-dialogporten-transmissions-test", [false, false, true]),
        ("ttd-dialogporten-automated-tests", [false, true, true]),
    ];
    for (resource, expected) in table {
        let body = simple_dialog().with("serviceResource", format!("urn:altinn:resource:{resource}"));
        let dialog = owner.creates(body).await;
        for (level, open) in [1, 3, 4].into_iter().zip(expected) {
            let answer = app.person(PERSON).level(level).get(&format!("enduser/dialogs/{dialog}")).await;
            assert_eq!(answer.status.as_u16(), if open { 200 } else { 403 }, "{resource} at level {level}");
            if !open {
                assert_eq!(answer.errors("Forbidden"), ["Altinn authentication level too low."]);
            }
        }
    }
}

/// low assurance and an e-mail login are level 0; a resource without a policy level asks for 3.
#[tokio::test]
async fn a_login_of_level_0_opens_nothing_that_needs_a_level() {
    let app = TestApp::start().await;
    let body = simple_dialog().with("serviceResource", "urn:altinn:resource:ttd-no-level");
    let path = format!("enduser/dialogs/{}", app.service_owner("ttd").creates(body.clone()).await);
    for (acr, status) in [("idporten-loa-low", 403), ("idporten-loa-substantial", 200), ("idporten-loa-high", 200)] {
        let claims = json!({"pid": PERSON, "scope": "digdir:dialogporten", "acr": acr});
        app.with_claims(claims).get(&path).await.expect(status);
    }
    let email = "urn:altinn:person:idporten-email:test@test.no";
    let usual = simple_dialog().with("party", email);
    let path = format!("enduser/dialogs/{}", app.service_owner("ttd").creates(usual).await);
    let refused = app.email("test@test.no").get(&path).await.expect(403);
    assert_eq!(refused.errors("Forbidden"), ["Altinn authentication level too low."]);
}

///
#[tokio::test]
async fn what_is_no_level_leaves_it_to_the_login() {
    let app = TestApp::start().await;
    let path = format!("enduser/dialogs/{}", app.service_owner("ttd").creates(simple_dialog()).await);
    let high = simple_dialog().with("serviceResource", "urn:altinn:resource:ttd-dialogporten-transmissions-test");
    let high = format!("enduser/dialogs/{}", app.service_owner("ttd").creates(high).await);
    for (level, acr, usual, highest) in [
        (json!("many"), "idporten-loa-substantial", 200, 403),
        (json!(-1), "idporten-loa-high", 200, 200),
        (json!(""), "idporten-loa-low", 403, 403),
        (json!(" 4 "), "idporten-loa-low", 200, 200),
        (json!([4, 0]), "idporten-loa-low", 200, 200),
        (json!([0, 4]), "idporten-loa-high", 403, 403),
    ] {
        let claims = json!({"pid": PERSON, "scope": "digdir:dialogporten", "urn:altinn:authlevel": level, "acr": acr});
        let user = app.with_claims(claims);
        assert_eq!(user.get(&path).await.status.as_u16(), usual, "{level} and {acr}");
        assert_eq!(user.get(&high).await.status.as_u16(), highest, "{level} and {acr}");
    }
}

///
#[tokio::test]
async fn a_token_of_nobody_known_opens_nothing() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let nobody = app.with_claims(json!({"scope": "digdir:dialogporten"}));
    for path in [format!("enduser/dialogs/{dialog}"), "enduser/dialogs".into()] {
        assert_eq!(nobody.get(&path).await.expect(403).errors("Type").len(), 1, "{path}");
    }
    let scope = [Scope::ServiceProvider.as_str(), Scope::Search.as_str()].join(" ");
    let nobody = app.with_claims(json!({ "scope": scope }));
    for path in [format!("serviceowner/dialogs/{dialog}"), "serviceowner/dialogs".into()] {
        nobody.get(&path).await.expect(403);
    }
    nobody.post("serviceowner/dialogs", simple_dialog()).await.expect(403);
}

/// The last question that the decision point was asked.
async fn question(app: &TestApp) -> Value {
    let calls = app.anonymous().get("/sandbox/calls?path=/authorization/&limit=1000").await.expect(200).body;
    calls.as_array().and_then(|calls| calls.last()).expect("a question")["request"]["Request"].clone()
}

/// Each element's attributes as (id, value), without the instance.
fn attributes(elements: &Value) -> Vec<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let pair = |attribute: &Value| (text(&attribute["AttributeId"]), text(&attribute["Value"]));
    let of = |element: &Value| {
        let all = element["Attribute"].as_array().expect("attributes").iter().map(pair);
        all.filter(|(id, _)| id != "urn:altinn:resource:instance-id").collect()
    };
    elements.as_array().expect("elements").iter().map(of).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(id, value)| ((*id).to_owned(), (*value).to_owned())).collect()
}

///
#[tokio::test]
async fn the_decision_point_hears_one_thing_about_the_caller() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let mine = owner.creates(simple_dialog()).await;
    let card = app.anonymous().header("accept", "application/json").get("/sandbox").await.expect(200).body;
    let identities = card["identities"].as_array().expect("a list");
    let me = identities.iter().find(|identity| identity["id"] == PERSON).expect("the default person");
    let number = me["user_id"].to_string();

    let claims = json!({"pid": PERSON, "urn:altinn:userid": me["user_id"], "scope": "digdir:dialogporten",
        "acr": "idporten-loa-high"});
    app.with_claims(claims).get(&format!("enduser/dialogs/{mine}")).await.expect(200);
    let subject = attributes(&question(&app).await["AccessSubject"]);
    assert_eq!(subject, [owned(&[("urn:altinn:userid", &number)])]);

    let system_user = "51551dd0-b9c5-4f4b-a4a2-9b7e3669b364";
    let theirs = owner.creates(simple_dialog_for("310057223")).await;
    app.system_user(system_user).opens(theirs).await;
    let subject = attributes(&question(&app).await["AccessSubject"]);
    assert_eq!(subject, [owned(&[("urn:altinn:systemuser:uuid", system_user)])]);
}

///
#[tokio::test]
async fn an_apps_resource_is_named_by_owner_and_app() {
    let app = TestApp::start().await;
    let body = simple_dialog().with("serviceResource", "urn:altinn:resource:app_ttd_some-app_with_underscores");
    let dialog = app.service_owner("ttd").creates(body).await;
    app.person(PERSON).opens(dialog).await;
    let resource = attributes(&question(&app).await["Resource"]).remove(0);
    for pair in owned(&[("urn:altinn:org", "ttd"), ("urn:altinn:app", "some-app_with_underscores")]) {
        assert!(resource.contains(&pair), "{pair:?} in {resource:?}");
    }
    assert!(resource.iter().all(|(id, _)| id != "urn:altinn:resource"), "{resource:?}");
}

///
#[tokio::test]
async fn an_attribute_is_a_part_of_the_resource_or_another_resource() {
    let app = TestApp::start().await;
    let with = |attribute: &str| simple_transmission().with("authorizationAttribute", attribute);
    let other = "ttd-dialogporten-automated-tests-2";
    let body = simple_dialog()
        .and("transmissions", with("element1"))
        .and("transmissions", with("urn:altinn:task:Task_1"))
        .and("transmissions", with(&format!("urn:altinn:resource:{other}")));
    let dialog = app.service_owner("ttd").creates(body).await;
    app.person(PERSON).opens(dialog).await;
    let asked = attributes(&question(&app).await["Resource"]);
    let main = ("urn:altinn:resource", "ttd-dialogporten-automated-tests");
    let party = ("urn:altinn:person:identifier-no", PERSON);
    for expected in [
        owned(&[main, party, ("urn:altinn:subresource", "main")]),
        owned(&[main, party, ("urn:altinn:subresource", "element1")]),
        owned(&[main, party, ("urn:altinn:task", "Task_1")]),
        owned(&[party, ("urn:altinn:resource", other)]),
    ] {
        assert!(asked.contains(&expected), "{expected:?} in {asked:?}");
    }
    assert_eq!(asked.len(), 4);
}
