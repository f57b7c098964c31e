//! What is counted and measured, in the collector's form: the same names and numbers as `GET /metrics`.

use std::{
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, metric::Data,
        number_data_point::Value,
    },
};

use super::text;
use crate::meter::{BOUNDS, Family, Labels, Points, Times};

/// What counts grow since.
static BEGAN: LazyLock<u64> = LazyLock::new(now);

/// The process begins.
pub fn begin() {
    LazyLock::force(&BEGAN);
}

pub fn written(families: Vec<Family>) -> Vec<Metric> {
    let (began, now) = (*BEGAN, now());
    families.into_iter().map(|family| metric(family, began, now)).collect()
}

fn metric(family: Family, began: u64, now: u64) -> Metric {
    let aggregation_temporality = AggregationTemporality::Cumulative.into();
    let (unit, data) = match family.points {
        Points::Times(series) => {
            let data_points = series.into_iter().map(|(labels, times)| histogram(labels, &times, began, now)).collect();
            ("s", Data::Histogram(Histogram { data_points, aggregation_temporality }))
        }
        Points::Counts(series) => {
            let value = |count: u64| Value::AsInt(i64::try_from(count).unwrap_or(i64::MAX));
            let data_points = series.into_iter().map(|(labels, count)| number(labels, value(count), began, now));
            let data_points = data_points.collect();
            ("1", Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true }))
        }
        Points::Levels(series) => {
            let data_points = series.into_iter().map(|(labels, level)| number(labels, Value::AsDouble(level), 0, now));
            ("", Data::Gauge(Gauge { data_points: data_points.collect() }))
        }
    };
    Metric {
        name: family.name.to_owned(),
        description: family.about.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn histogram(labels: Labels, times: &Times, began: u64, now: u64) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: attributes(labels),
        start_time_unix_nano: began,
        time_unix_nano: now,
        count: times.buckets.iter().sum(),
        sum: Some(times.sum),
        bucket_counts: times.buckets.to_vec(),
        explicit_bounds: BOUNDS.to_vec(),
        ..HistogramDataPoint::default()
    }
}

fn number(labels: Labels, value: Value, began: u64, now: u64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(labels),
        start_time_unix_nano: began,
        time_unix_nano: now,
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

fn attributes(labels: Labels) -> Vec<KeyValue> {
    labels.into_iter().map(|(name, value)| text(name, value)).collect()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}
