//! Rows at rest: Parquet files on an object store, and the manifest that says which of them exist.
//!
//! Comes in: sorted rows of a table, with the positions of the log that they cover. Goes out: the
//! same rows, each (series, time) once, whatever layers they lie in. What stays true: a file that
//! the newest manifest does not name does not exist; the newest manifest names no file that is not
//! whole; a later layer wins, field by field. What it refuses: a manifest of another data
//! directory, or one that another process has written. `docs/format.md` has the byte tables.

mod client;
pub mod compaction;
mod disk_store;
mod file_batches;
mod file_memory;
mod kept_columns;
mod kept_rows;
mod layout;
mod manifest;
mod manifest_codec;
mod manifest_log;
pub mod merge;
mod object_reader;
mod open;
mod opened_file;
mod parquet_file;
mod row_file;
mod row_store;
mod series_index;
mod tag_choice;

#[cfg(test)]
mod tests;

pub use client::StoreClient;
pub use disk_store::DiskStore;
pub use file_batches::FileBatches;
pub use manifest::{FileEntry, Layer, Manifest, TableFiles};
pub use manifest_codec::decode as decode_manifest;
pub use manifest_log::ManifestLog;
pub use open::{S3Options, StoreLocation, open_store};
pub use parquet_file::{FileRows, encode_file, read_file};
pub use row_file::{RowFile, RowGroup, RowRequest};
pub use row_store::{RowStore, StoredFiles, StoredLayer, StoredRows, StoredTable};
pub use series_index::SeriesIndex;
pub use tag_choice::TagChoice;
