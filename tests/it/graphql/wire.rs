//! GraphQL over HTTP: who is let in, which status and which form an answer has, what is no request.

use serde_json::{Value, json};

use super::{DIALOG, ask, code, data};
use crate::harness::{Answer, Client, PERSON, TestApp, fresh_id, simple_dialog};

const AXIOS: &str = "application/json, text/plain, */*";
const RESPONSE: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";
const EVENTS: &str = "text/event-stream; charset=utf-8";

/// The one frame of an answer in the form of events.
fn frame(answer: &Answer) -> Value {
    let data = answer.text.strip_prefix("event: next\ndata: ").and_then(|rest| rest.strip_suffix("\n\n"));
    serde_json::from_str(data.unwrap_or_else(|| panic!("one frame: {}", answer.text))).expect("JSON")
}

async fn with_accept(client: &Client<'_>, accept: &str, query: &str) -> Answer {
    let client = client.clone().header("accept", accept);
    ask(&client, query, json!({})).await
}

/// GQ-011; chapter 07 §1: 200 for whatever is executed, 400 for what does not validate, as axios asks for it.
#[tokio::test]
async fn the_form_follows_what_the_client_takes() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    let good = "{ limits { endUserSearch { maxPartyFilterValues } } }";
    let typed = "{ dialogLookup(instanceRef: \"x\") { lookup { dialogId } errors { __typename } } }";
    for accept in [AXIOS, "*/*", "application/*", "application/graphql-response+json"] {
        for query in [good, typed] {
            let answer = with_accept(&user, accept, query).await.expect(200);
            assert_eq!(answer.header("content-type"), RESPONSE, "{accept}");
            assert!(answer.body["data"].is_object() && answer.body.get("errors").is_none(), "{}", answer.text);
        }
        for query in ["{ nothing }", "{ limits }", "{", "query ($a: Int!) { limits { __typename } }"] {
            let answer = with_accept(&user, accept, query).await.expect(400);
            assert_eq!(answer.header("content-type"), RESPONSE);
            assert!(answer.body.get("data").is_none() && answer.body["errors"][0]["message"].is_string());
        }
    }
    for query in [good, "{ nothing }", "{"] {
        let answer = with_accept(&user, "application/json", query).await.expect(200);
        assert_eq!((answer.header("content-type"), answer.body.get("data").is_some()), (JSON, query == good));
    }
    for query in [good, "{ nothing }", "{"] {
        let answer = with_accept(&user, "text/event-stream", query).await.expect(200);
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), (EVENTS, "no-cache"));
        assert_eq!(frame(&answer).get("data").is_some(), query == good);
    }
    for (accept, status, expected) in
        [("text/html", 406, "HC0063"), ("multipart/mixed", 406, "HC0063"), ("nonsense", 400, "HC0064")]
    {
        let answer = with_accept(&user, accept, good).await.expect(status);
        assert_eq!((code(&answer), answer.body.get("data")), (expected, None), "{accept}");
    }
    // Errors of syntax say where.
    let answer = ask(&user, "{\n  limits(", json!({})).await.expect(400);
    assert_eq!((code(&answer), &answer.body["errors"][0]["locations"][0]["line"]), ("HC0014", &json!(2)));
}

