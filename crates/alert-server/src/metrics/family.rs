//! One metric with its values, as they were at one moment.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet, prometheus_text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use socketio_server::{BUCKETS, Histogram};
use std::fmt::Error;

/// What the text is.
pub use prometheus_text::CONTENT_TYPE;

/// Labels with their values.
pub(super) type Labels = Vec<(&'static str, &'static str)>;

/// A metric. Its name is without `_total` and `_info`, which the format adds.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    values: Vec<(Labels, Value)>,
}

#[derive(Debug)]
enum Value {
    Counter(f64),
    Gauge(f64),
    Histogram(Histogram),
    Info,
}

/// All metrics of one moment.
#[derive(Debug, Default)]
pub(super) struct Scrape(Vec<Family>);

/// A value for each kind.
pub(super) fn by<'a>(
    label: &'static str,
    kinds: &'a [(&'static str, u64)],
) -> impl Iterator<Item = (Labels, f64)> + 'a {
    kinds.iter().map(move |(kind, count)| (vec![(label, *kind)], *count as f64))
}

impl Family {
    pub(super) fn gauge(name: &'static str, help: &'static str, value: f64) -> Self {
        Self::gauges(name, help, [(Labels::new(), value)])
    }

    pub(super) fn gauges(
        name: &'static str,
        help: &'static str,
        values: impl IntoIterator<Item = (Labels, f64)>,
    ) -> Self {
        let values = values.into_iter().map(|(labels, value)| (labels, Value::Gauge(value))).collect();
        Self { name, help, kind: MetricType::Gauge, values }
    }

    pub(super) fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Self::counters(name, help, [(Labels::new(), value as f64)])
    }

    pub(super) fn counters(
        name: &'static str,
        help: &'static str,
        values: impl IntoIterator<Item = (Labels, f64)>,
    ) -> Self {
        let values = values.into_iter().map(|(labels, value)| (labels, Value::Counter(value))).collect();
        Self { name, help, kind: MetricType::Counter, values }
    }

    pub(super) fn histogram(name: &'static str, help: &'static str, value: &Histogram) -> Self {
        let values = vec![(Labels::new(), Value::Histogram(value.clone()))];
        Self { name, help, kind: MetricType::Histogram, values }
    }

    /// What never changes, in labels.
    pub(super) fn info<const N: usize>(
        name: &'static str,
        help: &'static str,
        labels: [(&'static str, &'static str); N],
    ) -> Self {
        Self { name, help, kind: MetricType::Info, values: vec![(labels.to_vec(), Value::Info)] }
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut family = encoder.encode_descriptor(self.name, self.help, None, self.kind)?;
        for (labels, value) in &self.values {
            match value {
                Value::Info => family.encode_info(labels)?,
                value => value.encode(family.encode_family(labels)?)?,
            }
        }
        Ok(())
    }
}

impl Value {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), Error> {
        match self {
            Self::Counter(value) => ConstCounter::new(*value).encode(encoder),
            Self::Gauge(value) => ConstGauge::new(*value).encode(encoder),
            Self::Histogram(Histogram { counts, sum }) => {
                let bounds = BUCKETS.into_iter().chain([f64::INFINITY]);
                let buckets: Vec<(f64, u64)> = bounds.zip(counts.iter().copied()).collect();
                let count = counts.iter().sum();
                encoder.encode_histogram::<NoLabelSet>(sum.as_secs_f64(), count, &buckets, None)
            }
            Self::Info => Ok(()),
        }
    }
}

impl Scrape {
    pub(super) fn add(&mut self, family: Family) {
        self.0.push(family);
    }

    pub(super) fn text(self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        if let Err(error) = prometheus_text::encode(&mut text, &registry) {
            tracing::error!(%error, "the metrics cannot be written");
        }
        text
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        self.0.iter().try_for_each(|family| family.encode(&mut encoder))
    }
}
