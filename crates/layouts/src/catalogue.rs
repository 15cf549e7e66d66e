//! The layouts there are: one data file each, part of the program.

use std::sync::OnceLock;

use crate::Layout;

/// Includes the data files by name, so that one which is missing does not compile.
macro_rules! data_files {
    ($($name:literal,)*) => {
        /// Name and text of every data file, by name.
        const FILES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../data/", $name, ".toml"))),)*
        ];
    };
}

data_files! {
    "abp",
    "axon",
    "blueground",
    "bookingsync",
    "brighter",
    "cap",
    "debezium",
    "django-celery-outbox",
    "django-outbox-pattern",
    "ecotone",
    "eshop",
    "eventsauce",
    "eventuate",
    "faststream-outbox",
    "graphile-worker",
    "gruelbox",
    "kgrzybek",
    "masstransit",
    "namastack",
    "nestjs-inbox-outbox",
    "nservicebus",
    "oagudo-outbox",
    "oban",
    "occurred-on-utc",
    "open-outbox",
    "outboxer",
    "outboxkit",
    "pg-boss",
    "pg-transactional-outbox",
    "pkritiotis-go-outbox",
    "rails-event-store",
    "rebus",
    "sbmt-outbox",
    "silverback",
    "slimmessagebus",
    "spring-modulith",
    "symfony-messenger",
    "tomorrow-one",
    "watermill",
    "wolverine",
}

/// All layouts, by name.
///
/// # Panics
/// When a data file cannot be read, which a test of this crate shows first.
pub fn layouts() -> &'static [Layout] {
    static LAYOUTS: OnceLock<Vec<Layout>> = OnceLock::new();
    LAYOUTS.get_or_init(|| FILES.iter().map(|(name, text)| read(name, text)).collect())
}

/// A layout by its name.
pub fn layout(name: &str) -> Option<&'static Layout> {
    layouts().iter().find(|layout| layout.name == name)
}

fn read(name: &str, text: &str) -> Layout {
    toml::from_str(text).unwrap_or_else(|error| panic!("data/{name}.toml: {error}"))
}

#[cfg(test)]
mod tests;
