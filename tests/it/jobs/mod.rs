//! Work that is run to completion, and who does it.

mod usage;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use chrono::TimeDelta;
use dialogporten::jobs::{
    alone,
    maintain::{self, Removed},
};

use crate::harness::{TestApp, simple_dialog};

/// Delivered and silent events and the feed's changes go when their time is over; what waits and what is parked stays. Doing it
/// twice, and at the same time, does no harm.
#[tokio::test]
async fn what_has_passed_its_time_goes() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for _ in 0..4 {
        owner.creates(simple_dialog()).await;
    }
    owner.post("serviceowner/dialogs?isSilentUpdate=true", simple_dialog()).await.expect(201);
    let sql = "with numbered as (select seq, row_number() over (order by seq) as n from outbox)
        update outbox o set delivered_at = case when n <= 2 then now() end, parked_at = case when n = 3 then now() end
          from numbered x where x.seq = o.seq and n <= 3";
    sqlx::query(sql).execute(&app.db).await.unwrap();
    let place =
        owner.get("serviceowner/changes").await.expect(200).body["items"][1]["cursor"].as_str().map(str::to_owned);
    let keep = Duration::from_hours(1);
    let none = maintain::run(&app.door, app.clock.now(), keep).await.unwrap();
    assert_eq!(none, Removed::default());
    app.clock.advance(TimeDelta::hours(2));
    let (one, other) =
        tokio::join!(maintain::run(&app.door, app.clock.now(), keep), maintain::run(&app.door, app.clock.now(), keep));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.events + other.events, one.changes + other.changes), (3, 5));
    let left: i64 = sqlx::query_scalar("select count(*) from outbox").fetch_one(&app.db).await.unwrap();
    assert_eq!(left, 2, "one waits, one is parked");
    if let Some(place) = place {
        owner.get(&format!("serviceowner/changes?after={place}")).await.expect(410);
    }
    owner.get("serviceowner/changes").await.expect(200);
}

/// Of several instances one does the work; it is due again when its time has come, and at once if it failed.
#[tokio::test]
async fn one_of_many_instances_does_the_work() {
    let app = TestApp::start().await;
    let done = AtomicUsize::new(0);
    let work = || async {
        done.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        Ok(())
    };
    let hour = Duration::from_hours(1);
    let (a, b, c) = tokio::join!(
        alone(&app.door, "work", hour, work()),
        alone(&app.door, "work", hour, work()),
        alone(&app.door, "work", hour, work())
    );
    assert_eq!([a, b, c].into_iter().filter(|it| matches!(it, Ok(Some(())))).count(), 1);
    assert_eq!(done.load(Ordering::SeqCst), 1);
    assert!(alone(&app.door, "work", Duration::ZERO, work()).await.unwrap().is_some(), "its time has come");
    let failing = async { anyhow::bail!("in vain") };
    assert!(alone::<()>(&app.door, "other", hour, failing).await.is_err());
    assert!(alone(&app.door, "other", hour, work()).await.unwrap().is_some(), "what failed is not done");
}
