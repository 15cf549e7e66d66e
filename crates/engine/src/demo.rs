//! The built-in company, as the engine sees it. The composition roots implement it over the world.

use std::fmt;

use async_trait::async_trait;
use waybill_model::Profile;
use waybill_protocol::FaultInfo;
use waybill_source::{BoxError, Secret};

/// Starts, breaks and heals the demo.
#[async_trait]
pub trait DemoHost: fmt::Debug + Send + Sync {
    /// Starts the company if it is not running, and says how to reach it.
    async fn start(&self) -> Result<DemoTarget, BoxError>;

    /// What can be broken, and what is.
    async fn faults(&self) -> Result<Vec<FaultInfo>, BoxError>;

    /// Breaks something; the sentence to show.
    async fn break_it(&self, fault: &str) -> Result<String, BoxError>;

    /// Switches all faults off.
    async fn heal(&self) -> Result<(), BoxError>;

    /// Starts the company anew; its addresses may change, so the session has to be opened again.
    async fn reset(&self) -> Result<(), BoxError>;

    /// Keeps what a process that ends would lose, so that the next one finds the same company.
    async fn save(&self) -> Result<(), BoxError>;
}

/// How to reach the demo. Its passwords live in memory only.
#[derive(Debug, Clone)]
pub struct DemoTarget {
    /// The profile, as a user would have written it.
    pub profile: Profile,
    /// Passwords by secret name.
    pub secrets: Vec<(String, Secret)>,
}