/// GQ-018; §9.1
#[tokio::test]
async fn what_is_no_request_is_refused() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    for (body, expected) in [
        ("[]", "HC0009"),
        ("[{\"query\":\"{__typename}\"}]", "HC0009"),
        ("", "HC0009"),
        ("{}", "HC0013"),
        ("{\"id\":\"x\"}", "HC0020"),
        ("{\"query\":", "HC0011"),
        ("{\"query\":\"{__typename}\",\"variables\":[{}]}", "HC0009"),
    ] {
        for client in [user.clone(), user.clone().header("accept", "application/json")] {
            let answer = client.send_text(reqwest::Method::POST, "/graphql", Some((body, "application/json"))).await;
            assert_eq!((code(&answer), answer.status.as_u16()), (expected, 400), "{body}: {}", answer.text);
        }
    }
    let form =
        user.send_text(reqwest::Method::POST, "/graphql", Some(("--x--", "multipart/form-data; boundary=x"))).await;
    assert_eq!((form.status.as_u16(), code(&form)), (400, "HC0077"));
    for kind in ["text/plain", "application/graphql"] {
        let answer = user.send_text(reqwest::Method::POST, "/graphql", Some(("{__typename}", kind))).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, ""));
    }
    for method in [reqwest::Method::PUT, reqwest::Method::DELETE, reqwest::Method::HEAD, reqwest::Method::OPTIONS] {
        let answer = user.send(method.clone(), "/graphql", None).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, ""), "{method}");
    }
    assert_eq!(user.get("/graphql").await.expect(404).text, "");
    let large = json!({ "query": format!("{{__typename}} # {}", "x".repeat(20_000_000)) });
    assert_eq!(code(&user.post("/graphql", large).await.expect(400)), "HC0010");
    // Absent members and empty ones are equal; what is not known is passed over.
    for body in [
        json!({"query": "{__typename}"}),
        json!({"query": "{__typename}", "variables": {}, "operationName": null, "extensions": {"a": 1}, "more": true}),
    ] {
        assert_eq!(user.post("/graphql/whatever", body).await.expect(200).body["data"]["__typename"], "Queries");
    }
}

/// §9.1: queries come by GET too, and nothing else does.
#[tokio::test]
async fn queries_come_by_get() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let user = app.person(PERSON);
    let encoded = |query: &str| url::form_urlencoded::byte_serialize(query.as_bytes()).collect::<String>();
    let variables = encoded(&json!({ "id": dialog }).to_string());
    let path = format!("/graphql?query={}&variables={variables}", encoded(DIALOG));
    let answer = user.get(&path).await.expect(200);
    assert_eq!(answer.body["data"]["dialogById"]["dialog"]["id"], dialog.to_string());
    let two = "query a { __typename } query b { limits { __typename } }";
    let answer = user.get(&format!("/graphql?query={}&operationName=a", encoded(two))).await.expect(200);
    assert_eq!(answer.body, json!({"data": {"__typename": "Queries"}}));
    let mutation = "mutation { setSystemLabel(input: {dialogId: \"6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013\", addLabels: [], \
                    removeLabels: []}) { success } }";
    let answer = user.get(&format!("/graphql?query={}", encoded(mutation))).await.expect(405);
    assert_eq!(answer.body, json!({"errors": [{"message": "The specified operation kind is not allowed."}]}));
    assert_eq!(code(&user.get("/graphql?operationName=a").await.expect(400)), "HC0013");
}

