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

use super::AltinnError;
use crate::{clock::Clock, config::CacheRule, domain::Instant, flight::Flight, meter};
use chrono::TimeDelta;
use tokio::time::timeout;

/// After a failure the old answer is given without asking for this long.
// As the reference throttles its fail-safe (chapter 03 §8.7).
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
/// One asking serves all who wait for the same key, and goes on when they stop waiting. Towards the end of its freshness an
/// answer is asked for anew beside its use. Ages are counted from the start of the asking, by the application's clock.
#[derive(Clone)]
pub struct Cache<K, V> {
    /// For metrics.
    name: &'static str,
    clock: Clock,
    rule: CacheRule,
    /// Part of every key: raising it makes all that is kept, and all that is under way, unreachable.
    generation: Arc<AtomicU64>,
    entries: moka::future::Cache<(u64, K), Arc<Slot<V>>>,
    weigh: fn(&V) -> u32,
}

struct Slot<V> {
    state: Mutex<State<V>>,
    // Outside the lock: the cache reads it whenever it likes.
    weight: AtomicU32,
}

struct State<V> {
    kept: Option<(V, Instant)>,
    failed_at: Option<Instant>,
    asking: Option<Flight<Answer<V>, AltinnError>>,
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
        Self { name: "other", clock, rule, generation: Arc::default(), entries, weigh }
    }

    /// Under this name its use is counted.
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
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
        let ask = || self.bounded(ask());
        let key = (self.generation.load(Ordering::SeqCst), key);
        // The slot is shared before anything is asked: whoever comes next finds the question under way.
        let slot = self.entries.get_with(key.clone(), async { Arc::new(Slot::default()) }).await;
        let now = self.clock.now();
        let (asking, again, stand_in) = {
            let mut state = slot.state();
            let has_just_failed =
                state.failed_at.is_some_and(|at| (TimeDelta::zero()..BETWEEN_FAILURES).contains(&(now - at)));
            if let Some(value) = state.kept_within(self.rule.fresh, now) {
                // At four fifths, as in the reference: an answer in steady use is renewed before anybody has to wait
                // for it.
                let is_ageing = state.kept_within(self.rule.fresh * 4 / 5, now).is_none();
                // Not right after a failure: the old answer is good for a while, and the platform may need it.
                if is_ageing && state.asking.is_none() && !has_just_failed {
                    state.asking = Some(self.begin(key, Arc::clone(&slot), now, ask()));
                }
                meter::CACHES.add([self.name, "hit"]);
                return Ok(value);
            }
            let stand_in = state.kept_within(self.rule.stale, now);
            if let Some(value) = stand_in.clone().filter(|_| has_just_failed) {
                meter::CACHES.add([self.name, "stale"]);
                return Ok(value);
            }
            if let Some(asking) = state.asking.clone() {
                (asking, Some(ask), stand_in)
            } else {
                let asking = self.begin(key, Arc::clone(&slot), now, ask());
                state.asking = Some(asking.clone());
                (asking, None, stand_in)
            }
        };
        let answer = match &stand_in {
            // Counted from the asking: it is waited for once, not by each who comes.
            Some(_) => timeout(self.rule.soft.saturating_sub(asking.age()), asking.answer(again)).await,
            // From now on, not from the asking: whoever has nothing to fall back on is given its whole time.
            None => timeout(self.rule.hard, asking.answer(again)).await,
        };
        let stands_in = stand_in.is_some() && !matches!(answer, Ok(Ok(_)));
        meter::CACHES.add([self.name, if stands_in { "stale" } else { "miss" }]);
        match (answer, stand_in) {
            (Ok(Ok(Answer::Keep(newer) | Answer::Once(newer))), _) => Ok(newer),
            (Ok(Err(_)) | Err(_), Some(value)) => Ok(value),
            (Ok(Err(error)), None) => Err(error),
            (Err(_), None) => Err(AltinnError::TimedOut),
        }
    }

    /// Forgets everything, also what is being asked just now.
    pub fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.entries.invalidate_all();
    }

    /// Asks for all who are going to wait.
    fn begin<F>(&self, key: (u64, K), slot: Arc<Slot<V>>, now: Instant, ask: F) -> Flight<Answer<V>, AltinnError>
    where
        F: Future<Output = Result<Answer<V>, AltinnError>> + Send + 'static,
    {
        let cache = self.clone();
        Flight::begin(ask, move |answer: &Result<Answer<V>, AltinnError>| {
            {
                let mut state = slot.state();
                state.asking = None;
                state.failed_at = answer.is_err().then_some(now);
                match answer {
                    Ok(Answer::Keep(value)) => {
                        slot.weight.store((cache.weigh)(value), Ordering::Relaxed);
                        state.kept = Some((value.clone(), now));
                    }
                    // The older answer is refuted: it must not come back.
                    Ok(Answer::Once(_)) => state.kept = None,
                    Err(error) => tracing::warn!(%error, "the platform was asked in vain"),
                }
            }
            // Else it was forgotten meanwhile; who waits gets the answer, and nobody later.
            if answer.is_ok() && cache.generation.load(Ordering::SeqCst) == key.0 {
                // Put again so that it is weighed with its answer.
                let (entries, key, slot) = (cache.entries.clone(), key.clone(), Arc::clone(&slot));
                // In a task of its own, as this is called where nothing can be awaited.
                tokio::spawn(async move { entries.insert(key, slot).await });
            }
        })
    }

    /// Twice the time anybody waits: a call that hangs is given up at last.
    fn bounded<F>(&self, ask: F) -> impl Future<Output = Result<Answer<V>, AltinnError>> + Send + 'static + use<F, K, V>
    where
        F: Future<Output = Result<Answer<V>, AltinnError>> + Send + 'static,
    {
        let longest = self.rule.hard * 2;
        async move { timeout(longest, ask).await.unwrap_or(Err(AltinnError::TimedOut)) }
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
        clock.advance(TimeDelta::minutes(12));
        assert_eq!(cache.get("a", || keep(2)).await.ok(), Some(1), "fresh");
        clock.advance(TimeDelta::minutes(4));
        assert_eq!(cache.get("a", fail).await.ok(), Some(1), "stands in");
        assert_eq!(cache.get("a", || keep(2)).await.ok(), Some(1), "not asked again at once after a failure");
        clock.advance(TimeDelta::seconds(31));
        assert_eq!(cache.get("a", || keep(2)).await.ok(), Some(2));
        clock.advance(TimeDelta::minutes(30) + TimeDelta::microseconds(1));
        assert_eq!(cache.get("a", fail).await.ok(), None, "never longer");
        clock.advance(TimeDelta::hours(-3));
        assert_eq!(cache.get("a", fail).await.ok(), None, "nor from the future");
    }

    /// M-06: whoever asks often never waits, and never gets an old answer.
    #[tokio::test]
    async fn an_ageing_answer_is_renewed_beside_its_use() {
        let (cache, clock) = cache();
        assert_eq!(cache.get("a", || keep(1)).await.ok(), Some(1));
        clock.advance(TimeDelta::minutes(14));
        assert_eq!(cache.get("a", || keep(2)).await.ok(), Some(1));
        while cache.get("a", || keep(3)).await.ok() == Some(1) {
            tokio::task::yield_now().await;
        }
        clock.advance(TimeDelta::minutes(12));
        assert_eq!(cache.get("a", fail).await.ok(), Some(2), "of a quarter of an hour from its asking on");
    }

    /// M-06: the wait for a newer answer is counted from the asking; who comes later does not wait again.
    #[tokio::test]
    async fn a_platform_that_hangs_is_waited_for_once() {
        let (cache, clock) = cache();
        assert_eq!(cache.get("a", || keep(1)).await.ok(), Some(1));
        clock.advance(TimeDelta::minutes(16));
        let before = std::time::Instant::now();
        for _ in 0..100 {
            assert_eq!(cache.get("a", std::future::pending).await.ok(), Some(1));
        }
        assert!(before.elapsed() < 50 * cache.rule.soft, "not a hundred times");
    }

    /// M-06: a question that hung does not keep later ones from an answer.
    #[tokio::test]
    async fn what_hangs_is_asked_again() {
        let (cache, _) = cache();
        let lost = tokio::spawn({
            let cache = cache.clone();
            async move { cache.get("a", std::future::pending).await.ok() }
        });
        while cache.entries.iter().next().is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(cache.get("a", || keep(1)).await.ok(), Some(1));
        assert_eq!(lost.await.expect("no panic"), Some(1), "the one that waited is answered too");
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
