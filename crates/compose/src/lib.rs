//! What window and command line both put together: the drivers, the keychain, the demo.
//!
//! The only place that names concrete sources: a new broker is one folder and one line in
//! [`drivers`].

mod drivers;
pub use drivers::drivers;

mod keychain;
pub use keychain::{Keychain, secrets};

mod demo;
pub use demo::DemoCompany;
