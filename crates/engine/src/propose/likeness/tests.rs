//! What likeness comes to, table by table.

use super::*;

fn numbers(range: std::ops::RangeInclusive<u32>, step: u32) -> Vec<String> {
    range.map(|n| (n * step).to_string()).collect()
}

fn by_chance(ids: &[String], values: &[String]) -> f64 {
    let crowd = Crowd::of(ids.iter().map(String::as_str));
    crowd.by_chance(values.iter().map(String::as_str))
}

#[test]
fn small_numbers_hit_small_numbers_and_nothing_else() {
    let dense = numbers(1..=200, 1);
    let with_prefix: Vec<String> = dense.iter().map(|n| format!("order-{n}")).collect();
    let snowflakes: Vec<String> = (0..200_u64)
        .map(|n| (1_795_000_000_000_000_000 + n * 4_194_304).to_string())
        .collect();
    let uuids: Vec<String> = (0..200)
        .map(|n| format!("0b7f8e1c-0000-4000-8000-{n:012x}"))
        .collect();
    let names: Vec<String> = ["ann", "bob", "eve"].map(str::to_owned).into();
    for (ids, values, expected) in [
        (&dense, &numbers(11..=210, 1), 190.0),
        (&dense, &numbers(1..=10, 100), 2.0),
        (&numbers(1..=100, 7919), &numbers(1..=200, 1), 0.0),
        (&with_prefix, &with_prefix, 200.0),
        (&with_prefix, &dense, 0.0),
        (&snowflakes, &snowflakes, 0.0),
        (&uuids, &uuids, 0.0),
        (&names, &names, 3.0),
    ] {
        let found = by_chance(ids, values);
        assert!(
            (found - expected).abs() < 0.6,
            "{} {}: {found}",
            ids[0],
            values[0]
        );
    }
}

#[test]
fn hits_are_believed_as_far_as_chance_does_not_explain_them() {
    let tally = |carried, hits, by_chance| Tally {
        carried,
        hits,
        by_chance,
        ..Tally::default()
    };
    let says = |tally, same, same_by_chance| Tally {
        content: Content {
            compared: 190,
            same,
            same_by_chance,
        },
        ..tally
    };
    let weak = tally(200, 190, 190.0);
    let fits = tally(192, 190, 190.0);
    let (unsent, early) = (Tally { unsent: 30, ..fits }, Tally { early: 30, ..fits });
    for (tally, made_for_ids, believed) in [
        // Whatever says it, numbers that chance explains are none.
        (weak, false, false),
        (fits, false, false),
        (fits, true, true),
        (unsent, true, false),
        (early, true, false),
        (tally(250, 190, 190.0), true, false),
        (says(weak, 190, 3), false, true),
        (says(fits, 0, 0), true, false),
        (says(weak, 190, 180), false, false),
        // What chance does not explain needs no more.
        (tally(200, 190, 0.0), false, true),
        (says(tally(200, 190, 0.0), 0, 0), false, true),
        (tally(200, 1, 0.0), false, true),
        (tally(200, 0, 0.0), true, false),
    ] {
        let belief = tally.belief(made_for_ids);
        assert_eq!(
            matches!(belief, Belief::Id(_)),
            believed,
            "{tally:?}: {belief:?}"
        );
    }
}

fn pair(row: &[&str], letter: &[&str]) -> (HashSet<String>, HashSet<String>) {
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    (set(row), set(letter))
}

#[test]
fn contents_are_held_against_other_rows() {
    let numbered = |shift: u32, also: &str| -> Content {
        let pairs: Vec<_> = (0..20_u32)
            .map(|n| {
                let (row, letter) = (n.to_string(), (n + shift).to_string());
                pair(&["placed", also, &row], &["placed", &letter])
            })
            .collect();
        content(&pairs)
    };
    assert_eq!(numbered(0, "placed").saying(), Saying::Same);
    assert_eq!(numbered(1, "placed").saying(), Saying::Different);
    let alike: Vec<_> = (0..20).map(|_| pair(&["placed"], &["placed"])).collect();
    assert_eq!(content(&alike).saying(), Saying::Nothing);
    assert_eq!(content(&[pair(&["a"], &["a"])]).saying(), Saying::Nothing);
    let two = [pair(&["a"], &["a"]), pair(&["b"], &["b"])];
    assert_eq!(content(&two).saying(), Saying::Same);
    let empty: Vec<_> = (0..9).map(|_| pair(&[], &["a"])).collect();
    assert_eq!(content(&empty).saying(), Saying::Nothing);
}

#[test]
fn an_amount_does_not_look_like_an_id() {
    for (value, expected) in [
        ("5006", false),
        ("12.50", false),
        ("1795000000000000000", true),
        ("0b7f8e1c-0000-4000-8000-000000000001", true),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", true),
        ("ann", false),
        ("A long title of a product", false),
    ] {
        assert_eq!(looks_like_id(value), expected, "{value}");
    }
}
