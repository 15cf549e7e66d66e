//! What is wrong with what a flow compares.

use waybill_model::{CompareSettings, Flow, Profile};

use super::Found;
use crate::profiles::lines::Step::{self, Key, Nth};

impl Found<'_> {
    /// `nth` of the profile's flows.
    pub(super) fn compare(&mut self, profile: &Profile, nth: usize) {
        let flow = &profile.flows[nth];
        let Some(compare) = &flow.compare else {
            return;
        };
        let path = [Key("flow"), Nth(nth), Key("compare")];
        let name = &flow.name;
        match &profile.outbox {
            None => self.add(
                &path,
                format!("Flow '{name}' compares outbox rows with copies, but there is no [outbox]."),
            ),
            Some(outbox) if outbox.payload.is_none() => self.add(
                &path,
                format!("Flow '{name}' compares outbox rows with copies, but [outbox] names no payload: which column holds the body?"),
            ),
            Some(_) => {}
        }
        if !compare.body.is_empty() {
            self.pointer(&[path[0], path[1], path[2], Key("body")], &compare.body);
        }
        for pointer in &compare.ignore {
            self.pointer(&[path[0], path[1], path[2], Key("ignore")], pointer);
        }
        for other in &profile.flows[..nth] {
            self.disagreement(&path, flow, compare, other);
        }
    }

    /// A row's body is read once for all flows, and a channel once for all that lead there.
    fn disagreement(
        &mut self,
        path: &[Step<'_>; 3],
        flow: &Flow,
        compare: &CompareSettings,
        other: &Flow,
    ) {
        let Some(before) = &other.compare else {
            return;
        };
        let (name, other_name) = (&flow.name, &other.name);
        let sorted = |all: &[String]| {
            let mut all = all.to_vec();
            all.sort_unstable();
            all
        };
        if sorted(&compare.ignore) != sorted(&before.ignore) {
            self.add(
                &[path[0], path[1], path[2], Key("ignore")],
                format!("Flows '{other_name}' and '{name}' ignore different paths, but their rows come from one outbox: give both the same list."),
            );
        }
        if flow.destination == other.destination && compare.body != before.body {
            self.add(
                &[path[0], path[1], path[2], Key("body")],
                format!("Flows '{other_name}' and '{name}' share a destination, but look for the payload in different places of its messages."),
            );
        }
    }

    /// A JSON pointer, wherever one stands.
    pub(super) fn pointer(&mut self, path: &[Step<'_>], pointer: &str) {
        if !pointer.starts_with('/') {
            let meant = pointer.replace('.', "/");
            self.add_suggesting(
                path,
                format!("'{pointer}' is not a JSON pointer."),
                Some(format!("Did you mean '/{meant}'?")),
            );
        }
    }
}
