//! Whether a server only repeats what another one does, and how far it has come.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;
use waybill_model::Micros;

use crate::shown::Replica;

/// The ways to ask, by product and age. MariaDB may repeat several servers.
pub(crate) const STATUS: [&str; 3] = [
    "SHOW ALL SLAVES STATUS",
    "SHOW REPLICA STATUS",
    "SHOW SLAVE STATUS",
];

/// What everybody may ask: how often a replica wants to hear from its server (0 where there is
/// none), and whether it runs. MySQL 8 has neither.
pub(crate) const HEARTBEAT: &str = "SHOW GLOBAL STATUS WHERE variable_name IN \
    ('Slave_heartbeat_period', 'Slave_running')";

/// One source that is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Followed {
    /// Its changes arrive.
    pub(crate) receives: bool,
    /// They are applied.
    pub(crate) applies: bool,
    /// Seconds behind, as the server says.
    pub(crate) behind: Option<u64>,
}

/// Takes a row of [`STATUS`] apart, whose columns were renamed in time.
pub(crate) fn followed(row: &MySqlRow) -> Result<Followed, sqlx::Error> {
    let text = |names: [&str; 2]| -> Result<Option<String>, sqlx::Error> {
        let first = row.try_get_unchecked::<Option<String>, _>(names[0]);
        first.or_else(|_| row.try_get_unchecked(names[1]))
    };
    let yes = |text: Option<String>| text.is_some_and(|it| it.eq_ignore_ascii_case("yes"));
    let behind = ["Seconds_Behind_Source", "Seconds_Behind_Master"];
    let behind = behind.into_iter().find_map(|name| {
        let number = row.try_get_unchecked::<Option<u64>, _>(name);
        number.ok().flatten()
    });
    Ok(Followed {
        receives: yes(text(["Replica_IO_Running", "Slave_IO_Running"])?),
        applies: yes(text(["Replica_SQL_Running", "Slave_SQL_Running"])?),
        behind,
    })
}

/// How a replica stands by its own status; `None` for a server that is none.
pub(crate) fn stands(all: &[Followed], now: Micros) -> Option<Replica> {
    let worst = all.iter().min_by_key(|it| (it.applies, it.receives))?;
    let behind = all.iter().map(|it| it.behind).max().flatten();
    Some(match (worst.applies, worst.receives, behind) {
        (false, ..) => unknown(
            "this is a replica that has stopped applying changes (if it leads itself by now, \
             RESET SLAVE ALL says so)",
        ),
        (_, false, _) => unknown("this is a replica that has lost its server"),
        (true, true, Some(behind)) => {
            let micros = i64::try_from(behind).unwrap_or(i64::MAX).saturating_add(1);
            let micros = micros.saturating_mul(1_000_000);
            Replica {
                applied: Some(now.plus(-micros)),
                how: format!("this is a replica, {behind} s behind; {PRIMARY}"),
            }
        }
        (true, true, None) => unknown("this is a replica that does not say how far it is"),
    })
}

/// How a server stands that does not show us its status.
pub(crate) fn stands_by_heartbeat(period: &str, running: &str) -> Option<Replica> {
    let wants_any = period.parse::<f64>().is_ok_and(|period| period > 0.0);
    wants_any.then(|| {
        if running.eq_ignore_ascii_case("on") {
            unknown(
                "this is a replica, and how far it is is hidden; GRANT SLAVE MONITOR ON *.* \
                 (MySQL: REPLICATION CLIENT) shows it",
            )
        } else {
            unknown("this is a replica that has stopped")
        }
    })
}

const PRIMARY: &str = "the server it follows knows all";

fn unknown(how: &str) -> Replica {
    Replica {
        applied: None,
        how: format!("{how}; {PRIMARY}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_run_has_applied_nothing_for_certain() {
        let now = Micros(100_000_000);
        let followed = |receives, applies, behind| Followed {
            receives,
            applies,
            behind,
        };
        let applied = |all: &[Followed]| stands(all, now).map(|replica| replica.applied);
        assert_eq!(applied(&[]), None);
        assert_eq!(
            applied(&[followed(true, true, Some(4))]),
            Some(Some(Micros(95_000_000)))
        );
        assert_eq!(applied(&[followed(true, false, None)]), Some(None));
        assert_eq!(applied(&[followed(false, true, Some(0))]), Some(None));
        assert_eq!(stands_by_heartbeat("0.000", "OFF"), None);
        assert!(stands_by_heartbeat("30.000", "OFF").is_some());
    }
}
