//! What keeps a read from being shown all there is.

use waybill_model::Micros;

/// How a session stands to one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Why the database hides rows of it, and what would show them all.
    pub(crate) hidden_rows: Option<String>,
    /// How the server stands, if it only repeats what another one does.
    pub(crate) replica: Option<Replica>,
}

/// A server that only repeats what another one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replica {
    /// Up to when it has done so; `None` where nobody can say.
    pub(crate) applied: Option<Micros>,
    /// How it stands, in words, with what would help.
    pub(crate) how: String,
}

/// What is said where row-level security keeps rows from a role.
pub(crate) fn row_level_security(role: &str, tables: &str) -> String {
    format!(
        "row-level security shows '{role}' only some rows of {tables}; ALTER ROLE {role} BYPASSRLS \
         shows them all, or CREATE POLICY waybill ON {tables} FOR SELECT TO {role} USING (true)"
    )
}
