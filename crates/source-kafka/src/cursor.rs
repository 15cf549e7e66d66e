//! Where a read of a topic stopped, per partition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use waybill_model::Micros;
use waybill_source::{Cursor, Error, Result};

/// How far one partition was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The next offset to read.
    pub(crate) next: i64,
    /// Everything published before this moment has been seen.
    pub(crate) to: Micros,
    /// Where reading began, if anything lies before that a search by time has passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<i64>,
    /// The latest time up to the last hole in the offsets: what lies before it may have been
    /// compacted away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hole: Option<Micros>,
    /// When the transactions began that were open and could not be looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) open: Option<Micros>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    topic: String,
    partitions: BTreeMap<i32, Mark>,
}

/// Writes a cursor.
pub(crate) fn write(topic: &str, partitions: BTreeMap<i32, Mark>) -> Cursor {
    let written = Written {
        topic: topic.to_owned(),
        partitions,
    };
    Cursor(serde_json::to_string(&written).expect("numbers and a name are always JSON"))
}

/// Reads a cursor back; no marks without one. A cursor of another topic is refused.
pub(crate) fn read(cursor: Option<&Cursor>, topic: &str) -> Result<BTreeMap<i32, Mark>> {
    let Some(cursor) = cursor else {
        return Ok(BTreeMap::new());
    };
    match serde_json::from_str::<Written>(&cursor.0) {
        Ok(written) if written.topic == topic => Ok(written.partitions),
        Ok(written) => Err(Error::Unsupported {
            what: format!(
                "the reading position of topic {} does not fit topic {topic}",
                written.topic
            ),
        }),
        Err(error) => Err(Error::Read {
            name: format!("the reading position of topic {topic}"),
            source: Box::new(error),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_fits_its_topic_only() {
        let marks = BTreeMap::from([(
            3,
            Mark {
                next: 17,
                to: Micros(5),
                first: Some(2),
                hole: Some(Micros(3)),
                open: None,
            },
        )]);
        let cursor = write("orders", marks.clone());
        assert_eq!(read(Some(&cursor), "orders").expect("it fits"), marks);
        let error = read(Some(&cursor), "mails").expect_err("it is another's");
        assert_eq!(
            error.to_string(),
            "the reading position of topic orders does not fit topic mails"
        );
        assert!(read(Some(&Cursor("{".to_owned())), "orders").is_err());
    }
}
