//! Small statistics.

use std::time::{Duration, Instant};

/// Median and 99th percentile, milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
}

pub fn latency(mut samples: Vec<Duration>) -> Latency {
    samples.sort_unstable();
    let at = |share: f64| {
        let index = ((samples.len() as f64 * share) as usize).min(samples.len().saturating_sub(1));
        samples
            .get(index)
            .map_or(f64::NAN, |sample| sample.as_secs_f64() * 1_000.0)
    };
    Latency {
        p50: at(0.50),
        p99: at(0.99),
    }
}

/// How many a second.
pub fn rate(count: usize, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}

/// 1/H = the sum of the reciprocals: what a chain of stages could do if nothing else cost anything.
pub fn harmonic(rates: &[f64]) -> f64 {
    1.0 / rates.iter().map(|rate| 1.0 / rate).sum::<f64>()
}
