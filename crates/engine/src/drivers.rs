//! The drivers the composition root registered.

use std::sync::Arc;

use waybill_source::{Driver, Error};

/// All drivers there are, found by the scheme of a URL.
#[derive(Debug, Clone)]
pub struct Drivers(Arc<[Arc<dyn Driver>]>);

impl Drivers {
    /// From the composition root's list.
    pub fn new(drivers: Vec<Arc<dyn Driver>>) -> Self {
        Self(drivers.into())
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|driver| driver.name().to_owned())
            .collect()
    }

    /// All URL schemes somebody answers to.
    pub fn schemes(&self) -> impl Iterator<Item = &'static str> {
        self.0
            .iter()
            .flat_map(|driver| driver.url_schemes().iter().copied())
    }

    /// The driver for a URL.
    pub fn of_url(&self, url: &str) -> Result<&Arc<dyn Driver>, Error> {
        let scheme = scheme_of(url);
        let found = self
            .0
            .iter()
            .find(|driver| driver.url_schemes().contains(&scheme));
        found.ok_or_else(|| Error::Unsupported {
            what: format!(
                "No driver answers to '{scheme}:'; there are {}",
                self.schemes().collect::<Vec<_>>().join(", ")
            ),
        })
    }
}

/// What stands before the first colon.
pub(crate) fn scheme_of(url: &str) -> &str {
    url.split_once(':').map_or("", |(scheme, _)| scheme)
}
