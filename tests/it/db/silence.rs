//! Packets that are swallowed: nothing is refused, nothing is answered.

use futures_util::future::join_all;

use super::{assert_unavailable, at_a_distance, dialog_path, in_time, readiness, until_ready};
use crate::harness::simple_dialog;

/// M-02: every wait has an end on our side, and no connection that was silent is used again.
#[tokio::test]
async fn silent_connections_are_given_up_and_replaced() {
    let (app, proxy) = at_a_distance(&[("database.statement_timeout", "1s"), ("database.acquire_timeout", "1s")]).await;
    let owner = app.service_owner("ttd");
    let path = dialog_path(owner.creates(simple_dialog()).await);
    // All connections are open and in use.
    for answer in join_all((0..16).map(|_| owner.get(&path))).await {
        answer.expect(200);
    }

    proxy.swallow();
    // More than there are connections: some wait for an answer, some for a connection, some for a new one.
    for answer in in_time(join_all((0..12).map(|_| owner.get(&path)))).await {
        assert_unavailable(&answer);
    }
    assert_eq!(readiness(&app).await.0, 503);
    app.anonymous().get("/health/liveness").await.expect(200);

    proxy.pass_on();
    for answer in in_time(join_all((0..12).map(|_| owner.get(&path)))).await {
        answer.expect(200);
    }
    in_time(owner.creates(simple_dialog())).await;
    until_ready(&app).await;
}
