//! What the times of messages are worth: a producer writes them, and may write anything. Pure.

use waybill_model::{Clock, Micros};

/// No message is older than this, whatever it says: Kafka is younger.
const OLDEST: Micros = Micros(946_684_800_000_000);

/// Clocks and zones differ by less than this.
const AHEAD_MICROS: i64 = 86_400_000_000;

/// How far a producer's time may be out of order in a partition, in microseconds: a search by
/// time starts this much earlier, and a broken read claims this much less.
pub(crate) const DISORDER_MICROS: i64 = 15 * 60 * 1_000_000;

/// Of so many messages one may carry a time that leads nowhere. That one hides nothing: a message
/// before the window whose time is true shows that all before it are older.
const ONE_IN: u64 = 10;

/// The time of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// When it was written as far as it says so; seconds, microseconds and nanoseconds are
    /// understood, too.
    pub(crate) at: Option<Micros>,
    /// Whose clock says so.
    pub(crate) clock: Clock,
    /// How exact it is.
    pub(crate) resolution_micros: u32,
    /// The broker finds it where a search by time looks for it.
    pub(crate) leads: bool,
}

impl Time {
    /// None at all.
    pub(crate) const NONE: Self = Self {
        at: None,
        clock: Clock::App,
        resolution_micros: 1000,
        leads: false,
    };

    /// Reads what stands where milliseconds since 1970 should, at this moment.
    pub(crate) fn read(millis: i64, clock: Clock, now: Micros) -> Self {
        let found = |micros: i64, resolution_micros, leads| Self {
            at: Some(Micros(micros)),
            clock,
            resolution_micros,
            leads,
        };
        let is_one = |micros: &i64| OLDEST.0 <= *micros && *micros <= now.plus(AHEAD_MICROS).0;
        if let Some(micros) = millis.checked_mul(1000).filter(is_one) {
            return found(micros, 1000, true);
        }
        if clock == Clock::Broker {
            // Its own clock may be anything, but it is the one that is searched by.
            return found(millis.saturating_mul(1000), 1000, true);
        }
        if let Some(micros) = millis.checked_mul(1_000_000).filter(is_one) {
            return found(micros, 1_000_000, false);
        }
        let finer = [millis, millis / 1000];
        match finer.into_iter().find(is_one) {
            Some(micros) => found(micros, 1, false),
            None => Self {
                clock,
                ..Self::NONE
            },
        }
    }
}

/// How the times of a partition's messages follow each other, from one offset to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Order {
    n: u64,
    /// Those that a search by time does not find.
    n_astray: u64,
    /// Those without a time, or far earlier than the one before.
    n_wrong: u64,
    n_of_broker: u64,
    first_leads: Option<bool>,
    /// The times of the last two that have one.
    last: [Option<Micros>; 2],
}

impl Order {
    /// Takes note of the next message.
    pub(crate) fn met(&mut self, time: Time) {
        self.n += 1;
        self.n_of_broker += u64::from(time.clock == Clock::Broker);
        self.n_astray += u64::from(!time.leads);
        self.first_leads = self.first_leads.or(Some(time.leads));
        let before = self.last[1];
        let falls = |at: Micros| before.is_some_and(|before| before.since(at) > DISORDER_MICROS);
        match time.at {
            Some(at) => {
                self.n_wrong += u64::from(falls(at));
                self.last = [before, Some(at)];
            }
            None => self.n_wrong += 1,
        }
    }

    /// The same of two stretches, the second right behind the first.
    pub(crate) fn and(self, next: Self) -> Self {
        let last = match next.last {
            [Some(_), _] => next.last,
            [None, Some(only)] => [self.last[1], Some(only)],
            [None, None] => self.last,
        };
        Self {
            n: self.n + next.n,
            n_astray: self.n_astray + next.n_astray,
            n_wrong: self.n_wrong + next.n_wrong,
            n_of_broker: self.n_of_broker + next.n_of_broker,
            first_leads: self.first_leads.or(next.first_leads),
            last,
        }
    }

    /// Whether the times say when messages were published, all but some.
    pub(crate) fn is_true(&self) -> bool {
        self.n_wrong * ONE_IN <= self.n
    }

