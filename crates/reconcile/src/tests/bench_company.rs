//! Many events: UUIDs, ten per aggregate, six partitions, three consumers with inboxes.

use waybill_model::{
    Batch, Clock, ConsumerNo, Content, Coverage, GraceSettings, Marks, Micros, NO_POSITION,
    NO_VERSION, Observation, Place, PlaceId, PlaceRole, Stamp, Window,
};

use crate::{ConsumerShape, Index, ProgressKind, Shape};

const ROLES: [PlaceRole; 5] = [
    PlaceRole::Outbox,
    PlaceRole::Destination,
    PlaceRole::Inbox(ConsumerNo(0)),
    PlaceRole::Inbox(ConsumerNo(1)),
    PlaceRole::Inbox(ConsumerNo(2)),
];
const START: i64 = 1_795_179_600_000_000;
const BATCH: u32 = 4096;

/// An index of so many events that all arrived, and the time at which that was known.
pub(super) fn index(events: u32) -> (Index, i64) {
    let mut index = Index::new(shape());
    for place in 0..ROLES.len() {
        for from in (0..events).step_by(BATCH as usize) {
            index.ingest(&batch(place, from..events.min(from + BATCH)));
        }
    }
    (index, START + i64::from(events) * 18_000 + 3_600_000_000)
}

/// Everything was read.
pub(super) fn everything(end: i64) -> impl Iterator<Item = Coverage> {
    (0..ROLES.len() as u16).map(move |place| Coverage {
        place: PlaceId(place),
        partition: None,
        window: Window {
            from: Micros(0),
            to: Micros(end),
        },
        positions: None,
        gaps: Vec::new(),
    })
}

fn shape() -> Shape {
    let places = ROLES.iter().enumerate().map(|(no, &role)| Place {
        id: PlaceId(no as u16),
        role,
        source: "test".to_owned(),
        name: format!("place-{no}"),
    });
    let consumer = |name: &str| ConsumerShape {
        name: name.to_owned(),
        destination: Some(PlaceId(1)),
        inbox: true,
        inbox_tells: false,
        progress: ProgressKind::Group,
        dead_letters: false,
    };
    Shape {
        places: places.collect(),
        consumers: ["inventory", "search", "storefront"].map(consumer).into(),
        has_outbox: true,
        outbox_tells_sent: true,
        deletes_after_send: false,
        found_by_id: true,
        has_business: false,
        keeps_versions: false,
        has_observer: true,
        grace: GraceSettings::default().into(),
    }
}

fn batch(place: usize, events: std::ops::Range<u32>) -> Batch {
    let mut batch = Batch::new(PlaceId(place as u16), Clock::Database, 1, events.len());
    for no in events {
        let (inbox, copy) = (place >= 2, place == 1);
        let id = id_of(no);
        let position = match place {
            0 => i64::from(no) + 7_000_000,
            1 => 90_000_000_000 + i64::from(no) / 6,
            _ => NO_POSITION,
        };
        batch.push(&Observation {
            place: PlaceId(place as u16),
            kind: if inbox {
                String::new()
            } else {
                format!("Product{}", no % 5)
            },
            aggregate: if inbox {
                String::new()
            } else {
                format!("product/{}", scatter(no / 10))
            },
            version: if inbox {
                NO_VERSION
            } else {
                i64::from(no % 10)
            },
            stamp: Stamp {
                at: Micros(START + i64::from(no) * 18_000 + place as i64 * 40_111),
                clock: Clock::Database,
                resolution_micros: 1,
            },
            partition: if copy { scatter(no / 10) % 6 } else { 0 },
            position,
            key: if inbox { id.clone() } else { String::new() },
            marks: if place == 0 {
                Marks::SENT
            } else {
                Marks::empty()
            },
            id,
            content: Content::NONE,
        });
    }
    batch
}

/// A UUID that looks random and is the same every time.
fn id_of(no: u32) -> String {
    let mixed = (u128::from(no) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let hex = format!("{mixed:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

fn scatter(no: u32) -> u32 {
    no.wrapping_mul(2_654_435_761) >> 8
}
