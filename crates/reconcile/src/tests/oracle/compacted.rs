//! Events of a company whose broker has kept few of its messages: most were processed and are gone,
//! and among those that are left are some that nobody stored.

use proptest::prelude::*;
use waybill_model::Marks;

use super::lives::{CopyLife, Identity, Ids, InboxLife, Life, RowLife, Tells, life};

/// Enough of them for its consumers to vouch for its ids, or nearly.
pub(super) fn compacted() -> impl Strategy<Value = (Identity, Vec<Life>)> {
    let gone = prop::collection::vec(life(), 9..18);
    let kept = prop::collection::vec(life(), 9..14);
    let strange = prop::collection::vec(life(), 3..6);
    let versions = any::<bool>();
    (gone, kept, strange, versions).prop_map(|(gone, kept, strange, versions)| {
        let gone = gone.into_iter().map(|life| processed(life, false));
        let kept = kept.into_iter().map(|life| processed(life, true));
        let strange = strange.into_iter().map(unstored);
        let mut lives: Vec<Life> = gone.chain(kept).chain(strange).collect();
        for (nth, life) in (1..).zip(&mut lives) {
            if versions {
                life.version = nth;
            }
        }
        let identity = Identity {
            ids: Ids::Outbox,
            versions,
            telling: true,
            types: false,
            kinds: Vec::new(),
        };
        (identity, lives)
    })
}

/// Sent, and processed by the first consumer unless that is late; its copy may be gone.
fn processed(life: Life, kept: bool) -> Life {
    let late = life.at % 16 == 0;
    let row = RowLife {
        marks: Marks::SENT,
        found: 0,
        later: None,
        shift: 0,
        tells: Tells::Everything,
        nameless: false,
        due: None,
        says: (1, 1),
    };
    let mut inboxes = life.inboxes.clone();
    inboxes[0] = (!late).then_some(InboxLife {
        after: 3,
        found: 0,
        marks: Marks::SENT,
        later: None,
        timed_when_processed: true,
    });
    Life {
        rows: vec![row],
        copies: kept.then(|| copy(life.at)).into_iter().collect(),
        inboxes,
        resend: None,
        ..quiet(life)
    }
}

/// A copy of what no table knows.
fn unstored(life: Life) -> Life {
    Life {
        rows: Vec::new(),
        copies: vec![copy(life.at)],
        resend: None,
        ..quiet(life)
    }
}

fn quiet(life: Life) -> Life {
    Life {
        malformed: false,
        timeless: 0,
        letters: Vec::new(),
        ..life
    }
}

fn copy(at: i64) -> CopyLife {
    CopyLife {
        other_topic: false,
        partition: (at % 2) as u32,
        offset: at % 10,
        after: 0,
        marks: Marks::empty(),
        tells: Tells::Everything,
        found: 0,
        says: 1,
    }
}
