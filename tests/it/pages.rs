//! What people open in a browser: where it is, what it leads to, and what browsers must keep to.

use reqwest::Method;
use serde_json::Value;

use crate::harness::TestApp;

/// Every page there is.
const PAGES: [&str; 3] = ["/", "/swagger/index.html", "/sandbox"];

/// M-20: public guides link to the page by its whole name.
#[tokio::test]
async fn the_page_is_where_guides_say() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("/swagger/index.html?urls.primaryName=v1.enduser").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(!page.text.contains("<base"), "links to operations must survive a reload");
    let script = app.anonymous().get("/swagger/assets/explore.js").await.expect(200).text;
    assert!(
        script.contains(r#"["v1", "v1.enduser", "v1.serviceowner"]"#),
        "the documents by their names, in this order"
    );
    for name in ["v1", "v1.enduser", "v1.serviceowner"] {
        app.anonymous().get(&format!("/swagger/{name}/swagger.json")).await.expect(200);
    }
    for (asked, led) in [
        ("/swagger", "/swagger/index.html"),
        ("/swagger/", "/swagger/index.html"),
        ("/swagger?urls.primaryName=v1.enduser", "/swagger/index.html?urls.primaryName=v1.enduser"),
        ("/dialogporten/swagger", "/dialogporten/swagger/index.html"),
    ] {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let answer = client.expect("a client").get(app.url(asked)).send().await.expect("an answer");
        assert_eq!(answer.status(), 307, "{asked}");
        assert_eq!(answer.headers()["location"], led, "{asked}");
    }
}

/// What a page refers to on this origin.
fn references(page: &str) -> Vec<&str> {
    let after = |attribute| page.split(attribute).skip(1).filter_map(|rest: &str| rest.split('"').next());
    let all = after("href=\"").chain(after("src=\""));
    all.filter(|target| !target.starts_with("data:") && !target.starts_with('?')).collect()
}

/// M-31: a page at the root leads everywhere, also behind the gateway's prefix.
#[tokio::test]
async fn the_root_leads_everywhere() {
    let app = TestApp::start().await;
    for prefix in ["", "/dialogporten"] {
        let root = if prefix.is_empty() { "/" } else { prefix };
        let page = app.anonymous().get(root).await.expect(200);
        let targets = references(&page.text);
        for wanted in ["/swagger/index.html", "/sandbox", "/health/readiness", "/health/deep", "/graphql"] {
            let wanted = format!("{prefix}{wanted}");
            assert!(targets.iter().any(|target| target.starts_with(&wanted)), "{wanted} is not among {targets:?}");
        }
        for target in targets {
            // The gateway does not stand before the sandbox, and GraphQL is shown once it answers.
            if target.ends_with("/graphql") || target.ends_with("/sandbox") {
                continue;
            }
            app.anonymous().get(target).await.expect(200);
        }
    }
}

/// M-22
#[tokio::test]
async fn every_page_tells_browsers_what_to_keep_to() {
    let app = TestApp::start().await;
    for path in PAGES {
        let page = app.anonymous().header("accept", "text/html").get(path).await.expect(200);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
        let inline = page.text.split("<script").skip(1).any(|script| !script.starts_with(" src="));
        assert!(!inline, "{path}: the policy allows no script inside the page");
        for target in
            references(&page.text).into_iter().filter(|target| target.contains("assets") || target.contains("card.js"))
        {
            let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
            app.anonymous().get(&target).await.expect(200);
        }
    }
}

/// M-22: a page of a stranger in the same browser does not empty the store, nor get a token.
#[tokio::test]
async fn the_sandbox_answers_no_strangers() {
    let app = TestApp::start().await;
    let token = "/api/GetPersonalToken?env=tt02&pid=08844397713&scopes=digdir:dialogporten&ttl=60";
    for (name, value) in [
        ("host", "evil.example"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let stranger = app.anonymous().header(name, value);
        for (method, path) in [
            (Method::POST, "/sandbox/reset"),
            (Method::GET, "/sandbox"),
            (Method::PUT, "/sandbox/clock"),
            (Method::GET, "/sandbox/world"),
            (Method::GET, token),
        ] {
            let answer = stranger.send(method.clone(), path, None).await;
            assert_eq!(answer.status, 403, "{method} {path} with {name}: {value}");
            assert!(answer.body["faults"][0]["text"].is_string(), "it says why: {}", answer.text);
        }
        // The service itself asks for a token instead.
        if name != "host" {
            stranger.get("metadata/limits").await.expect(200);
        }
    }
    for (name, value) in [("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")] {
        app.anonymous().header(name, value).get(token).await.expect(200);
    }
}

/// M-31: the page proposes somebody for each side, and tokens that work.
#[tokio::test]
async fn somebody_is_proposed_for_each_side() {
    let app = TestApp::start().await;
    let card = app.anonymous().header("accept", "application/json").get("/sandbox").await.expect(200).body;
    let holder = |reference: &Value| {
        let all = card["identities"].as_array().expect("identities");
        all.iter().find(|one| one["reference"] == *reference).expect("the one who is proposed").clone()
    };
    let (owner, person) = (holder(&card["proposed"]["service_owner"]), holder(&card["proposed"]["end_user"]));
    let token = owner["token"].as_str().expect("a token");
    app.with_token(token).get("serviceowner/dialogs").await.expect(200);
    let token = person["high_token"].as_str().expect("a token");
    let party = person["urn"].as_str().expect("a URN");
    app.with_token(token).get(&format!("enduser/dialogs?party={party}")).await.expect(200);
}
