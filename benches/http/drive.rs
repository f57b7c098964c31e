//! So many connections at work at once, each in a thread of its own: how many turns they did, how long each took, and what
//! processors did for them meanwhile.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant as Timer},
};

use anyhow::Context;

use super::processor::{Meter, Usage};

/// One turn after the other over one connection; false when there is nothing left to do.
pub type Worker<'a> = Box<dyn FnMut() -> anyhow::Result<bool> + 'a>;

/// How long to measure, and over how many connections.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub connections: usize,
    pub time: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Run {
    /// How long each turn took, sorted.
    pub times: Vec<Duration>,
    pub elapsed: Duration,
    pub usage: Usage,
}

impl Load {
    /// Before it is measured each connection does a few turns, so that plans are made and caches filled.
    fn warm_up(self) -> usize {
        (60 / self.connections).max(4)
    }

    /// `worker` connects the worker of this number.
    pub fn drive<'a>(
        self,
        meter: &Meter,
        worker: impl Fn(usize) -> anyhow::Result<Worker<'a>> + Sync,
    ) -> anyhow::Result<Run> {
        let (warm, measured) = (Barrier::new(self.connections + 1), Barrier::new(self.connections + 1));
        let one = |number| -> anyhow::Result<Vec<Duration>> {
            let prepared = (|| {
                let mut worker = worker(number)?;
                for _ in 0..self.warm_up() {
                    worker()?;
                }
                anyhow::Ok(worker)
            })();
            // Whatever went wrong, the others wait here.
            warm.wait();
            measured.wait();
            let mut worker = prepared?;
            let (began, mut times) = (Timer::now(), Vec::new());
            while began.elapsed() < self.time {
                let started = Timer::now();
                if !worker()? {
                    break;
                }
                times.push(started.elapsed());
            }
            Ok(times)
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.connections).map(|number| scope.spawn(move || one(number))).collect();
            warm.wait();
            let (before, began) = (meter.read()?, Timer::now());
            measured.wait();
            let mut times = Vec::new();
            for worker in workers {
                times.extend(worker.join().ok().context("a worker fell over")??);
            }
            let elapsed = began.elapsed();
            times.sort_unstable();
            Ok(Run { times, elapsed, usage: meter.read()?.since(before) })
        })
    }
}

impl Run {
    pub fn per_second(&self) -> f64 {
        count(self.times.len()) / self.elapsed.as_secs_f64()
    }

    /// In milliseconds.
    pub fn percentile(&self, hundredth: usize) -> f64 {
        percentile(&self.times, hundredth)
    }

    /// Microseconds of processor time for each turn: the service's and PostgreSQL's.
    pub fn cost(&self) -> (f64, f64) {
        let turns = count(self.times.len());
        (self.usage.service / turns, self.usage.database / turns)
    }
}

/// Of sorted times, in milliseconds.
pub fn percentile(times: &[Duration], hundredth: usize) -> f64 {
    let at = (times.len() * hundredth / 100).min(times.len().saturating_sub(1));
    times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}
