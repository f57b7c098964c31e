//! Limits and the well-known documents: open to anybody.

use serde_json::json;

use crate::harness::TestApp;

/// M-011, for the routes that this folder owns. A token that does not hold does no harm either.
#[tokio::test]
async fn anybody_may_read_them() {
    let app = TestApp::start().await;
    for path in ["metadata/limits", ".well-known/jwks.json", ".well-known/oauth-authorization-server"] {
        app.anonymous().get(path).await.expect(200);
        app.with_token("nonsense").get(path).await.expect(200);
    }
}

#[tokio::test]
async fn limits_are_settings() {
    let changed = [("limits.end_user_search.max_party_filter_values", "7")];
    let app = TestApp::start_with(&changed).await;
    let limits = app.anonymous().get("metadata/limits").await.expect(200);
    let expected = json!({
        "endUserSearch": {
            "maxPartyFilterValues": 7, "maxServiceResourceFilterValues": 20,
            "maxOrgFilterValues": 20, "maxExtendedStatusFilterValues": 20,
        },
        "serviceOwnerSearch": {
            "maxPartyFilterValues": 20, "maxServiceResourceFilterValues": 20, "maxExtendedStatusFilterValues": 20,
        },
    });
    assert_eq!(limits.body, expected);
    assert_eq!(limits.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(limits.header("cache-control"), "");
}

#[tokio::test]
async fn the_issuer_leads_to_both_keys() {
    let app = TestApp::start().await;
    let issuer = app.anonymous().get(".well-known/oauth-authorization-server").await.expect(200);
    let address = issuer.body["jwks_uri"].as_str().expect("an address");
    let path = address.strip_prefix(&app.url("")).expect("an address of this service");
    let keys = app.anonymous().get(path).await.expect(200);
    let kids: Vec<_> = keys.body["keys"].as_array().expect("keys").iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, [&app.config.dialogporten.primary.kid, &app.config.dialogporten.secondary.kid]);
    assert_eq!(keys.header("cache-control"), "public, max-age=86400");
    assert_eq!(keys.header("vary"), "Accept-Encoding");
    // H-001: nothing is compressed but the one large public list.
    let packed = app.anonymous().header("accept-encoding", "br, gzip").get(path).await.expect(200);
    assert_eq!(packed.header("content-encoding"), "");
}

#[tokio::test]
async fn who_takes_no_json_gets_a_problem_that_says_so() {
    let app = TestApp::start().await;
    let mut refused = app.anonymous().header("accept", "text/html").get("metadata/limits").await.expect(406);
    refused.body["traceId"] = "[trace]".into();
    insta::assert_json_snapshot!(refused.body, @r#"
    {
      "code": "not-acceptable",
      "detail": "The Accept header must allow JSON responses.",
      "details": [
        {
          "code": "not-acceptable",
          "hint": "Send `Accept: application/json`, or no `Accept` at all.",
          "path": "Accept"
        }
      ],
      "errors": {
        "Accept": [
          "The request must accept application/json responses."
        ]
      },
      "hint": "Send `Accept: application/json`, or no `Accept` at all.",
      "instance": "/api/v1/metadata/limits",
      "status": 406,
      "title": "Requested content type is not acceptable.",
      "traceId": "[trace]",
      "type": "https://datatracker.ietf.org/doc/html/rfc7231#section-6.5.6"
    }
    "#);
}
