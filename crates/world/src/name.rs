//! What the parts of the company are called: consumers, tables, topics, queues.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who reads the product events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsumerName {
    /// Counts the toys in the warehouse.
    Inventory,
    /// Finds them.
    Search,
    /// Sells them.
    Storefront,
}

impl ConsumerName {
    /// All of them, in the order of the profile.
    pub const ALL: [Self; 3] = [Self::Inventory, Self::Search, Self::Storefront];

    /// Its name in the profile and in tables, groups and queues.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Search => "search",
            Self::Storefront => "storefront",
        }
    }

    /// Its number in the profile.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The consumer of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Its inbox table.
    pub(crate) const fn inbox(self) -> &'static str {
        match self {
            Self::Inventory => "inventory_inbox",
            Self::Search => "search_inbox",
            Self::Storefront => "storefront_inbox",
        }
    }

    /// The table with what it knows about products.
    pub(crate) const fn products(self) -> &'static str {
        match self {
            Self::Inventory => "inventory_products",
            Self::Search => "search_products",
            Self::Storefront => "storefront_products",
        }
    }
}

impl fmt::Display for ConsumerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names on the broker and of the database, with the prefix that keeps worlds apart.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// The database on a server.
    pub(crate) fn database(&self) -> String {
        format!("{}shop", self.prefix)
    }

    /// Kafka topic, or RabbitMQ exchange.
    pub(crate) fn destination(&self) -> String {
        format!("{}product-events", self.prefix)
    }

    /// RabbitMQ: the stream that keeps the exchange's history.
    pub(crate) fn audit_stream(&self) -> String {
        format!("{}product-events.audit", self.prefix)
    }

    /// Kafka topic, or RabbitMQ exchange, of another service's events.
    pub(crate) fn elsewhere(&self) -> String {
        format!("{}invoices", self.prefix)
    }

    /// RabbitMQ: the stream that keeps that exchange's history.
    pub(crate) fn elsewhere_audit(&self) -> String {
        format!("{}invoices.audit", self.prefix)
    }

    /// RabbitMQ: where rejected messages go.
    pub(crate) fn dead_letter_exchange(&self) -> String {
        format!("{}product-events.dlx", self.prefix)
    }

    /// Kafka: where a consumer puts what it cannot process.
    pub(crate) fn dead_letter_topic(&self, consumer: ConsumerName) -> String {
        format!("{}product-events.{consumer}.dlt", self.prefix)
    }

    /// Kafka group, or RabbitMQ queue.
    pub(crate) fn reader(&self, consumer: ConsumerName) -> String {
        format!("{}{consumer}", self.prefix)
    }

    /// RabbitMQ: the queue of rejected messages.
    pub(crate) fn dead_letter_queue(&self, consumer: ConsumerName) -> String {
        format!("{}{consumer}.dlq", self.prefix)
    }

    /// RabbitMQ: the stream that keeps a copy of rejected messages.
    pub(crate) fn dead_letter_stream(&self, consumer: ConsumerName) -> String {
        format!("{}{consumer}.dlq.audit", self.prefix)
    }
}