/// GQ-007, GQ-012, GQ-024; §9.2
#[tokio::test]
async fn tokens_are_looked_at_in_layers() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    for client in [app.anonymous(), app.with_token("eyJ.a.b"), app.with_token("")] {
        for answer in [
            client.post("/graphql", json!({"query": "{__typename}"})).await,
            client.get("/graphql/schema").await,
            client.get("/graphql").await,
            client.post("/graphql/stream", json!([])).await,
        ] {
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (401, ""));
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
    let nobody = app.with_claims(json!({"scope": "digdir:dialogporten"}));
    for query in ["{__typename}", "{"] {
        let answer = ask(&nobody, query, json!({})).await.expect(400);
        let text = "The request was authenticated, but the user type could not be determined.";
        let expected = json!({"errors": [{"message": text, "extensions": {"code": "AUTH_USER_TYPE_UNKNOWN"}}]});
        assert_eq!(answer.body, expected);
    }

    let token = app.person(PERSON).opens(dialog).await["dialogToken"].as_str().expect("a token").to_owned();
    let holder = app.with_token(&token);
    let no_scope = app.person(PERSON).with_scopes(&["openid"]);
    let owner = app.service_owner("ttd");
    let owner_with_scope = app.service_owner("ttd").and_scopes(&["digdir:dialogporten"]);
    for client in [&holder, &no_scope, &owner, &owner_with_scope] {
        let answer = ask(client, DIALOG, json!({ "id": dialog })).await.expect(200);
        let error = &answer.body["errors"][0];
        assert_eq!(answer.body["data"], Value::Null);
        assert_eq!(error["message"], "The current user is not authorized to access this resource.");
        assert_eq!((code(&answer), &error["path"]), ("AUTH_NOT_AUTHORIZED", &json!(["dialogById"])));
        assert!(error["locations"][0]["line"].is_number());
    }
    // One error for each field that is refused; what needs nobody is answered to a service owner with the scope.
    let two = "{ a: limits { __typename } b: limits { __typename } }";
    assert_eq!(ask(&holder, two, json!({})).await.body["errors"].as_array().map(Vec::len), Some(2));
    assert!(data(&owner_with_scope, two, json!({})).await["b"].is_object());
    // A type name is nobody's secret.
    assert_eq!(data(&holder, "{__typename}", json!({})).await, json!({"__typename": "Queries"}));
    // One that is changed, or whose time is over, is none.
    let mut changed = token.clone().into_bytes();
    let middle = token.len() / 2;
    changed[middle] = if changed[middle] == b'a' { b'b' } else { b'a' };
    let changed = app.with_token(std::str::from_utf8(&changed).expect("ASCII"));
    assert_eq!(ask(&changed, "{__typename}", json!({})).await.expect(401).text, "");
    app.clock.advance(chrono::Duration::seconds(500));
    ask(&holder, "{__typename}", json!({})).await.expect(200);
    app.clock.advance(chrono::Duration::seconds(110));
    ask(&holder, "{__typename}", json!({})).await.expect(401);
}

/// GQ-017; §9.1
#[tokio::test]
async fn what_is_asked_for_is_bounded() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    let deep = format!("{}{}", "{a".repeat(13), "}".repeat(13));
    let answer = ask(&user, &deep, json!({})).await.expect(400);
    let text = "The GraphQL document has an execution depth of 13 which exceeds the max allowed execution depth of 12.";
    let extensions = json!({"allowedExecutionDepth": 12, "detectedExecutionDepth": 13});
    assert_eq!(answer.body, json!({"errors": [{"message": text, "extensions": extensions}]}));

    for query in ["{__schema{types{name}}}", "{__type(name:\"Dialog\"){name}}"] {
        let answer = ask(&user, query, json!({})).await.expect(400);
        assert_eq!((code(&answer), answer.body.get("data")), ("HC0046", None));
    }
    assert_eq!(data(&user, "{limits{__typename}}", json!({})).await["limits"]["__typename"], "Limits");

    let hundred = (0..100).map(|n| format!("a{n}: dialogById(dialogId: \"{}\") {{ dialog {{ id }} }} ", fresh_id()));
    let answer = ask(&user, &format!("{{{}}}", hundred.collect::<String>()), json!({})).await.expect(400);
    assert_eq!(code(&answer), "HC0047");
    assert_eq!(answer.body["errors"][0]["extensions"]["maxFieldCost"], 3000);

    let lists = "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}";
    let open = TestApp::start_with(&[("graphql.introspection", "true"), ("graphql.max_depth", "3")]).await;
    let curious = open.person(PERSON);
    assert_eq!(ask(&curious, lists, json!({})).await.expect(400).body.get("data"), None);
    let known =
        data(&curious, "{__schema{queryType{name fields{name type{ofType{ofType{ofType{name}}}}}}}}", json!({})).await;
    assert_eq!(known["__schema"]["queryType"]["name"], "Queries");
    let answer = ask(&curious, "{a{b{c{d}}}}", json!({})).await.expect(400);
    assert_eq!(answer.body["errors"][0]["extensions"]["allowedExecutionDepth"], 3);
}

