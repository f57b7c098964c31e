//! What is counted and measured, for `GET /metrics` (chapter 11 §6): one set for the process, because statements, calls and
//! caches belong to it and not to a request.
//!
//! Labels are names of ours: a route's template, a statement, a call, a cache. None ever holds a person, a name, a token or
//! the id of a dialog, and so there are few of them.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// Upper bounds of the buckets, in seconds.
const BOUNDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Most series of one family: a safeguard, should a label ever take many values.
const MOST: usize = 2_000;

#[derive(Clone, Debug, Default)]
struct Times {
    /// Not cumulative; the last one is beyond all bounds.
    buckets: [u64; BOUNDS.len() + 1],
    sum: f64,
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

    fn print(&self, out: &mut String) {
        let Self { name, about, labels, .. } = self;
        let _ = writeln!(out, "# HELP {name} {about}\n# TYPE {name} histogram");
        // Copied, so that nobody waits while it is printed.
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (values, times) in series {
            let labels = pairs(labels, &values);
            let mut count = 0;
            for (bucket, bound) in times.buckets.iter().zip(BOUNDS.iter().map(Some).chain([None])) {
                count += bucket;
                let bound = bound.map_or("+Inf".to_owned(), f64::to_string);
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
            }
            let _ = writeln!(out, "{name}_sum{{{labels}}} {}\n{name}_count{{{labels}}} {count}", times.sum);
        }
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
        *self.series.lock().unwrap_or_else(PoisonError::into_inner).entry(labels).or_default() += 1;
    }

    fn print(&self, out: &mut String) {
        let Self { name, about, labels, .. } = self;
        let _ = writeln!(out, "# HELP {name} {about}\n# TYPE {name} counter");
        for (values, count) in &*self.series.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = writeln!(out, "{name}{{{}}} {count}", pairs(labels, values));
        }
    }
}

/// What is there now.
#[derive(Debug)]
pub struct Level {
    name: &'static str,
    about: &'static str,
    value: AtomicI64,
}

/// One of those that are there; it counts until it goes.
#[derive(Debug)]
pub struct Present(&'static Level);

impl Level {
    const fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, value: AtomicI64::new(0) }
    }

    /// One more.
    pub fn enter(&'static self) -> Present {
        self.value.fetch_add(1, Ordering::Relaxed);
        Present(self)
    }

    fn print(&self, out: &mut String) {
        gauge(out, self.name, self.about, &[("", self.value.load(Ordering::Relaxed).to_string())]);
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
pub static ACTIVE: Level = Level::new("http_server_active_requests", "Requests under way.");
pub static STREAMS: Level = Level::new("live_streams", "Open streams of live updates.");

/// All of the process's own, as Prometheus reads them.
pub fn print() -> String {
    let mut out = String::with_capacity(64 * 1024);
    REQUESTS.print(&mut out);
    ACTIVE.print(&mut out);
    STATEMENTS.print(&mut out);
    CALLS.print(&mut out);
    CACHES.print(&mut out);
    READS.print(&mut out);
    STREAMS.print(&mut out);
    out
}

/// A gauge that is measured when it is asked for: a value for each set of labels, written `name="value"`.
pub fn gauge(out: &mut String, name: &str, about: &str, values: &[(&str, String)]) {
    let _ = writeln!(out, "# HELP {name} {about}\n# TYPE {name} gauge");
    for (labels, value) in values {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(out, "{name}{labels} {value}");
    }
}

fn pairs<V: AsRef<str>>(labels: &[&str], values: &[V]) -> String {
    let escaped = |value: &V| value.as_ref().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pair = |(label, value): (&&str, &V)| format!("{label}=\"{}\"", escaped(value));
    labels.iter().zip(values).map(pair).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_growing_buckets() {
        static TIMES: Histograms<1> = Histograms::new("t_seconds", "About it.", ["of"]);
        TIMES.record(["a\"b"], Duration::from_millis(3));
        TIMES.record(["a\"b"], Duration::from_mins(1));
        let mut out = String::new();
        TIMES.print(&mut out);
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
        let printed = || {
            let mut out = String::new();
            LEVEL.print(&mut out);
            out
        };
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
