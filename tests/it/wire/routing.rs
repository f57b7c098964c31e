//! Paths and verbs.

use dialogporten::openapi::Operation;
use reqwest::Method;

use crate::harness::TestApp;

/// Compatibility row 1: under both roots, in any case, with and without a slash at the end, and never a redirect.
#[tokio::test]
async fn paths_are_read_leniently() {
    let app = TestApp::start().await;
    for path in [
        "/api/v1/metadata/limits",
        "/api/v1/metadata/limits/",
        "/API/V1/Metadata/Limits",
        "/dialogporten/api/v1/metadata/limits",
        "/dialogporten/api/v1/Metadata/limits/?x=y",
        "/Dialogporten/health",
        "/swagger/index.html/",
        "/dialogporten/Swagger/v1.enduser/swagger.json",
    ] {
        app.anonymous().get(path).await.expect(200);
    }
}

#[tokio::test]
async fn what_is_not_there_needs_no_token_and_has_no_body() {
    let app = TestApp::start().await;
    for path in ["/api/v1/nothing", "/dialogporten/nothing", "/api/v1/enduser", "/api/v1/metadata/limits/more"] {
        let answer = app.anonymous().get(path).await.expect(404);
        assert_eq!((answer.text.as_str(), answer.header("content-type")), ("", ""), "{path}");
    }
    for method in [Method::HEAD, Method::OPTIONS, Method::POST, Method::DELETE] {
        let answer = app.anonymous().send(method.clone(), "metadata/limits", None).await.expect(405);
        assert_eq!((answer.text.as_str(), answer.header("allow")), ("", "GET"), "{method}");
    }
}

/// Every operation that the API documents show is routed: a wrong verb is told from a missing path.
#[tokio::test]
async fn documented_operations_are_routed() {
    let app = TestApp::start().await;
    let operations: Vec<Operation> = [
        dialogporten::metadata::operations(),
        dialogporten::enduser::operations(),
        dialogporten::serviceowner::operations(),
    ]
    .concat();
    let fill = |segment: &str| {
        if segment.starts_with('{') {
            "0196c0de-0000-7000-8000-000000000001".to_owned()
        } else {
            segment.to_uppercase()
        }
    };
    for operation in operations {
        let path = operation.route.path.split('/').map(fill).collect::<Vec<_>>().join("/");
        let answer = app.anonymous().send(Method::TRACE, &path, None).await.expect(405);
        let verb = operation.route.method.to_uppercase();
        let allowed = answer.header("allow");
        assert!(allowed.split(", ").any(|allowed| allowed == verb), "{verb} {path} is not among {allowed}");
    }
}