/// GQ-019
#[tokio::test]
async fn pages_of_permitted_origins_may_ask() {
    let app = TestApp::start_with(&[("graphql.cors_origins", "[\"https://front.example\"]")]).await;
    let preflight = |origin: &'static str| {
        let client = app.anonymous().header("origin", origin).header("access-control-request-method", "POST");
        client.header("access-control-request-headers", "authorization,content-type")
    };
    for path in ["/graphql/stream", "/graphql", "/dialogporten/graphql/stream"] {
        let granted = preflight("https://front.example").send(reqwest::Method::OPTIONS, path, None).await.expect(204);
        assert_eq!(granted.header("access-control-allow-origin"), "https://front.example");
        assert_eq!(granted.header("access-control-allow-methods"), "POST");
        assert_eq!(granted.header("access-control-allow-headers"), "authorization,content-type");
        assert_eq!(granted.header("access-control-allow-credentials"), "");
        let refused = preflight("https://other.example").send(reqwest::Method::OPTIONS, path, None).await.expect(204);
        for name in ["access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers"] {
            assert_eq!(refused.header(name), "", "{name}");
        }
    }
    let front = app.person(PERSON).header("origin", "https://front.example");
    let answer = ask(&front, "{__typename}", json!({})).await.expect(200);
    assert_eq!(
        (answer.header("access-control-allow-origin"), answer.header("vary")),
        ("https://front.example", "Origin")
    );
    let other = app.person(PERSON).header("origin", "https://other.example");
    let answer = ask(&other, "{__typename}", json!({})).await.expect(200);
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), ("", "Origin"));
    // REST lets no page of another origin ask.
    let rest = front.get("enduser/parties").await.expect(200);
    assert_eq!(rest.header("access-control-allow-origin"), "");
}

/// §A14: where all may ask, all get the same.
#[tokio::test]
async fn pages_of_all_origins_get_one_answer() {
    let app = TestApp::start_with(&[("graphql.cors_origins", "[\"*\"]")]).await;
    let front = app.person(PERSON).header("origin", "https://front.example");
    let answer = ask(&front, "{__typename}", json!({})).await.expect(200);
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), ("*", ""));
}

/// §9.1: a batch is refused in either form, and nothing of it is executed.
#[tokio::test]
async fn operations_are_not_taken_by_the_list() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    let body = json!({"query": "query a { __typename } query b { __typename }"});
    let answer = user.post("/graphql?batchOperations=[a,b]", body.clone()).await.expect(400);
    let text = &answer.body["errors"][0]["message"];
    assert_eq!((code(&answer), text, answer.body.get("data")), ("HC0009", &json!("Invalid GraphQL Request."), None));
    let answer = user.get("/graphql?query=%7B__typename%7D&batchOperations=%5Ba%5D").await.expect(400);
    assert_eq!(code(&answer), "HC0009");
    // Without a name in it, the parameter asks for nothing.
    let one = user.post("/graphql?batchOperations=", json!({"query": "{ __typename }"})).await.expect(200);
    assert_eq!(one.body["data"], json!({"__typename": "Queries"}));
}

/// Browsers get GraphiQL where the schema may be asked for: a page that holds nothing, with all it needs from here.
#[tokio::test]
async fn browsers_get_a_page() {
    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let app = TestApp::start_with(&[("graphql.introspection", "true")]).await;
    let browser = app.anonymous().header("accept", BROWSER);
    for prefix in ["", "/dialogporten"] {
        let page = browser.get(&format!("{prefix}/graphql")).await.expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.header("content-security-policy").contains("script-src 'self'"));
        let files = page.text.split(['"']).filter(|part| part.contains("/assets/"));
        let mut count = 0;
        for file in files {
            assert!(file.starts_with(&format!("{prefix}/swagger/assets/")), "{file}");
            let answer = browser.send(reqwest::Method::GET, file, None).await;
            assert_eq!(answer.status, 200, "{file}");
            count += 1;
        }
        assert_eq!(count, 7);
    }
    // The page is for whoever looks, answers are not.
    browser.get("/graphql?query=%7B__typename%7D").await.expect(401);
    app.anonymous().get("/graphql").await.expect(401);
    let closed = TestApp::start().await;
    closed.anonymous().header("accept", BROWSER).get("/graphql").await.expect(401);
}
