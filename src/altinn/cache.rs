//! A bounded cache of the platform's answers: fresh for a while, standing in for a longer while if the platform fails.

use std::{
    fmt::Debug,
    future::Future,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use chrono::TimeDelta;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use super::AltinnError;
use crate::{clock::Clock, config::CacheRule, domain::Instant};

/// After a failure the old answer is given without asking for this long.
const BETWEEN_FAILURES: TimeDelta = TimeDelta::seconds(30);

/// What the asking brought.
#[derive(Clone, Debug)]
pub enum Answer<V> {
    /// Good until it is too old.
    Keep(V),
    /// For those who wait now, and nobody later: what could not be decided, what was not found.
    Once(V),
}

/// Answers of one kind. Clones share them.
///
/// One asking serves all who wait for the same key, and goes on when they stop waiting. Ages are counted from the start of
/// the asking, by the application's clock.
#[derive(Clone)]
pub struct Cache<K, V> {
    clock: Clock,
    rule: CacheRule,
    /// Part of every key: raising it makes all that is kept, and all that is under way, unreachable.
    generation: Arc<AtomicU64>,
    entries: moka::future::Cache<(u64, K), Arc<Slot<V>>>,
    weigh: fn(&V) -> u32,
}

struct Slot<V> {
    state: Mutex<State<V>>,
    weight: AtomicU32,
}

struct State<V> {
    kept: Option<(V, Instant)>,
    failed_at: Option<Instant>,
    asking: Option<Shared<BoxFuture<'static, Result<V, AltinnError>>>>,
}

impl<V> Slot<V> {
    fn state(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Cache<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// At most `capacity` answers.
    pub fn new(clock: Clock, rule: CacheRule, capacity: u64) -> Self {
        Self::weighed(clock, rule, capacity, |_| 1)
    }

    /// At most `capacity`, counted by `weigh`, for answers of very different sizes.
    pub fn weighed(clock: Clock, rule: CacheRule, capacity: u64, weigh: fn(&V) -> u32) -> Self {
        let entries = moka::future::Cache::builder()
            .max_capacity(capacity)
            .weigher(|_, slot: &Arc<Slot<V>>| slot.weight.load(Ordering::Relaxed))
            .build();
        Self { clock, rule, generation: Arc::default(), entries, weigh }
    }

    /// The kept answer if it is fresh; else what `ask` brings; else, if that fails or takes too long, the kept answer as
    /// long as it may stand in.
    ///
    /// # Errors
    /// Those of `ask`, or `TimedOut`, when no answer may stand in.
    pub async fn get<F, A>(&self, key: K, ask: A) -> Result<V, AltinnError>
    where
        A: FnOnce() -> F,
        F: Future<Output = Result<Answer<V>, AltinnError>> + Send + 'static,
    {
        let key = (self.generation.load(Ordering::SeqCst), key);
        let slot = self.entries.get_with(key.clone(), async { Arc::new(Slot::default()) }).await;
        let now = self.clock.now();
        let (asking, stand_in) = {
            let mut state = slot.state();
            if let Some(value) = state.kept_within(self.rule.fresh, now) {
                return Ok(value);
            }
            let stand_in = state.kept_within(self.rule.stale, now);
            if let Some(value) = &stand_in
                && state.failed_at.is_some_and(|at| (TimeDelta::zero()..BETWEEN_FAILURES).contains(&(now - at)))
            {
                return Ok(value.clone());
            }
            let asking = if let Some(asking) = &state.asking {
                asking.clone()
            } else {
                let asking = self.ask(key, Arc::clone(&slot), now, ask());
                state.asking = Some(asking.clone());
                asking
            };
            (asking, stand_in)
        };
        match stand_in {
            Some(value) => match tokio::time::timeout(self.rule.soft, asking).await {
                Ok(Ok(newer)) => Ok(newer),
                Ok(Err(_)) | Err(_) => Ok(value),
            },
            None => tokio::time::timeout(self.rule.hard, asking).await.unwrap_or(Err(AltinnError::TimedOut)),
        }
    }

    /// Forgets everything, also what is being asked just now.
    pub fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.entries.invalidate_all();
    }

    /// Asks in a task of its own, so that the answer is kept also if nobody waits for it any more.
    fn ask<F>(
        &self,
        key: (u64, K),
        slot: Arc<Slot<V>>,
        now: Instant,
        answer: F,
    ) -> Shared<BoxFuture<'static, Result<V, AltinnError>>>
    where
        F: Future<Output = Result<Answer<V>, AltinnError>> + Send + 'static,
    {
        let cache = self.clone();
        let task = tokio::spawn(async move {
            // Twice the time anybody waits: a call that hangs must not keep others from asking anew.
            let answer = tokio::time::timeout(cache.rule.hard * 2, answer).await.unwrap_or(Err(AltinnError::TimedOut));
            let result = {
                let mut state = slot.state();
                state.asking = None;
                state.failed_at = answer.is_err().then_some(now);
                match answer {
                    Ok(Answer::Keep(value)) => {
                        slot.weight.store((cache.weigh)(&value), Ordering::Relaxed);
                        state.kept = Some((value.clone(), now));
                        Ok(value)
                    }
                    Ok(Answer::Once(value)) => {
                        // The older answer is refuted: it must not come back.
                        state.kept = None;
                        Ok(value)
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the platform was asked in vain");
                        Err(error)
                    }
                }
            };
            if result.is_ok() && cache.generation.load(Ordering::SeqCst) == key.0 {
                // Put again so that it is weighed with its answer.
                cache.entries.insert(key, slot).await;
            }
            result
        });
        async move { task.await.unwrap_or(Err(AltinnError::TimedOut)) }.boxed().shared()
    }
}

impl<V: Clone> State<V> {
    /// An answer from the future (the clock was set back) is of no known age and is not used.
    fn kept_within(&self, limit: std::time::Duration, now: Instant) -> Option<V> {
        let limit = TimeDelta::from_std(limit).unwrap_or(TimeDelta::MAX);
        let (value, at) = self.kept.as_ref()?;
        (TimeDelta::zero()..=limit).contains(&(now - *at)).then(|| value.clone())
    }
}

impl<V> Default for Slot<V> {
    fn default() -> Self {
        let state = State { kept: None, failed_at: None, asking: None };
        Self { state: Mutex::new(state), weight: AtomicU32::new(1) }
    }
}

impl<K, V> Debug for Cache<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("rule", &self.rule).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Ready, ready},
        time::Duration,
    };

    use tokio::sync::{Notify, Semaphore};

    use super::*;

    fn cache() -> (Cache<&'static str, u32>, Clock) {
        let clock = Clock::system();
        clock.set_frozen(true);
        let minutes = Duration::from_mins;
        let rule =
            CacheRule { fresh: minutes(15), stale: minutes(30), soft: Duration::from_millis(50), hard: minutes(1) };
        (Cache::new(clock.clone(), rule, 100), clock)
    }

    fn keep(value: u32) -> Ready<Result<Answer<u32>, AltinnError>> {
        ready(Ok(Answer::Keep(value)))
    }

    fn fail() -> Ready<Result<Answer<u32>, AltinnError>> {
        ready(Err(AltinnError::TimedOut))
    }

    #[tokio::test]
    async fn an_answer_is_fresh_then_stands_in_then_is_gone() {
        let (cache, clock) = cache();
        assert_eq!(cache.get("a", || keep(1)).await.ok(), Some(1));
        clock.advance(TimeDelta::minutes(15));
        assert_eq!(cache.get("a", || keep(2)).await.ok(), Some(1), "fresh to the last instant");
        clock.advance(TimeDelta::minutes(1));
        assert_eq!(cache.get("a", fail).await.ok(), Some(1), "stands in");
        assert_eq!(cache.get("a", || keep(2)).await.ok(), Some(1), "not asked again at once after a failure");
        clock.advance(TimeDelta::seconds(31));
        assert_eq!(cache.get("a", || keep(2)).await.ok(), Some(2));
        clock.advance(TimeDelta::minutes(30) + TimeDelta::microseconds(1));
        assert_eq!(cache.get("a", fail).await.ok(), None, "never longer");
        clock.advance(TimeDelta::hours(-3));
        assert_eq!(cache.get("a", fail).await.ok(), None, "nor from the future");
    }

    #[tokio::test]
    async fn what_is_said_once_is_not_kept_and_refutes_the_old() {
        let (cache, clock) = cache();
        assert_eq!(cache.get("a", || keep(1)).await.ok(), Some(1));
        clock.advance(TimeDelta::minutes(16));
        assert_eq!(cache.get("a", || async { Ok(Answer::Once(7)) }).await.ok(), Some(7));
        assert_eq!(cache.get("a", fail).await.ok(), None);
    }

    #[tokio::test]
    async fn one_asking_serves_all_who_wait() {
        let (cache, _) = cache();
        let gate = Arc::new(Semaphore::new(0));
        let asked = Arc::new(AtomicU32::new(0));
        let callers = (0..20).map(|_| {
            let (gate, asked) = (Arc::clone(&gate), Arc::clone(&asked));
            cache.get("a", move || async move {
                asked.fetch_add(1, Ordering::SeqCst);
                let _ = gate.acquire().await;
                Ok(Answer::Keep(5))
            })
        });
        let all = futures_util::future::join_all(callers);
        let (answers, ()) = tokio::join!(all, async { gate.add_permits(1) });
        assert!(answers.iter().all(|answer| matches!(answer, Ok(5))));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_slow_answer_is_not_waited_for_when_one_may_stand_in() {
        let (cache, clock) = cache();
        let (gate, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        assert_eq!(cache.get("a", || keep(1)).await.ok(), Some(1));
        clock.advance(TimeDelta::minutes(16));
        let (waits, ends) = (Arc::clone(&gate), Arc::clone(&done));
        let slow = || async move {
            waits.notified().await;
            ends.notify_one();
            Ok(Answer::Keep(2))
        };
        assert_eq!(cache.get("a", slow).await.ok(), Some(1));
        gate.notify_one();
        done.notified().await;
        // Asked anew or still under way: either way the newer answer comes.
        assert_eq!(cache.get("a", || keep(2)).await.ok(), Some(2));
    }

    #[tokio::test]
    async fn forgetting_forgets_what_is_under_way_too() {
        let (cache, _) = cache();
        let gate = Arc::new(Notify::new());
        let waits = Arc::clone(&gate);
        let old = cache.get("a", || async move {
            waits.notified().await;
            Ok(Answer::Keep(1))
        });
        let (old, ()) = tokio::join!(old, async {
            cache.forget_all();
            gate.notify_one();
        });
        assert_eq!(old.ok(), Some(1));
        assert_eq!(cache.get("a", || keep(2)).await.ok(), Some(2));
    }
}
