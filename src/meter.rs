//! What is counted and measured, for `GET /metrics` (chapter 11 §6) and for a collector: one set for the process, because
//! statements, calls and caches belong to it and not to a request.
//!
//! Labels are names of ours: a route's template, a statement, a call, a cache. None ever holds a person, a name, a token or
//! the id of a dialog, and so there are few of them.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

/// Upper bounds of the buckets, in seconds.
pub const BOUNDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Most series of one family: a safeguard, should a label ever take many values.
const MOST: usize = 2_000;

/// Times of one series.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// Not cumulative; the last one is beyond all bounds.
    pub buckets: [u64; BOUNDS.len() + 1],
    pub sum: f64,
}

/// Names and values, in the order of the family.
pub type Labels = Vec<(&'static str, String)>;

/// All series of one name, as they stand now.
#[derive(Clone, Debug)]
pub struct Family {
    pub name: &'static str,
    pub about: &'static str,
    pub points: Points,
}

#[derive(Clone, Debug)]
pub enum Points {
    /// Seconds, since the process began.
    Times(Vec<(Labels, Times)>),
    /// Since the process began.
    Counts(Vec<(Labels, u64)>),
    /// What is there now.
    Levels(Vec<(Labels, f64)>),
}

impl Family {
    /// Something that is measured when it is asked for.
    pub fn level(name: &'static str, about: &'static str, value: f64) -> Self {
        Self::levels(name, about, vec![(Labels::new(), value)])
    }

    pub fn levels(name: &'static str, about: &'static str, values: Vec<(Labels, f64)>) -> Self {
        Self { name, about, points: Points::Levels(values) }
    }

    fn print(&self, out: &mut String) {
        let Self { name, about, points } = self;
        let kind = match points {
            Points::Times(_) => "histogram",
            Points::Counts(_) => "counter",
            Points::Levels(_) => "gauge",
        };
        let _ = writeln!(out, "# HELP {name} {about}\n# TYPE {name} {kind}");
        match points {
            Points::Times(series) => series.iter().for_each(|(labels, times)| print_times(out, name, labels, times)),
            Points::Counts(series) => series.iter().for_each(|(labels, count)| print_one(out, name, labels, count)),
            Points::Levels(series) => series.iter().for_each(|(labels, level)| print_one(out, name, labels, level)),
        }
    }
}

fn print_times(out: &mut String, name: &str, labels: &Labels, times: &Times) {
    let labels = pairs(labels);
    let mut count = 0;
    for (bucket, bound) in times.buckets.iter().zip(BOUNDS.iter().map(Some).chain([None])) {
        count += bucket;
        let bound = bound.map_or("+Inf".to_owned(), f64::to_string);
        let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
    }
    let _ = writeln!(out, "{name}_sum{{{labels}}} {}\n{name}_count{{{labels}}} {count}", times.sum);
}

fn print_one(out: &mut String, name: &str, labels: &Labels, value: impl Display) {
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", pairs(labels)) };
    let _ = writeln!(out, "{name}{labels} {value}");
}

/// Times of one kind, by labels.
#[derive(Debug)]
pub struct Histograms<const N: usize> {
    name: &'static str,
    about: &'static str,
    labels: [&'static str; N],
    series: Mutex<BTreeMap<[String; N], Times>>,
}

impl<const N: usize> Histograms<N> {
    const fn new(name: &'static str, about: &'static str, labels: [&'static str; N]) -> Self {
        Self { name, about, labels, series: Mutex::new(BTreeMap::new()) }
    }

    pub fn record(&self, labels: [&str; N], took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let key = labels.map(str::to_owned);
        if series.len() >= MOST && !series.contains_key(&key) {
            return;
        }
        let times = series.entry(key).or_default();
        times.buckets[bucket] += 1;
        times.sum += seconds;
    }

    fn family(&self) -> Family {
        // Copied, so that nobody waits while it is told.
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let times = series.into_iter().map(|(values, times)| (self.labels.into_iter().zip(values).collect(), times));
        Family { name: self.name, about: self.about, points: Points::Times(times.collect()) }
    }
}

/// A number of one kind, by labels.
#[derive(Debug)]
pub struct Counters<const N: usize> {
    name: &'static str,
    about: &'static str,
    labels: [&'static str; N],
    series: Mutex<BTreeMap<[&'static str; N], u64>>,
}

impl<const N: usize> Counters<N> {
    const fn new(name: &'static str, about: &'static str, labels: [&'static str; N]) -> Self {
        Self { name, about, labels, series: Mutex::new(BTreeMap::new()) }
    }

    pub fn add(&self, labels: [&'static str; N]) {
        self.add_many(labels, 1);
    }

    pub fn add_many(&self, labels: [&'static str; N], count: u64) {
        *self.series.lock().unwrap_or_else(PoisonError::into_inner).entry(labels).or_default() += count;
    }

    fn family(&self) -> Family {
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = series
            .iter()
            .map(|(values, count)| (self.labels.into_iter().zip(values.map(str::to_owned)).collect(), *count))
            .collect();
        Family { name: self.name, about: self.about, points: Points::Counts(counts) }
    }
}

/// What is there now.
#[derive(Debug)]
pub struct Level {
    name: &'static str,
    about: &'static str,
    value: AtomicI32,
}

/// One of those that are there; it counts until it goes.
#[derive(Debug)]
pub struct Present(&'static Level);

impl Level {
    const fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, value: AtomicI32::new(0) }
    }

    /// One more.
    pub fn enter(&'static self) -> Present {
        self.value.fetch_add(1, Ordering::Relaxed);
        Present(self)
    }

    fn family(&self) -> Family {
        Family::level(self.name, self.about, self.value.load(Ordering::Relaxed).into())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.value.fetch_sub(1, Ordering::Relaxed);
    }
}

pub static REQUESTS: Histograms<3> =
    Histograms::new("http_server_request_duration_seconds", "Requests, by route.", ["method", "route", "status"]);
pub static STATEMENTS: Histograms<1> =
    Histograms::new("db_client_operation_duration_seconds", "Statements, by name.", ["statement"]);
pub static CALLS: Histograms<2> =
    Histograms::new("platform_client_request_duration_seconds", "Calls to the platform.", ["call", "outcome"]);
pub static CACHES: Counters<2> =
    Counters::new("cache_requests_total", "Answers of the platform that were wanted.", ["cache", "result"]);
pub static READS: Counters<1> =
    Counters::new("database_reads_total", "Reads that may be a little old, by where they were answered.", ["server"]);
pub static DROPPED: Counters<1> =
    Counters::new("telemetry_dropped_total", "What the collector did not get, by signal.", ["signal"]);
pub static ACTIVE: Level = Level::new("http_server_active_requests", "Requests under way.");
pub static STREAMS: Level = Level::new("live_streams", "Open streams of live updates.");
pub static DELIVERIES: Level = Level::new("deliveries_under_way", "Dialogs whose events are being delivered.");

/// All of the process's own.
pub fn families() -> Vec<Family> {
    vec![
        REQUESTS.family(),
        ACTIVE.family(),
        STATEMENTS.family(),
        CALLS.family(),
        CACHES.family(),
        READS.family(),
        DROPPED.family(),
        STREAMS.family(),
        DELIVERIES.family(),
    ]
}

/// As Prometheus reads it.
pub fn print(families: &[Family]) -> String {
    let mut out = String::with_capacity(64 * 1024);
    for family in families {
        family.print(&mut out);
    }
    out
}

fn pairs(labels: &Labels) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pair = |(label, value): &(&str, String)| format!("{label}=\"{}\"", escaped(value));
    labels.iter().map(pair).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_growing_buckets() {
        static TIMES: Histograms<1> = Histograms::new("t_seconds", "About it.", ["of"]);
        TIMES.record(["a\"b"], Duration::from_millis(3));
        TIMES.record(["a\"b"], Duration::from_mins(1));
        let out = print(&[TIMES.family()]);
        for line in [
            "# TYPE t_seconds histogram",
            r#"t_seconds_bucket{of="a\"b",le="0.0025"} 0"#,
            r#"t_seconds_bucket{of="a\"b",le="0.005"} 1"#,
            r#"t_seconds_bucket{of="a\"b",le="10"} 1"#,
            r#"t_seconds_bucket{of="a\"b",le="+Inf"} 2"#,
            r#"t_seconds_count{of="a\"b"} 2"#,
        ] {
            assert!(out.lines().any(|found| found == line), "{line} in {out}");
        }
    }

    #[test]
    fn what_is_there_counts_until_it_goes() {
        static LEVEL: Level = Level::new("l", "About it.");
        let one = LEVEL.enter();
        let printed = || print(&[LEVEL.family()]);
        assert!(printed().ends_with("l 1\n"));
        drop(one);
        assert!(printed().ends_with("l 0\n"));
    }

    #[test]
    fn labels_do_not_grow_without_bound() {
        static TIMES: Histograms<1> = Histograms::new("m_seconds", "About it.", ["of"]);
        for n in 0..MOST + 10 {
            TIMES.record([&n.to_string()], Duration::ZERO);
        }
        assert_eq!(TIMES.series.lock().unwrap().len(), MOST);
    }
}
