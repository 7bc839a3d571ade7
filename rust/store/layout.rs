//! Names of objects, relative to the root of the store.

use object_store::path::Path;

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

/// `<node>/dbs/`: everything below it that no manifest names is nobody's.
pub(super) fn rows(node: &str) -> Path {
    Path::from(node).join(ROWS)
}
