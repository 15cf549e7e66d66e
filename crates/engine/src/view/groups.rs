//! The tabs over the grid: a filter, its count, and the sentence for it.

use waybill_model::{
    ConsumerNo, ConsumerVerdict, Finding, LagReason, PublishVerdict, StuckReason, VerdictClass,
};
use waybill_protocol::Group;
use waybill_reconcile::ConsumerCounts;
use waybill_reconcile::sentence::many;

use super::tally::Tally;
use crate::session::Layout;

/// All tabs that hold something, worst first, and `All` last.
pub(super) fn groups(tally: &Tally, layout: &Layout) -> Vec<Group> {
    let mut groups = Vec::from(of_publication(tally, layout.shape.has_outbox));
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

/// One tab per verdict: a sentence counts what it names, and nothing beside.
fn of_publication(tally: &Tally, has_outbox: bool) -> [Group; 5] {
    let publish = &tally.publish;
    let group = |title: &str, count, verdict: PublishVerdict| {
        let (class, filter) = (verdict.class(), format!("verdict:{}", verdict.name()));
        let finding = Finding::Publish(verdict);
        let sentence = many(count, &finding, has_outbox, |_| "");
        group(class, title, &filter, count, sentence)
    };
    [
        group(
            "Never published",
            publish.stuck,
            PublishVerdict::Stuck(StuckReason::RelayIdle),
        ),
        group(
            "Lost in publishing",
            publish.lost_in_publish,
            PublishVerdict::LostInPublish,
        ),
        group(
            "Stored, never published",
            publish.missing_outbox_row,
            PublishVerdict::MissingOutboxRow,
        ),
        group("Unroutable", publish.unroutable, PublishVerdict::Unroutable),
        group(
            "Published, never stored",
            publish.phantom,
            PublishVerdict::Phantom,
        ),
    ]
}

fn of_consumers(tally: &Tally, layout: &Layout) -> Vec<Group> {
    let mut groups = Vec::new();
    for (consumer, counts) in layout.consumers.iter().zip(&tally.consumers) {
        let name = consumer.name.as_str();
        for (title, count, verdict) in [
            ("Lost by", counts.lost, ConsumerVerdict::LostByConsumer),
            (
                "Not routed to",
                counts.not_routed,
                ConsumerVerdict::NotRouted,
            ),
            (
                "Dead-lettered by",
                counts.dead_lettered,
                ConsumerVerdict::DeadLettered,
            ),
            ("Failed at", counts.failed, ConsumerVerdict::Failed),
        ] {
            let filter = format!("consumer.{name}:{}", verdict.name());
            let class = verdict.class();
            let finding = Finding::Consumer(ConsumerNo(0), verdict);
            let sentence = many(count, &finding, true, |_| name);
            groups.push(group(
                class,
                &format!("{title} {name}"),
                &filter,
                count,
                sentence,
            ));
        }
        groups.extend(of_standing(name, counts));
    }
    groups
}

/// What waits for a consumer that does nothing, by the reason why.
fn of_standing(name: &str, counts: &ConsumerCounts) -> [Group; 3] {
    [
        (
            "Nobody reads for",
            counts.unattended,
            LagReason::NoConsumers,
        ),
        (
            "Never consumed by",
            counts.never_consumed,
            LagReason::NeverConsumed,
        ),
        ("Standing still:", counts.stalled, LagReason::Stalled),
    ]
    .map(|(title, count, reason)| {
        let verdict = ConsumerVerdict::Lagging(reason);
        let filter = format!(
            "consumer.{name}:{} reason:{}",
            verdict.name(),
            reason.name()
        );
        let class = verdict.class();
        let finding = Finding::Consumer(ConsumerNo(0), verdict);
        let sentence = many(count, &finding, true, |_| name);
        group(class, &format!("{title} {name}"), &filter, count, sentence)
    })
}

/// The filters yield exactly the events of a class: `verdict:unknown` alone would also find those
/// of which only some part is unknown.
fn of_classes(tally: &Tally) -> [Group; 3] {
    let of = |class, title: &str, filter: &str, what: [&str; 2]| {
        let count = tally.counts.of(class);
        let what = if count == 1 { what[0] } else { what[1] };
        group(
            class,
            title,
            filter,
            count,
            format!("{} {what}", events(count)),
        )
    };
    [
        of(
            VerdictClass::Late,
            "Late",
            "verdict:late",
            [
                "is late and still on its way",
                "are late and still on their way",
            ],
        ),
        of(
            VerdictClass::Unknown,
            "Cannot know",
            "verdict:unknown not (verdict:missing or verdict:phantom or verdict:dead-lettered or verdict:late)",
            [
                "is beyond what can be known",
                "are beyond what can be known",
            ],
        ),
        of(
            VerdictClass::Pending,
            "On the way",
            "verdict:pending not verdict:unknown",
            [
                "is on its way and not late",
                "are on their way and not late",
            ],
        ),
    ]
}

fn group(class: VerdictClass, title: &str, filter: &str, count: u64, sentence: String) -> Group {
    Group {
        title: title.to_owned(),
        filter: filter.to_owned(),
        class: Some(class),
        count,
        sentence,
    }
}

fn events(count: u64) -> String {
    if count == 1 {
        "1 event".to_owned()
    } else {
        format!("{count} events")
    }
}
