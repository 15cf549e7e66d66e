//! Suspected, then confirmed.

use waybill_model::{ConsumerNo, Phase, PlaceId, PlaceRole, PublishVerdict, VerdictClass};

use super::history::{History, Moment};
use super::opinion::Opinion;

/// What was found of one event at one judgement.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    scan: usize,
    moment: Moment,
    /// What the worst part is: nobody for the publication, and its name without the reason.
    what: Option<(Option<ConsumerNo>, &'static str)>,
}

impl Finding {
    pub(super) fn nothing(scan: usize, moment: Moment) -> Self {
        Self {
            scan,
            moment,
            what: None,
        }
    }

    pub(super) fn new(scan: usize, moment: Moment, opinion: &Opinion) -> Self {
        let class = opinion.class();
        let wants_a_second_look = matches!(
            class,
            VerdictClass::Missing | VerdictClass::Phantom | VerdictClass::Late
        );
        let mut what = None;
        if wants_a_second_look {
            for (no, consumer) in (0..).zip(&opinion.consumers) {
                if consumer[0].class() == class && what.is_none() {
                    what = Some((Some(ConsumerNo(no)), consumer[0].name()));
                }
            }
            let publish: &PublishVerdict = &opinion.publish[0];
            if publish.class() == class {
                what = Some((None, publish.name()));
            }
        }
        Self { scan, moment, what }
    }
}

/// How sure the last of these findings on one event is.
pub(super) fn phase(class: VerdictClass, findings: &[Finding], history: &History) -> Phase {
    match class {
        // Presence proves at once, and nothing is missing yet.
        VerdictClass::DeadLettered | VerdictClass::Pending | VerdictClass::Arrived => {
            return Phase::Confirmed;
        }
        VerdictClass::Unknown => return Phase::Suspected,
        VerdictClass::Missing | VerdictClass::Phantom | VerdictClass::Late => {}
    }
    let last = findings
        .last()
        .expect("the judgement in question is among them");
    // The same was found ever since this one.
    let mut first = last;
    for finding in findings.iter().rev() {
        if finding.what != last.what {
            break;
        }
        first = finding;
    }
    let again = findings.iter().any(|finding| {
        let began = history.scans[finding.scan].began;
        let whole = finding.moment.scan_at == began;
        let waited = finding.moment.now - first.moment.now;
        finding.moment.now >= first.moment.now
            && finding.scan > first.scan
            && whole
            && began >= first.moment.now
            && waited >= history.shape.grace.confirm_micros / 1_000_000
            && was_read(finding, history)
    });
    if again {
        Phase::Confirmed
    } else {
        Phase::Suspected
    }
}

/// Whether that scan could read all that the finding rests on.
fn was_read(finding: &Finding, history: &History) -> bool {
    let Some((consumer, _)) = finding.what else {
        return false;
    };
    let rests_on = |role: PlaceRole| match consumer {
        None => matches!(
            role,
            PlaceRole::Outbox | PlaceRole::Business | PlaceRole::Destination
        ),
        Some(no) => role == PlaceRole::Destination || role.consumer() == Some(no),
    };
    let failed: &[PlaceId] = &history.scans[finding.scan].failed;
    let places = &history.shape.places;
    !places
        .iter()
        .any(|place| rests_on(place.role) && failed.contains(&place.id))
}
