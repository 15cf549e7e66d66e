//! Checks of what bodies say.

use waybill_model::Content;

use super::reading::{Yield, drain, has_past, query, until};
use super::{Letter, Stage};
use crate::CopyQuery;
use crate::content::Compare;

/// What bodies say is told where it is asked for, by a scan and by a follow; elsewhere no body is
/// looked at.
pub async fn what_bodies_say_is_told_when_asked_for(stage: &dyn Stage) {
    let channel = stage.channel("contents").await;
    let bodies: [(&str, &[u8]); 6] = [
        ("plain", br#"{"payload":{"name":"duck","at":1}}"#),
        (
            "wrapped",
            br#"{"payload":"{\"at\": 2, \"name\":\"duck\"}"}"#,
        ),
        ("changed", br#"{"payload":{"name":"drake","at":1}}"#),
        ("elsewhere", br#"{"name":"duck","at":1}"#),
        ("packed", &[0x1f, 0x8b, 8, 0]),
        ("empty", b""),
    ];
    let letters = bodies.map(|(id, body)| Letter {
        payload: Some(body.to_vec()),
        ..Letter::with_id(id)
    });
    let compare = Compare::new("/payload", ["/at"]);
    let asked = CopyQuery {
        compare: Some(compare.clone()),
        ..query(stage, &channel)
    };
    let mut followed = Yield::default();
    let mut stream = stage.broker().follow(asked.clone());
    until(&mut stream, &mut followed, |all| !all.covered.is_empty()).await;
    stage.publish(&channel, &letters).await;
    let n = bodies.len();
    until(&mut stream, &mut followed, |all| all.seen.len() >= n).await;
    drop(stream);
    let mut reads = vec![followed];
    if has_past(stage) {
        reads.push(drain(stage.broker().scan(asked)).await);
        let unasked = drain(stage.broker().scan(query(stage, &channel))).await;
        assert_eq!(unasked.seen.len(), n);
        assert!(unasked.seen.iter().all(|seen| seen.content.is_none()));
    }
    for all in reads {
        let of = |id: &str| {
            let seen = all.seen.iter().find(|seen| seen.id == id);
            seen.expect("every message was read").content
        };
        for (id, body) in bodies {
            assert_eq!(of(id), compare.content(Some(body)), "{id}");
        }
        assert_eq!(of("plain"), of("wrapped"));
        assert!(of("plain").differs_from(of("changed")));
        assert_eq!(of("packed"), Content::NONE);
    }
}
