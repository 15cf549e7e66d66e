//! What else is odd about an event, apart from order, which needs its neighbours.

use waybill_model::{ConsumerNo, Flags, Marks, PlaceId};

use super::{Context, Summary};

/// All flags that can be told from one event alone.
pub(crate) fn flags(event: &Summary<'_>, context: &Context) -> Flags {
    let mut flags = Flags::empty();
    flags.set(Flags::DUPLICATE, duplicate(event));
    flags.set(Flags::DUPLICATE_ROW, duplicate_row(event));
    flags.set(Flags::PAYLOAD_MISMATCH, super::content::mismatch(event));
    flags.set(Flags::SKEW, skewed(event, context));
    flags.set(Flags::RESENT, event.own);
    let malformed = Marks::NOT_UTF8 | Marks::MALFORMED;
    flags.set(Flags::MALFORMED, is_marked(event, malformed));
    let nameless = event.nameless || is_marked(event, Marks::NO_ID);
    flags.set(Flags::NO_ID, nameless);
    flags.set(
        Flags::RECONSTRUCTED,
        event.reconstructed && event.outbox.is_none(),
    );
    flags
}

/// Two copies at one destination that are neither ours nor retries.
fn duplicate(event: &Summary<'_>) -> bool {
    let counts =
        |copy: &crate::store::CopyRef| !copy.marks.contains(Marks::RETRY) && !event.is_own(copy);
    if !event.index.events.is_plural(event.no) {
        return false;
    }
    let mut places: Vec<PlaceId> = event
        .copies()
        .filter(counts)
        .map(|copy| copy.place)
        .collect();
    places.sort_unstable();
    places.windows(2).any(|pair| pair[0] == pair[1])
}

/// Two rows of it for the same destination.
fn duplicate_row(event: &Summary<'_>) -> bool {
    let events = &event.index.events;
    let rows = events.rows(event.no).count();
    let destinations = events.destinations(event.no).len();
    rows > destinations.max(1)
}

/// Whether any row or message of it has one of these marks.
fn is_marked(event: &Summary<'_>, marks: Marks) -> bool {
    let events = &event.index.events;
    let linked = events.stored.get(event.no);
    let consumed = |member: u32| {
        let mut extras = events.extra_spots(member);
        let mut inboxes = events.inboxes.iter();
        extras.any(|(_, spot)| spot.marks.intersects(marks))
            || inboxes.any(|inbox| inbox.has(member) && inbox.marks(member).intersects(marks))
    };
    event.outbox_marks.intersects(marks)
        || event.copies().any(|copy| copy.marks.intersects(marks))
        || events.members(event.no).any(consumed)
        || (linked != 0 && event.index.business.marks(linked - 1).intersects(marks))
}

/// A later stage before an earlier one by more than both clocks' steps and their distance. What
/// carries no time says nothing about clocks.
fn skewed(event: &Summary<'_>, context: &Context) -> bool {
    let Some(copy) = event.first_foreign.filter(|_| !event.untimed) else {
        return false;
    };
    let untimed = Marks::NO_TIME;
    let slack = context.judgement.slack_micros;
    let before = |(later, there): (i64, PlaceId), (earlier, here): (i64, PlaceId)| {
        // Nearly always that settles it, and no clock has to be looked up.
        let early = later.saturating_add(slack) < earlier;
        let steps = || step(event, there) + step(event, here);
        early && later.saturating_add(steps() + slack) < earlier
    };
    let events = &event.index.events;
    let copied = (copy.at, copy.place);
    let copied_early = event.outbox.is_some_and(|written| {
        let timed = !event.outbox_marks.contains(untimed);
        timed && before(copied, (written.at, events.outbox.place(event.no)))
    });
    let mut inboxes = (0..).map(ConsumerNo).zip(&events.inboxes);
    copied_early
        || inboxes.any(|(consumer, inbox)| {
            let Some(at) = events.inbox_at(event.no, consumer) else {
                return false;
            };
            before((at, inbox.place(event.no)), copied)
                && !events.inbox_marks(event.no, consumer).contains(untimed)
        })
}

fn step(event: &Summary<'_>, place: PlaceId) -> i64 {
    let clock = event.index.clocks.get(&place);
    clock.map_or(0, |&(_, resolution)| i64::from(resolution))
}
