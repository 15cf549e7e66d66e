//! Which faults a run has.

use anyhow::Context as _;
use waybill_world::{Fault, World};

use crate::arguments::{Arguments, Ids};

/// The faults that were asked for, as far as they work there.
pub(crate) fn chosen(arguments: &Arguments, world: &World) -> anyhow::Result<Vec<Fault>> {
    match arguments.faults.as_str() {
        "all" if arguments.live => Ok(all_live(world)),
        "all" => Ok(all(arguments, world)),
        "none" => Ok(Vec::new()),
        names => names
            .split(',')
            .map(|name| {
                Fault::from_name(name.trim()).with_context(|| format!("there is no fault '{name}'"))
            })
            .collect(),
    }
}

/// Every fault that hits single events, and one, chosen by the seed, that hits all.
fn all(arguments: &Arguments, world: &World) -> Vec<Fault> {
    let here = world.faults().into_iter();
    let (mut whole, mut single): (Vec<Fault>, Vec<Fault>) = here
        .filter(|fault| fault.works_in_history())
        .partition(|fault| fault.is_of_all_events());
    if matches!(arguments.ids, Ids::None | Ids::Wrong | Ids::Content) {
        // Without rows and without ids there is nothing left to be held against anything.
        whole.retain(|fault| *fault != Fault::OutboxDeleted);
    }
    // The first choice is none.
    let choice = usize::try_from(arguments.seed).unwrap_or(usize::MAX) % (whole.len() + 1);
    if let Some(fault) = choice.checked_sub(1).and_then(|idx| whole.get(idx)) {
        single.push(*fault);
        if *fault == Fault::QueueOverflow {
            // What expires in a queue makes room in it.
            single.retain(|it| *it != Fault::QueueTtl);
        }
    }
    single
}

/// Every fault that can be switched on, event by event.
fn all_live(world: &World) -> Vec<Fault> {
    let here = world.live_faults().into_iter();
    here.filter(|fault| !fault.is_of_all_events()).collect()
}
