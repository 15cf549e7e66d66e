//! Puts the core together.

use std::sync::Arc;

use waybill_compose::DemoCompany;
use waybill_engine::{Core, Dirs, Drivers};

use crate::Arguments;

/// The core of this window: all drivers, the keychain, the demo.
pub(crate) fn core(arguments: &Arguments, dirs: Dirs) -> Core {
    let demo = DemoCompany::in_folder(dirs.data.join("demo")).working_at(arguments.demo_rate);
    Core::opening(
        Drivers::new(waybill_compose::drivers()),
        Arc::new(waybill_compose::secrets()),
        dirs,
        Some(Arc::new(demo)),
        arguments.target(),
    )
}
