//! The same readers and dialogs while the platform fails, endpoint by endpoint and in every way: nobody is ever shown more
//! than otherwise, and all is well again as soon as the platform is, without a restart.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{AT_ONCE, Cell, cells, given_away, model, model::Expected, scene};
use crate::harness::{Answer, TestApp};

const ENDPOINTS: [&str; 9] = [
    "/authorization/api/v1/authorize",
    "/accessmanagement/api/v1/resourceowner/authorizedparties",
    "/accessmanagement/api/v1/meta/info",
    "/resourceregistry/api/v1/resource/resourcelist",
    "/register/api/v1/dialogporten/parties/query",
    "/orgs/altinn-orgs.json",
    "/token",
    "/authentication/api/v1/exchange/maskinporten",
    "/sandbox/issuers",
];

/// Slow, failing, nonsense, empty, cut off.
fn ways() -> [Value; 6] {
    [
        json!({"delay_ms": 3_000}),
        json!({"status": 500}),
        json!({"status": 200, "body": "nonsense"}),
        json!({"status": 200, "body": {"response": "Permit", "data": 7}}),
        json!({"status": 200, "body": []}),
        json!({"drop": true}),
    ]
}

async fn start() -> TestApp {
    let mut settings = vec![("altinn.retry_delay".to_owned(), "1ms")];
    for cache in
        ["decisions", "authorized_parties", "resource_list", "party_names", "service_owner_names", "access_metadata"]
    {
        settings.push((format!("cache.{cache}.soft"), "100ms"));
        settings.push((format!("cache.{cache}.hard"), "400ms"));
    }
    let settings: Vec<_> = settings.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    TestApp::start_with(&settings).await
}

async fn answers(app: &TestApp, sample: &[Cell<'_>]) -> Vec<Answer> {
    stream::iter(sample).map(async |cell| cell.asks(app).await).buffered(AT_ONCE).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_platform_never_gives_more() {
    let app = start().await;
    let (readers, dialogs) = (scene::readers(), scene::dialogs(&app).await);
    let model = model(&app).await;
    // Every so manieth cell: a prime, so that each operation comes up with different readers and dialogs.
    let sample: Vec<Cell> = cells(&readers, &dialogs).into_iter().step_by(211).collect();
    let expected: Vec<_> =
        sample.iter().map(|cell| model.expects(cell.reader, cell.dialog, &dialogs, cell.op)).collect();
    let mut wrong = Vec::new();
    for endpoint in ENDPOINTS {
        for way in ways() {
            let mut fault = way.clone();
            fault["path"] = endpoint.into();
            app.anonymous().put("/sandbox/faults", json!([fault])).await.expect(200);
            for ((cell, expected), answer) in sample.iter().zip(&expected).zip(answers(&app, &sample).await) {
                let shown = given_away(&answer);
                let status = answer.status.as_u16();
                let more = !shown.is_subset(&expected.marks) || status < 300 && expected.status >= 300;
                let is_odd = ![200, 204, 401, 403, 404, 410, 502, 503].contains(&status);
                if more || is_odd {
                    wrong.push(format!("{way} at {endpoint}: {cell}: {status} {}", answer.text));
                }
                wrong.extend(cell.foreign_numbers(&answer).map(|number| format!("{way} at {endpoint}: {number}")));
            }
        }
        app.anonymous().delete("/sandbox/faults").await;
        wrong.extend(
            mended(&app, &sample, &expected).await.into_iter().map(|fault| format!("after {endpoint}: {fault}")),
        );
    }
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} answers are wrong:\n{shown}", wrong.len());
}

/// Once the platform is well again everything is as it was, at the latest when calls that hang have been given up.
async fn mended(app: &TestApp, sample: &[Cell<'_>], expected: &[Expected]) -> Vec<String> {
    let mut wrong = Vec::new();
    for _ in 0..10 {
        let answers = answers(app, sample).await;
        let cells = sample.iter().zip(expected).zip(&answers);
        wrong = cells.filter_map(|((cell, expected), answer)| cell.fault(expected, answer)).collect();
        if wrong.is_empty() {
            break;
        }
    }
    wrong
}
