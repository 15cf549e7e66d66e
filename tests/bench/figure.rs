//! What a bench prints.

use serde::Serialize;

/// The whole run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    cores: usize,
    events: usize,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new(events: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            schema: "waybill.bench/1",
            cores,
            events,
            figures: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, figures: Vec<Figure>) {
        self.figures.extend(figures);
    }
}

/// One thing measured, every run of it, beside its rival's.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) ours: Vec<f64>,
    pub(crate) median: f64,
    pub(crate) rival: Option<Rival>,
    pub(crate) budget: &'static str,
}

/// Somebody else's figure, from runs in turn with ours.
#[derive(Debug, Serialize)]
pub(crate) struct Rival {
    pub(crate) name: &'static str,
    pub(crate) values: Vec<f64>,
    pub(crate) median: f64,
    /// Median of ours / theirs, pair by pair.
    pub(crate) ratio: f64,
}

impl Figure {
    /// A figure without a rival.
    pub(crate) fn alone(
        name: &'static str,
        unit: &'static str,
        ours: Vec<f64>,
        budget: &'static str,
    ) -> Self {
        let median = median(&ours);
        Self {
            name,
            unit,
            ours,
            median,
            rival: None,
            budget,
        }
    }

    /// Adds a rival; `values` belong pair by pair to `ours`.
    pub(crate) fn beside(mut self, name: &'static str, values: Vec<f64>) -> Self {
        let ratios: Vec<f64> = self
            .ours
            .iter()
            .zip(&values)
            .map(|(ours, theirs)| ours / theirs)
            .collect();
        self.rival = Some(Rival {
            name,
            median: median(&values),
            ratio: median(&ratios),
            values,
        });
        self
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
