//! Rows of a catalogue, all of whose columns are texts.

use sqlx::{ColumnIndex, Decode, Row, Type};

/// The first `N` columns of a row.
pub(crate) fn texts<const N: usize, R>(row: &R) -> sqlx::Result<[String; N]>
where
    R: Row,
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
{
    let mut texts = [const { String::new() }; N];
    for (at, text) in texts.iter_mut().enumerate() {
        *text = row.try_get(at)?;
    }
    Ok(texts)
}
