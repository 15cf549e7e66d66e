//! Checks of whose messages count.

use std::collections::BTreeMap;

use waybill_model::{Carrier, Marks, Wanted};

use super::reading::{Yield, drain, has_past, query, until};
use super::{Letter, Stage};
use crate::CopyQuery;

/// What says that it is another's than was asked for is left out, by a scan and by a follow, and
/// counted; what does not say is there, and says so.
pub async fn what_is_another_services_is_left_out_and_counted(stage: &dyn Stage) {
    let channel = stage.channel("counting").await;
    let letter = |id: &str, source: Option<&str>| {
        let mut letter = Letter::with_id(id);
        let source = source.map(|it| ("source".to_owned(), Some(it.as_bytes().to_vec())));
        letter.headers.extend(source);
        letter
    };
    let letters = [
        letter("own", Some("shop")),
        letter("theirs", Some("billing")),
        letter("nobodys", None),
        letter("theirs, too", Some("shopping")),
    ];
    let shop = Wanted(vec!["shop".to_owned()]);
    let asked = CopyQuery {
        only: vec![BTreeMap::from([(
            Carrier::Header("source".to_owned()),
            shop,
        )])],
        ..query(stage, &channel)
    };
    let mut followed = Yield::default();
    let mut stream = stage.broker().follow(asked.clone());
    until(&mut stream, &mut followed, |all| !all.covered.is_empty()).await;
    stage.publish(&channel, &letters).await;
    let all_came = |all: &Yield| all.seen.len() >= 2 && all.accounts.of_others >= 2;
    until(&mut stream, &mut followed, all_came).await;
    drop(stream);
    let mut reads = vec![followed];
    if has_past(stage) {
        reads.push(drain(stage.broker().scan(asked)).await);
    }
    for all in reads {
        let mut seen: Vec<(&str, bool)> = all
            .seen
            .iter()
            .map(|seen| (seen.id.as_str(), seen.marks.contains(Marks::WHOSE_UNKNOWN)))
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, [("nobodys", true), ("own", false)]);
        let counted = (all.accounts.of_others, all.accounts.whose_unknown);
        assert_eq!(counted, (2, 1));
    }
}
