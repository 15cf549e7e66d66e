//! Checks of what bodies say.

use waybill_model::Content;

use super::reading::{minutes_ago, read_well};
use super::{Line, Stage};
use crate::RowColumns;
use crate::content::Compare;

/// What bodies say is told where it is asked for, however they are spelled, and by every later
/// read as well; elsewhere no body is looked at.
pub async fn what_bodies_say_is_told_when_asked_for(stage: &dyn Stage) {
    let roles = stage.table("contents").await;
    let bodies = [
        ("plain", r#"{"name":"duck","price":7,"at":1}"#),
        ("respelled", r#"{ "at": 2, "price": 7.0, "name": "duck" }"#),
        ("changed", r#"{"name":"duck","price":8,"at":1}"#),
        ("text", "<duck/>"),
        ("empty", ""),
    ];
    let line = |(id, body): &(&str, &str)| Line {
        payload: body.as_bytes().to_vec(),
        ..Line::new(id, minutes_ago(30))
    };
    stage.insert(&roles, &bodies.each_ref().map(line)).await;
    let all = read_well(stage, &roles, None).await;
    assert!(all.seen.iter().all(|seen| seen.content.is_none()));

    let compare = Compare::new("", ["/at"]);
    let asked = RowColumns {
        compare: Some(compare.clone()),
        ..roles
    };
    let all = read_well(stage, &asked, None).await;
    let of = |id: &str| {
        let seen = all.seen.iter().find(|seen| seen.id == id);
        seen.expect("every row was read").content
    };
    for (id, body) in bodies {
        assert_eq!(of(id), compare.content(Some(body.as_bytes())), "{id}");
    }
    assert_eq!(of("plain"), of("respelled"));
    assert!(of("plain").differs_from(of("changed")));
    assert_eq!(of("empty"), Content::NONE);

    stage.mark_sent(&asked, &["changed".to_owned()]).await;
    let news = read_well(stage, &asked, all.resume.clone()).await;
    let again = news.seen.iter().find(|seen| seen.id == "changed");
    assert_eq!(again.map(|seen| seen.content), Some(of("changed")));
}
