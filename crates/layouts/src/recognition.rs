//! What a table is recognised by, as its data file says it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a table is recognised by. Names are compared in canonical spelling ([`crate::canon`]).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recognition {
    /// Columns that must be there.
    pub required: Vec<String>,
    /// Columns that must not be there.
    #[serde(default)]
    pub forbid: Vec<String>,
    /// Whether that is enough.
    pub strength: Strength,
    /// The default name is nobody else's: it is a second signal that needs no other.
    #[serde(default)]
    pub telling_name: bool,
    /// Tables that stand beside it, in the same schema, when it is what it looks like.
    #[serde(default)]
    pub companions: Vec<String>,
    /// Names of its indexes, constraints and triggers.
    #[serde(default)]
    pub attached: Vec<String>,
    /// Columns that may be there and are nobody else's.
    #[serde(default)]
    pub telling_columns: Vec<String>,
    /// What a column's type says.
    #[serde(default)]
    pub types: BTreeMap<String, String>,
    /// The values a column has in every row.
    #[serde(default)]
    pub values: BTreeMap<String, Vec<String>>,
    /// Members that a column's JSON has; one of them is enough.
    #[serde(default)]
    pub json_members: BTreeMap<String, Vec<String>>,
    /// It is read from the database's log: a publication that names it proves that.
    #[serde(default)]
    pub read_from_log: bool,
}

/// Whether columns are enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Nobody else has these columns.
    ColumnsAlone,
    /// Few or ordinary columns: something else must speak for it.
    NeedsSecondSignal,
}
