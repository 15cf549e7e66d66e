//! The tabs over the grid: a filter, its count, and the sentence for it.

use waybill_model::VerdictClass;
use waybill_protocol::Group;

use super::tally::Tally;
use crate::session::Layout;

/// All tabs that hold something, worst first, and `All` last.
pub(super) fn groups(tally: &Tally, layout: &Layout) -> Vec<Group> {
    let mut groups = Vec::from(of_publication(tally));
    groups.extend(of_consumers(tally, layout));
    groups.extend(of_classes(tally));
    groups.retain(|group| group.count > 0);
    groups.sort_by_key(|group| group.class);
    groups.push(Group {
        title: "All".to_owned(),
        filter: String::new(),
        class: None,
        count: tally.counts.total,
        sentence: format!("{} in this window", events(tally.counts.total)),
    });
    groups
}

fn of_publication(tally: &Tally) -> [Group; 3] {
    let publish = &tally.publish;
    [
        group(
            VerdictClass::Missing,
            "Never published",
            "verdict:stuck or verdict:lost-in-publish or verdict:missing-outbox-row",
            publish.stuck + publish.lost_in_publish + publish.missing_outbox_row,
            [
                "was stored and never published",
                "were stored and never published",
            ],
        ),
        group(
            VerdictClass::Missing,
            "Unroutable",
            "verdict:unroutable",
            publish.unroutable,
            [
                "was published while no queue was bound for it",
                "were published while no queue was bound for them",
            ],
        ),
        group(
            VerdictClass::Phantom,
            "Published, never stored",
            "verdict:phantom",
            publish.phantom,
            [
                "was published and never stored",
                "were published and never stored",
            ],
        ),
    ]
}

fn of_consumers(tally: &Tally, layout: &Layout) -> Vec<Group> {
    let mut groups = Vec::new();
    for (consumer, counts) in layout.consumers.iter().zip(&tally.consumers) {
        let name = consumer.name.as_str();
        for (class, title, word, count, what) in [
            (
                VerdictClass::Missing,
                "Lost by",
                "lost-by-consumer",
                counts.lost,
                "passed over without being processed by",
            ),
            (
                VerdictClass::Missing,
                "Not routed to",
                "not-routed",
                counts.not_routed,
                "published without any binding to",
            ),
            (
                VerdictClass::DeadLettered,
                "Dead-lettered by",
                "dead-lettered",
                counts.dead_lettered,
                "given up and dead-lettered by",
            ),
        ] {
            groups.push(group(
                class,
                &format!("{title} {name}"),
                &format!("consumer.{name}:{word}"),
                count,
                [
                    &format!("was {what} {name}"),
                    &format!("were {what} {name}"),
                ],
            ));
        }
    }
    groups
}

/// The filters yield exactly the events of a class: `verdict:unknown` alone would also find those
/// of which only some part is unknown.
fn of_classes(tally: &Tally) -> [Group; 3] {
    let of = |class| tally.counts.of(class);
    [
        group(
            VerdictClass::Late,
            "Late",
            "verdict:late",
            of(VerdictClass::Late),
            [
                "is late and still on its way",
                "are late and still on their way",
            ],
        ),
        group(
            VerdictClass::Unknown,
            "Cannot know",
            "verdict:unknown not (verdict:missing or verdict:phantom or verdict:dead-lettered or verdict:late)",
            of(VerdictClass::Unknown),
            [
                "is beyond what can be known",
                "are beyond what can be known",
            ],
        ),
        group(
            VerdictClass::Pending,
            "On the way",
            "verdict:pending not verdict:unknown",
            of(VerdictClass::Pending),
            [
                "is on its way and not late",
                "are on their way and not late",
            ],
        ),
    ]
}

/// `what` for one event and for several.
fn group(class: VerdictClass, title: &str, filter: &str, count: u64, what: [&str; 2]) -> Group {
    let what = if count == 1 { what[0] } else { what[1] };
    Group {
        title: title.to_owned(),
        filter: filter.to_owned(),
        class: Some(class),
        count,
        sentence: format!("{} {what}", events(count)),
    }
}

fn events(count: u64) -> String {
    if count == 1 {
        "1 event".to_owned()
    } else {
        format!("{count} events")
    }
}
