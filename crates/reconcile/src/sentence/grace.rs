//! When an event is late, and how we know.

use waybill_model::{Grace, GraceBasis};

use super::words::span;

/// When a row that is not published is late, or what a consumer has not processed.
pub fn grace(grace: &Grace, consumer: Option<&str>) -> String {
    let what = match consumer {
        None => "A row that is not published".to_owned(),
        Some(name) => format!("What {name} has not consumed"),
    };
    let after = span(grace.micros);
    match grace.basis {
        GraceBasis::Set => format!("{what} is late after {after}, as the profile says."),
        GraceBasis::Cold { events: 0 } => {
            format!("{what} is late after {after}; no event has shown yet how long it takes.")
        }
        GraceBasis::Cold { events } => {
            format!("{what} is late after {after}; {events} events are too few to learn from.")
        }
        GraceBasis::Learnt { p99_micros, events } => format!(
            "{what} is late after {after}: 99 of 100 of the youngest {events} took up to {}.",
            span(p99_micros)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_says_where_it_comes_from() {
        let said = |basis, consumer| {
            grace(
                &Grace {
                    micros: 32_000_000,
                    basis,
                },
                consumer,
            )
        };
        assert_eq!(
            said(
                GraceBasis::Learnt {
                    p99_micros: 12_000,
                    events: 500
                },
                None
            ),
            "A row that is not published is late after 32 s: 99 of 100 of the youngest 500 took up to 12 ms."
        );
        assert_eq!(
            said(GraceBasis::Cold { events: 7 }, Some("search")),
            "What search has not consumed is late after 32 s; 7 events are too few to learn from."
        );
    }
}