    /// Whether a search by time leads to where the window begins, which the first message read
    /// stands before.
    pub(crate) fn leads(&self) -> bool {
        self.first_leads != Some(false) && (self.n_wrong + self.n_astray) * ONE_IN <= self.n
    }

    /// Whether the messages' times are those of the window: somebody wrote true ones lately.
    pub(crate) fn vouches(&self) -> bool {
        self.n > 0 && self.leads()
    }

    /// Whether the broker wrote all times.
    pub(crate) fn is_the_brokers(&self) -> bool {
        self.n > 0 && self.n_of_broker == self.n
    }

    /// Up to when the messages go; one that says to be younger than `now` says nothing.
    pub(crate) fn reaches(&self, now: Micros) -> Option<Micros> {
        let [before, last] = self.last;
        let is_past = |at: &Micros| *at <= now;
        last.filter(is_past).or_else(|| before.filter(is_past))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 28 November 2026.
    const NOW: Micros = Micros(1_795_824_000_000_000);

    #[test]
    fn a_time_is_read_in_the_unit_that_makes_sense() {
        let read = |value: i64| {
            let time = Time::read(value, Clock::App, NOW);
            (time.at.map(|at| at.0 / 1_000_000), time.leads)
        };
        for (value, secs, leads) in [
            (1_795_823_000_000, Some(1_795_823_000), true),
            (1_795_823_000, Some(1_795_823_000), false),
            (1_795_823_000_000_000, Some(1_795_823_000), false),
            (1_795_823_000_000_000_000, Some(1_795_823_000), false),
            (0, None, false),
            (1, None, false),
            (i64::MAX, None, false),
            // In three days: nobody's clock is that far ahead.
            (1_796_083_200_000, None, false),
            // Three days ago may be true.
            (1_795_564_800_000, Some(1_795_564_800), true),
        ] {
            assert_eq!(read(value), (secs, leads), "{value}");
        }
        let broker = Time::read(5, Clock::Broker, NOW);
        assert_eq!((broker.at, broker.leads), (Some(Micros(5000)), true));
    }

    fn order(minutes: &[Option<i64>]) -> Order {
        let mut order = Order::default();
        for minute in minutes {
            order.met(Time {
                at: minute.map(|minute| NOW.plus(minute * 60_000_000)),
                leads: minute.is_some(),
                ..Time::NONE
            });
        }
        order
    }

    #[test]
    fn times_lead_where_they_follow_each_other_but_for_a_few() {
        let rising: Vec<Option<i64>> = (0..40).map(Some).collect();
        assert!(order(&rising).leads());
        let with = |nth: usize, value: Option<i64>| {
            let mut minutes = rising.clone();
            minutes[nth] = value;
            order(&minutes)
        };
        assert!(with(20, None).leads() && with(20, None).is_true());
        assert!(with(20, Some(5000)).leads(), "one in the future");
        assert!(with(20, Some(-5000)).leads(), "one of days ago");
        assert!(!with(0, None).leads(), "nothing stands before the window");
        let mixed: Vec<Option<i64>> = (0..40).map(|n| Some(n - n % 2 * 4000)).collect();
        assert!(!order(&mixed).leads());
        let none = order(&[None; 5]);
        assert!(!none.leads() && !none.is_true() && !none.vouches());
        assert!(order(&[]).leads() && !order(&[]).vouches());
    }

    #[test]
    fn where_messages_end_is_told_by_the_last_that_is_not_ahead() {
        let reaches = |minutes: &[Option<i64>]| {
            let at = order(minutes).reaches(NOW);
            at.map(|at| at.since(NOW) / 60_000_000)
        };
        assert_eq!(reaches(&[Some(-30), Some(-20), Some(900)]), Some(-20));
        assert_eq!(reaches(&[Some(-7)]), Some(-7));
        assert_eq!(reaches(&[None]), None);
        let both = order(&[Some(1), Some(2)]).and(order(&[Some(3)]));
        assert_eq!(both, order(&[Some(1), Some(2), Some(3)]));
    }
}
