//! What hangs on tables: indexes, constraints, triggers, publications, by the names their makers
//! chose.

use std::collections::BTreeMap;

use waybill_source::{Attachment, AttachmentKind, TableInfo};

/// Something that hangs on a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attached {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) attachment: Attachment,
}

impl Attached {
    /// Of a row of the catalogue: schema, table, kind, name.
    pub(crate) fn new([schema, table, kind, name]: [String; 4]) -> Self {
        let kind = match kind.as_str() {
            "index" => AttachmentKind::Index,
            "trigger" => AttachmentKind::Trigger,
            "publication" => AttachmentKind::Publication,
            _ => AttachmentKind::Constraint,
        };
        Self {
            schema,
            table,
            attachment: Attachment { kind, name },
        }
    }
}

/// Hangs everything on its table.
pub(crate) fn attach(tables: &mut [TableInfo], all: Vec<Attached>) {
    let mut places: BTreeMap<(String, String), Vec<Attachment>> = BTreeMap::new();
    for Attached {
        schema,
        table,
        attachment,
    } in all
    {
        places.entry((schema, table)).or_default().push(attachment);
    }
    for table in tables {
        let place = (table.schema.clone(), table.name.clone());
        table.attached = places.remove(&place).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_hangs_on_its_own_table() {
        let table = |schema: &str| TableInfo {
            schema: schema.to_owned(),
            name: "outbox".to_owned(),
            columns: Vec::new(),
            estimated_rows: None,
            partition: false,
            attached: Vec::new(),
            said: Vec::new(),
        };
        let mut tables = [table("a"), table("b")];
        let row = |schema: &str, kind: &str| {
            Attached::new([schema, "outbox", kind, "x"].map(str::to_owned))
        };
        let all = vec![row("b", "index"), row("b", "trigger"), row("c", "index")];
        attach(&mut tables, all);
        assert!(tables[0].attached.is_empty());
        let kinds: Vec<_> = tables[1].attached.iter().map(|thing| thing.kind).collect();
        assert_eq!(kinds, [AttachmentKind::Index, AttachmentKind::Trigger]);
    }
}
