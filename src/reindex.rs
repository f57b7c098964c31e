//! Reading the texts of dialogs anew, beside live traffic: after an upgrade that changed what words a text has, and whenever
//! somebody asks for it (`dialogporten reindex`, chapter 05 C2).
//!
//! Dialogs are taken in the order of their ids, in batches; each dialog is locked for the one statement that writes its words. Up
//! to where everything is done is stored after each batch, so that being killed costs the batches that were under way. Until
//! a dialog was read anew it is found by the words it had.

use std::{num::NonZeroUsize, time::Duration};

use futures_util::{StreamExt, stream::FuturesOrdered};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    db::Db,
    store::{
        dialog_text,
        text_reindex::{self, Candidate, Kind, Standing},
    },
    text::ANALYSIS,
};

/// What is to be done, and how gently.
#[derive(Clone, Copy, Debug)]
pub struct Orders {
    /// `None`: go on with what was begun.
    pub kind: Option<Kind>,
    pub is_stale_first: bool,
    pub batch: NonZeroUsize,
    /// How many batches are under way at once.
    pub workers: NonZeroUsize,
    /// How long each worker rests before a batch.
    pub rest: Duration,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Dialogs that were read anew.
    pub done: u64,
    /// Dialogs that were looked at in this pass, since this process began.
    pub seen: u64,
    /// About how many dialogs there are.
    pub total: u64,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Finished {
        done: u64,
    },
    /// Told to stop: the next one goes on from here.
    Stopped {
        done: u64,
    },
    NothingToGoOnWith,
    /// Another process is at it.
    Busy,
}

/// Does it. `name` tells whose standing it is.
pub async fn run(
    db: &Db,
    name: &str,
    orders: Orders,
    stop: &CancellationToken,
    mut told: impl FnMut(Progress),
) -> sqlx::Result<Ending> {
    let mut lock = db.begin().await?;
    if !text_reindex::lock(&mut lock).await? {
        return Ok(Ending::Busy);
    }
    let ending = locked(db, name, orders, stop, &mut told).await?;
    // Given back at once, and not when the connection is next looked at. Whatever became of it, the work is done.
    let _ = lock.commit().await;
    Ok(ending)
}

async fn locked(
    db: &Db,
    name: &str,
    orders: Orders,
    stop: &CancellationToken,
    told: &mut impl FnMut(Progress),
) -> sqlx::Result<Ending> {
    let mut standing = match orders.kind {
        Some(kind) => Standing::begun(kind, orders.is_stale_first, ANALYSIS),
        None => match Standing::load(db, name).await? {
            None => return Ok(Ending::NothingToGoOnWith),
            Some(standing) if standing.is_finished => return Ok(Ending::NothingToGoOnWith),
            // What is done is of an older analysis.
            Some(standing) if standing.analysis != ANALYSIS => {
                Standing::begun(standing.kind, standing.is_stale_first, ANALYSIS)
            }
            Some(standing) => standing,
        },
    };
    standing.save(db, name, orders.kind.is_some()).await?;
    let total = text_reindex::total(db).await?.unsigned_abs();
    loop {
        if !pass(db, name, &mut standing, orders, stop, &mut |done, seen| told(Progress { done, seen, total })).await? {
            return Ok(Ending::Stopped { done: standing.done.unsigned_abs() });
        }
        if standing.is_stale_first && standing.pass == 0 {
            standing = Standing { pass: 1, after: Uuid::nil(), ..standing };
            standing.save(db, name, false).await?;
        } else {
            break;
        }
    }
    standing.is_finished = true;
    standing.save(db, name, false).await?;
    if !matches!(standing.kind, Kind::Since(_)) {
        text_reindex::completed(db, ANALYSIS).await?;
    }
    Ok(Ending::Finished { done: standing.done.unsigned_abs() })
}

/// One pass over all dialogs, from where it stands; false if it was stopped.
async fn pass(
    db: &Db,
    name: &str,
    standing: &mut Standing,
    orders: Orders,
    stop: &CancellationToken,
    told: &mut impl FnMut(u64, u64),
) -> sqlx::Result<bool> {
    let most = i64::try_from(orders.batch.get()).unwrap_or(i64::MAX);
    let (mut under_way, mut next, mut seen) = (FuturesOrdered::new(), Some(standing.after), 0);
    loop {
        while under_way.len() < orders.workers.get()
            && !stop.is_cancelled()
            && let Some(after) = next
        {
            let batch = standing.next(db, after, most).await?;
            next = batch.last().map(|last| last.id);
            if !batch.is_empty() {
                under_way.push_back(renewed(db, batch, orders.rest));
            }
        }
        let Some(batch) = under_way.next().await else { return Ok(next.is_none()) };
        let Batch { last, read, looked_at } = batch?;
        standing.after = last;
        standing.done += read;
        standing.save(db, name, false).await?;
        seen += looked_at;
        told(standing.done.unsigned_abs(), seen);
    }
}

/// A batch that is done.
struct Batch {
    last: Uuid,
    read: i64,
    looked_at: u64,
}

async fn renewed(db: &Db, batch: Vec<Candidate>, rest: Duration) -> sqlx::Result<Batch> {
    let wanted: Vec<Uuid> = batch.iter().filter(|dialog| dialog.is_wanted).map(|dialog| dialog.id).collect();
    if !wanted.is_empty() {
        sleep(rest).await;
        let left = dialog_text::renew_all(db, &wanted).await?;
        if left > 0 {
            tracing::warn!(dialogs = left, "texts of dialogs that somebody kept changing were left as they are");
        }
    }
    Ok(Batch {
        last: batch.last().map_or(Uuid::nil(), |last| last.id),
        read: i64::try_from(wanted.len()).unwrap_or(i64::MAX),
        looked_at: batch.len() as u64,
    })
}

/// What the service does by itself: as long as some dialogs may be of an older analysis, they are read anew, slowly.
pub async fn keep_current(db: Db, stop: CancellationToken) {
    /// Between two attempts, after trouble or while somebody else is at it.
    const PAUSE: Duration = Duration::from_mins(1);
    const NAME: &str = "service";
    while !stop.is_cancelled() {
        match renew_stale(&db, NAME, &stop).await {
            Ok(None) => return,
            Ok(Some(Ending::Finished { done })) => {
                tracing::info!(dialogs = done, "the texts of all dialogs are of the present analysis");
                return;
            }
            Ok(Some(_)) => {}
            Err(error) => tracing::warn!(%error, "reading texts anew failed, and is tried again"),
        }
        stop.run_until_cancelled(sleep(PAUSE)).await;
    }
}

/// `None` if all dialogs are of the present analysis.
async fn renew_stale(db: &Db, name: &str, stop: &CancellationToken) -> sqlx::Result<Option<Ending>> {
    let complete = text_reindex::complete(db).await?;
    if complete >= ANALYSIS {
        return Ok(None);
    }
    let begun =
        Standing::load(db, name).await?.filter(|standing| !standing.is_finished && standing.analysis == ANALYSIS);
    tracing::info!(
        analysis = ANALYSIS,
        complete,
        goes_on = begun.is_some(),
        "the analysis of texts has changed: dialogs are read anew, and are found by their old words until then"
    );
    let orders = Orders {
        kind: if begun.is_some() { None } else { Some(Kind::Stale) },
        is_stale_first: false,
        batch: NonZeroUsize::new(200).expect("not zero"),
        workers: NonZeroUsize::MIN,
        rest: Duration::from_millis(100),
    };
    run(db, name, orders, stop, |_| {}).await.map(Some)
}
