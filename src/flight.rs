//! One question under way, for all who wait for its answer.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep_until},
};
use tracing::Instrument;

use crate::telemetry;

/// After this long without an answer, somebody else who waits for it asks too: the first call may have been lost, and whoever
/// is asked may be well again. The first call goes on: an answer may just take its time.
const AGAIN: Duration = if cfg!(test) { Duration::from_millis(50) } else { Duration::from_secs(2) };

/// The task that asked is gone without an answer.
#[derive(Clone, Copy, Debug)]
pub struct Lost;

/// A question under way. Clones wait for the same answer.
pub struct Flight<V, E>(Arc<Inner<V, E>>);

struct Inner<V, E> {
    began: Instant,
    answer: watch::Sender<Option<Result<V, E>>>,
    tries: Mutex<Tries>,
    /// Called once, before those who wait learn of the answer.
    learn: Box<Learn<V, E>>,
}

type Learn<V, E> = dyn Fn(&Result<V, E>) + Send + Sync;

struct Tries {
    running: usize,
    latest: Instant,
    second: Option<AbortHandle>,
}

impl<V, E> Clone for Flight<V, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V, E> Flight<V, E>
where
    V: Clone + Send + Sync + 'static,
    E: Clone + From<Lost> + Send + Sync + 'static,
{
    /// Asks, in a task of its own, so that the answer is learned also if nobody waits for it any more.
    pub fn begin<F>(ask: F, learn: impl Fn(&Result<V, E>) + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let now = Instant::now();
        let tries = Mutex::new(Tries { running: 0, latest: now, second: None });
        let answer = watch::Sender::new(None);
        let flight = Self(Arc::new(Inner { began: now, answer, tries, learn: Box::new(learn) }));
        flight.ask(ask);
        flight
    }

    /// How long the question has been under way.
    pub fn age(&self) -> Duration {
        self.0.began.elapsed()
    }

    /// The answer. If it does not come for a while, `ask` asks too; whoever answers first has answered.
    pub async fn answer<A, F>(&self, ask: Option<A>) -> Result<V, E>
    where
        A: FnOnce() -> F,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let mut answer = self.0.answer.subscribe();
        let mut ask = ask;
        loop {
            let again = self.tries().latest + AGAIN;
            tokio::select! {
                answered = answered(&mut answer) => return answered.unwrap_or_else(|| Err(Lost.into())),
                () = sleep_until(again), if ask.is_some() => {
                    let is_due = self.tries().latest + AGAIN <= Instant::now();
                    if let Some(ask) = ask.take_if(|_| is_due) {
                        let second = self.ask(ask());
                        let before = self.tries().second.replace(second);
                        // Only the first and the newest go on.
                        before.inspect(AbortHandle::abort);
                    }
                }
            }
        }
    }

    fn ask<F>(&self, ask: F) -> AbortHandle
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let is_first = {
            let mut tries = self.tries();
            tries.running += 1;
            tries.latest = Instant::now();
            tries.running == 1
        };
        let attempt = Attempt { flight: Some(self.clone()), is_first };
        // Part of the trace of whoever asks first; the others wait for it.
        let asking = ask.instrument(telemetry::step("shared question"));
        tokio::spawn(async move {
            let answer = asking.await;
            attempt.ends(answer);
        })
        .abort_handle()
    }

    /// One attempt less. If the first one fails, it did not hang but was told so again and again, and those who wait are told,
    /// too: else each of them would ask in turn. Another's failure counts only if nobody else is still asking.
    fn ended(&self, answer: Option<Result<V, E>>, is_first: bool) {
        let is_last = {
            let mut tries = self.tries();
            tries.running -= 1;
            tries.running == 0
        };
        let answer = answer.or_else(|| is_last.then(|| Err(Lost.into())));
        let Some(answer) = answer.filter(|answer| answer.is_ok() || is_first || is_last) else { return };
        self.0.answer.send_if_modified(|known| {
            let is_news = known.is_none();
            if is_news {
                (self.0.learn)(&answer);
                *known = Some(answer.clone());
            }
            is_news
        });
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.0.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was answered; nothing if nobody is left who could.
async fn answered<T: Clone>(answer: &mut watch::Receiver<Option<T>>) -> Option<T> {
    answer.wait_for(Option::is_some).await.ok()?.clone()
}

/// An attempt that is under way. It ends also when its task panics or is aborted.
struct Attempt<V, E>
where
    V: Clone + Send + Sync + 'static,
    E: Clone + From<Lost> + Send + Sync + 'static,
{
    flight: Option<Flight<V, E>>,
    is_first: bool,
}

impl<V, E> Attempt<V, E>
where
    V: Clone + Send + Sync + 'static,
    E: Clone + From<Lost> + Send + Sync + 'static,
{
    fn ends(mut self, answer: Result<V, E>) {
        if let Some(flight) = self.flight.take() {
            flight.ended(Some(answer), self.is_first);
        }
    }
}

impl<V, E> Drop for Attempt<V, E>
where
    V: Clone + Send + Sync + 'static,
    E: Clone + From<Lost> + Send + Sync + 'static,
{
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            flight.ended(None, self.is_first);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Pending, Ready, pending, ready},
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Failed;

    impl From<Lost> for Failed {
        fn from(_: Lost) -> Self {
            Self
        }
    }

    type Answer = Result<u32, Failed>;

    const NOBODY: Option<fn() -> Ready<Answer>> = None;

    /// M-06: a call that was lost does not keep those who come later from an answer, and neither does it keep whoever made it.
    #[tokio::test]
    async fn a_call_that_hangs_is_made_again_and_its_answer_is_for_all() {
        let learned = Arc::new(AtomicUsize::new(0));
        let learns = Arc::clone(&learned);
        let hangs: Pending<Answer> = pending();
        let flight = Flight::begin(hangs, move |_| {
            learns.fetch_add(1, SeqCst);
        });
        let first = flight.clone();
        let first = tokio::spawn(async move { first.answer(NOBODY).await });
        let before = Instant::now();
        assert_eq!(flight.answer(Some(|| ready(Ok(2)))).await, Ok(2));
        assert_eq!(first.await.expect("no panic"), Ok(2));
        assert!(before.elapsed() >= AGAIN / 2, "not at once: the first may just take its time");
        assert_eq!(learned.load(SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_counts_when_nobody_else_is_still_asking() {
        let slow = async {
            tokio::time::sleep(3 * AGAIN).await;
            Ok(1)
        };
        let flight = Flight::begin(slow, |_: &Answer| {});
        assert_eq!(flight.answer(Some(|| ready(Err(Failed)))).await, Ok(1));
        let flight = Flight::begin(ready(Err(Failed)), |_: &Answer| {});
        assert_eq!(flight.answer(NOBODY).await, Err(Failed));
    }

    /// M-06: thirty who wait do not ask one after the other what the first was refused.
    #[tokio::test]
    async fn a_failure_of_the_first_is_told_to_all_although_others_are_asking() {
        let slow = async {
            tokio::time::sleep(2 * AGAIN).await;
            Err(Failed)
        };
        let flight = Flight::begin(slow, |_: &Answer| {});
        assert_eq!(flight.answer(Some(pending::<Answer>)).await, Err(Failed));
    }

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        let flight = Flight::begin(async { panic!("on purpose") }, |_: &Answer| {});
        assert_eq!(flight.answer(NOBODY).await, Err(Failed));
    }
}
