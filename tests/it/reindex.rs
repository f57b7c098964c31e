//! Reading texts anew: what was not read yet is found afterwards, being killed costs little, and writers do not wait.

use std::{num::NonZeroUsize, time::Duration};

use dialogporten::{
    domain::ids::DialogId,
    reindex::{self, Ending, Orders, Progress},
    store::text_reindex::{self, Kind, Standing},
    text::ANALYSIS,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::harness::{Edit, PERSON, TestApp, localized, simple_activity, simple_dialog, simple_transmission, text};

fn orders(kind: Option<Kind>) -> Orders {
    Orders {
        kind,
        is_stale_first: false,
        batch: NonZeroUsize::new(3).unwrap(),
        workers: NonZeroUsize::new(2).unwrap(),
        rest: Duration::ZERO,
    }
}

async fn run(app: &TestApp, orders: Orders, stop: &CancellationToken, told: impl FnMut(Progress)) -> Ending {
    reindex::run(&app.service.db, "command", orders, stop, told).await.unwrap()
}

async fn run_whole(app: &TestApp, orders: Orders) -> Ending {
    run(app, orders, &CancellationToken::new(), |_| {}).await
}

/// Dialogs as a version without free text left them.
async fn without_words(app: &TestApp) {
    sqlx::raw_sql("delete from dialog_text; update dialog set text_analysis = 0").execute(&app.db).await.unwrap();
}

async fn stale(app: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from dialog where text_analysis < $1")
        .bind(ANALYSIS)
        .fetch_one(&app.db)
        .await
        .unwrap()
}

/// Everything that is stored of words, in one order.
async fn words(app: &TestApp) -> Vec<(DialogId, i16, String)> {
    let rows: Vec<(uuid::Uuid, i16, String)> =
        sqlx::query_as("select dialog_id, part, vector::text from dialog_text order by 1, 2")
            .fetch_all(&app.db)
            .await
            .unwrap();
    rows.into_iter().map(|(dialog, part, vector)| (DialogId(dialog), part, vector)).collect()
}

async fn found(app: &TestApp, word: &str) -> usize {
    let path = format!("enduser/dialogs?search={word}&party=urn:altinn:person:identifier-no:{PERSON}");
    app.person(PERSON).get(&path).await.expect(200).body["items"].as_array().map_or(0, Vec::len)
}

fn dialog(number: usize) -> Value {
    let sent = simple_transmission().with("content.title", text(&format!("forsendelse{number}")));
    let done = simple_activity("Information").with("description", localized(&format!("hendelse{number}")));
    let dialog = simple_dialog().with("content.title", text(&format!("tittel{number} felles")));
    dialog.and("transmissions", sent).and("activities", done)
}

#[tokio::test]
async fn a_database_without_words_is_read_as_if_it_always_had_them() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for number in 0..10 {
        owner.creates(dialog(number)).await;
    }
    let many = (0..1_200).map(|n| simple_transmission().with("content.title", text(&format!("lang{n}"))));
    owner.creates(many.fold(dialog(10), |dialog, sent| dialog.and("transmissions", sent))).await;
    owner.creates(simple_dialog().with("isApiOnly", true).without("content")).await;
    let written = words(&app).await;
    assert!(written.len() > 12);

    without_words(&app).await;
    let changes =
        async || -> i64 { sqlx::query_scalar("select count(*) from dialog_change").fetch_one(&app.db).await.unwrap() };
    let told = changes().await;
    assert_eq!((found(&app, "felles").await, stale(&app).await), (0, 12));
    assert_eq!(run_whole(&app, orders(Some(Kind::Stale))).await, Ending::Finished { done: 12 });
    // Of one dialog what was sent and what was done may be read in another order than it was written.
    let lexemes =
        |words: &[(DialogId, i16, String)]| words.iter().map(|(dialog, part, _)| (*dialog, *part)).collect::<Vec<_>>();
    assert_eq!(lexemes(&words(&app).await), lexemes(&written));
    for word in ["felles", "lang0", "lang1199", "hendelse3", "forsendelse10"] {
        assert_eq!(found(&app, word).await, if word == "felles" { 11 } else { 1 }, "{word}");
    }
    assert_eq!((stale(&app).await, text_reindex::complete(&app.service.db).await.unwrap()), (0, ANALYSIS));
    assert_eq!(run_whole(&app, orders(Some(Kind::Stale))).await, Ending::Finished { done: 0 });
    assert_eq!(run_whole(&app, orders(Some(Kind::Full))).await, Ending::Finished { done: 12 });
    assert_eq!(changes().await, told, "the change feed does not tell of words");
    let soon = app.clock.now() + chrono::Duration::hours(1);
    assert_eq!(run_whole(&app, orders(Some(Kind::Since(soon)))).await, Ending::Finished { done: 0 });
}

