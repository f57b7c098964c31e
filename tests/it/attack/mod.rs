//! Whatever is sent, the service answers, in time, and never with a fault of its own.

pub mod bodies;
mod everything;
mod headers;
mod queries;
mod tokens;
mod upstream;

use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseError, TestRunner},
};

use crate::harness::{Answer, TestApp};

/// Plays a property's cases one after the other against one service.
pub fn hold<S: Strategy>(
    cases: u32,
    strategy: &S,
    property: &impl AsyncFn(&TestApp, S::Value) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let app = runtime.block_on(TestApp::start());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 64, ..Config::default() };
    let result = TestRunner::new(config).run(strategy, |value| runtime.block_on(property(&app, value)));
    let _inside = runtime.enter();
    drop(app);
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Fails the case unless the answer is one of these; a refusal says what it refuses.
fn is_one_of(answer: &Answer, allowed: &[u16], what: &str) -> Result<(), TestCaseError> {
    let status = answer.status.as_u16();
    if !allowed.contains(&status) {
        return Err(TestCaseError::fail(format!("{status} to {what}: {}", answer.text)));
    }
    let errors = answer.body["errors"].as_object();
    if matches!(status, 400 | 409 | 422) && errors.is_none_or(serde_json::Map::is_empty) {
        return Err(TestCaseError::fail(format!("{status} without a reason to {what}: {}", answer.text)));
    }
    Ok(())
}
