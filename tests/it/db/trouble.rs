//! A database that is not there, and one that has no connection to spare.

use super::{assert_unavailable, at_a_distance, dialog_path, in_time, readiness, until_ready};
use crate::harness::{PERSON, TestApp, simple_activity, simple_dialog};

/// M-03: whatever is asked, and at once.
#[tokio::test]
async fn without_a_database_callers_are_told_to_come_back() {
    let (app, proxy) = at_a_distance(&[]).await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    let path = dialog_path(dialog);

    proxy.cut();
    for answer in [
        in_time(owner.get(&path)).await,
        in_time(owner.get("serviceowner/dialogs")).await,
        in_time(user.get(&format!("enduser/dialogs/{dialog}"))).await,
        in_time(user.get(&format!("enduser/dialogs?party=urn:altinn:person:identifier-no:{PERSON}"))).await,
        in_time(owner.post("serviceowner/dialogs", simple_dialog())).await,
        in_time(owner.post(&format!("{path}/activities"), simple_activity("Information"))).await,
        in_time(owner.delete(&path)).await,
    ] {
        assert_unavailable(&answer);
    }
    let (status, said) = readiness(&app).await;
    assert_eq!((status, said.as_str()), (503, "The database cannot be reached."));
    app.anonymous().get("/health/liveness").await.expect(200);

    proxy.pass_on();
    in_time(owner.get(&path)).await.expect(200);
    until_ready(&app).await;
}

/// M-03: all connections are in use. The instance says no to requests and yes to probes: the others have no more room.
#[tokio::test]
async fn overload_alone_takes_no_instance_out() {
    let app = TestApp::start_with(&[("database.max_connections", "2"), ("database.acquire_timeout", "200ms")]).await;
    let owner = app.service_owner("ttd");
    let path = dialog_path(owner.creates(simple_dialog()).await);
    let held = (app.door.acquire().await.unwrap(), app.door.acquire().await.unwrap());

    assert_unavailable(&in_time(owner.get(&path)).await);
    assert_eq!(readiness(&app).await.0, 200);

    drop(held);
    in_time(owner.get(&path)).await.expect(200);
}