#[tokio::test]
async fn what_was_stopped_goes_on_where_it_stood() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for number in 0..20 {
        owner.creates(dialog(number)).await;
    }
    without_words(&app).await;
    assert_eq!(run_whole(&app, orders(None)).await, Ending::NothingToGoOnWith);
    // Stopped as soon as something is done: what is under way comes to its end.
    let stop = CancellationToken::new();
    let ending = run(&app, orders(Some(Kind::Full)), &stop, |_| stop.cancel()).await;
    let Ending::Stopped { done } = ending else { panic!("{ending:?}") };
    assert!((3..=9).contains(&done), "{done}");
    assert_eq!(stale(&app).await, 20 - i64::try_from(done).unwrap());
    // Dropped in the middle, as if it was killed: at most the batches under way are read again.
    {
        let stop = CancellationToken::new();
        let mut reading = std::pin::pin!(reindex::run(&app.service.db, "command", orders(None), &stop, |_| {}));
        while futures_util::poll!(reading.as_mut()).is_pending() {
            let standing = Standing::load(&app.service.db, "command").await.unwrap().unwrap();
            if standing.done > i64::try_from(done).unwrap() {
                break;
            }
        }
    }
    // The lock goes with the transaction, which is rolled back beside this.
    let mut ending = Ending::Busy;
    while ending == Ending::Busy {
        ending = run_whole(&app, orders(None)).await;
    }
    let Ending::Finished { done } = ending else { panic!("{ending:?}") };
    assert!((20..=26).contains(&done), "{done}");
    assert_eq!((stale(&app).await, found(&app, "felles").await), (0, 20));
    assert_eq!(run_whole(&app, orders(None)).await, Ending::NothingToGoOnWith);
}

/// Writers beside it lose nothing, and nothing is left of an older text.
#[tokio::test]
async fn it_works_beside_live_traffic() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let mut dialogs = Vec::new();
    for number in 0..12 {
        dialogs.push(owner.creates(dialog(number)).await);
    }
    without_words(&app).await;
    let write = async {
        for round in 0..3 {
            for (number, dialog) in dialogs.iter().enumerate() {
                let sent = simple_transmission().with("content.title", text(&format!("ny{round}x{number}")));
                owner.post(&format!("serviceowner/dialogs/{dialog}/transmissions"), sent).await.expect(201);
                let title = json!([{"op": "replace", "path": "/content/title", "value": text(&format!("endret{round} felles"))}]);
                owner.patch(&format!("serviceowner/dialogs/{dialog}"), title).await.expect(204);
            }
        }
    };
    let read = async {
        for _ in 0..6 {
            run_whole(&app, orders(Some(Kind::Full))).await;
        }
    };
    tokio::join!(write, read);
    run_whole(&app, orders(Some(Kind::Stale))).await;
    for word in ["endret2", "felles"] {
        assert_eq!(found(&app, word).await, 12, "{word}");
    }
    for word in ["endret0", "endret1", "tittel3"] {
        assert_eq!(found(&app, word).await, 0, "{word}");
    }
    for number in 0..12 {
        for round in 0..3 {
            assert_eq!(found(&app, &format!("ny{round}x{number}")).await, 1, "ny{round}x{number}");
        }
    }
}

/// What the service does by itself after an upgrade.
#[tokio::test]
async fn the_service_brings_old_dialogs_up_to_date() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    for number in 0..5 {
        owner.creates(dialog(number)).await;
    }
    without_words(&app).await;
    reindex::keep_current(app.service.db.clone(), CancellationToken::new()).await;
    assert_eq!((stale(&app).await, found(&app, "felles").await), (0, 5));
    // Once all are of the present analysis it asks no more than that.
    without_words(&app).await;
    reindex::keep_current(app.service.db.clone(), CancellationToken::new()).await;
    assert_eq!(stale(&app).await, 5);
}
