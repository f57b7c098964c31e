//! Words between processes.

use dialogporten::{
    background::Background,
    events::signal::{Signal, Woken},
};

use super::in_time;
use crate::harness::TestApp;

async fn until_listening(signal: &Signal) {
    in_time(async {
        while !signal.is_listening() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// One process hears another, and is told when it could not hear for a while.
#[tokio::test]
async fn another_process_is_heard_and_silence_is_told() {
    let app = TestApp::start().await;
    let background = Background::default();
    let (here, there) = (Signal::default(), Signal::default());
    for signal in [&here, &there] {
        background.spawn("signal", signal.clone().keep(app.door.clone()));
    }
    until_listening(&here).await;
    until_listening(&there).await;
    let mut subscription = there.subscribe();
    here.written();
    in_time(async { while subscription.woken().await != Woken::Written {} }).await;

    let listening = "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and (query like '/* signal */%' or query ilike 'listen%')";
    sqlx::query(listening).execute(&app.db).await.unwrap();
    in_time(async { while subscription.woken().await != Woken::Gap {} }).await;
    until_listening(&here).await;
    until_listening(&there).await;
    in_time(async {
        here.written();
        while subscription.woken().await != Woken::Written {}
    })
    .await;
    background.stop(std::time::Duration::from_secs(5)).await;
}
