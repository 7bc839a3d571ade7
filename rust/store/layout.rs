//! Names of objects, relative to the root of the store.

use chrono::DateTime;
use object_store::path::Path;

use crate::schema::{DatabaseId, TableId};

const MANIFESTS: &str = "manifests";
const ROWS: &str = "dbs";
const MANIFEST_SUFFIX: &str = ".manifest";

/// `<node>/manifests/`
pub(super) fn manifests(node: &str) -> Path {
    Path::from(node).join(MANIFESTS)
}

/// `<node>/manifests/<sequence>.manifest`, in twenty digits, so that names sort as numbers do.
pub(super) fn manifest(node: &str, sequence: u64) -> Path {
    manifests(node).join(format!("{sequence:020}{MANIFEST_SUFFIX}"))
}

/// The sequence that the name of a manifest says.
pub(super) fn sequence_of(path: &Path) -> Option<u64> {
    let digits = path.filename()?.strip_suffix(MANIFEST_SUFFIX)?;
    (digits.len() == 20).then(|| digits.parse().ok())?
}

/// `<node>/dbs/<database>/<table>/<day>/<number>-<nonce>.parquet`; the day is that of the earliest
/// row. No two processes give the same name, so a file that was orphaned is never written over.
pub(super) fn file(node: &str, owner: (DatabaseId, TableId), time_ns: i64, id: FileId) -> Path {
    let day = DateTime::from_timestamp_nanos(time_ns).format("%Y-%m-%d");
    let name = format!("{:010}-{:08x}.parquet", id.number, id.nonce);
    let (database, table) = (owner.0.to_string(), owner.1.to_string());
    rows(node).join(database).join(table).join(day.to_string()).join(name)
}

/// What tells one file from every other.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileId {
    /// Counts the files of a node.
    pub(super) number: u64,
    /// Of the process that made it.
    pub(super) nonce: u32,
}

/// `<node>/dbs/`: everything below it that no manifest names is nobody's.
pub(super) fn rows(node: &str) -> Path {
    Path::from(node).join(ROWS)
}
