//! What each verdict on a publication says: of one event, of many, and what it rests on.

mod lost;
mod missing_outbox_row;
mod not_checked;
mod open;
mod pending;
mod phantom;
mod published;
mod stuck;
mod unknown;
mod unroutable;

use waybill_model::PublishVerdict;

use super::many::Many;
use super::rest::Rest;
use super::story::Story;

/// Of one event.
pub(super) fn sentence(story: &Story<'_>) -> String {
    match &story.row.verdict.publish {
        PublishVerdict::NotChecked(why) => not_checked::sentence(why),
        PublishVerdict::Phantom => phantom::sentence(story),
        PublishVerdict::Published => published::sentence(story),
        PublishVerdict::Unroutable => unroutable::sentence(),
        PublishVerdict::InOpenTransaction => open::sentence(),
        PublishVerdict::MissingOutboxRow => missing_outbox_row::sentence(story),
        PublishVerdict::Pending => pending::sentence(story),
        PublishVerdict::Stuck(reason) => stuck::sentence(story, *reason),
        PublishVerdict::LostInPublish => lost::sentence(story),
        PublishVerdict::Unknown(reason) => unknown::sentence(story, *reason),
    }
}

/// Of many: what follows `45 events`.
pub(super) fn fragment(verdict: &PublishVerdict, has_outbox: bool, events: Many) -> String {
    match verdict {
        PublishVerdict::NotChecked(_) => not_checked::fragment(),
        PublishVerdict::Phantom => phantom::fragment(events),
        PublishVerdict::Published => published::fragment(events),
        PublishVerdict::Unroutable => unroutable::fragment(events),
        PublishVerdict::InOpenTransaction => open::fragment(events),
        PublishVerdict::MissingOutboxRow => missing_outbox_row::fragment(has_outbox, events),
        PublishVerdict::Pending => pending::fragment(events),
        PublishVerdict::Stuck(_) => stuck::fragment(events),
        PublishVerdict::LostInPublish => lost::fragment(events),
        PublishVerdict::Unknown(reason) => unknown::fragment(*reason),
    }
}

/// What must have been read without a gap.
pub(super) fn rests_on(verdict: &PublishVerdict) -> &'static [Rest] {
    match verdict {
        PublishVerdict::NotChecked(_) => not_checked::RESTS_ON,
        PublishVerdict::Phantom => phantom::RESTS_ON,
        PublishVerdict::Published => published::RESTS_ON,
        PublishVerdict::Unroutable => unroutable::RESTS_ON,
        PublishVerdict::InOpenTransaction => open::RESTS_ON,
        PublishVerdict::MissingOutboxRow => missing_outbox_row::RESTS_ON,
        PublishVerdict::Pending => pending::RESTS_ON,
        PublishVerdict::Stuck(_) => stuck::RESTS_ON,
        PublishVerdict::LostInPublish => lost::RESTS_ON,
        PublishVerdict::Unknown(_) => unknown::RESTS_ON,
    }
}
