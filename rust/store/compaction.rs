//! Which layers of a table are merged, and how their files become those of one layer.
//!
//! Comes in: what a manifest says of a table. Goes out: a run of neighbouring layers, and for its
//! files what to do with each. What stays true: only neighbours are merged, so a newer layer stays
//! newer; a layer is merged with those that are not larger than all newer ones of the run together,
//! so each row is written again about once per doubling of its table; files that overlap no other
//! and are large enough move as they are. It does no input or output.

use std::ops::Range;

use super::manifest::{FileEntry, Layer};
use crate::limits::{FILE_BYTES_MAX, FILE_ROWS_MAX, FILE_ROWS_SETTLED, SIMILAR_LAYERS_MAX};
use crate::schema::TimeRange;

/// Bytes of a row from which bytes decide how large a file is.
const FILE_BYTES_PER_ROW: u64 = FILE_BYTES_MAX / FILE_ROWS_MAX;

/// The layers to merge next, if any.
#[must_use]
pub fn choose(layers: &[Layer]) -> Option<Range<usize>> {
    let mut start = layers.len();
    let mut rows = 0;
    while start > 0 && (rows == 0 || rows_of(&layers[start - 1]) <= rows) {
        start -= 1;
        rows += rows_of(&layers[start]);
    }
    (layers.len() - start >= SIMILAR_LAYERS_MAX).then_some(start..layers.len())
}

/// The rows of a file, or as many as would take its bytes where rows are large: a file is made, and
/// checked, in memory.
fn weight(file: &FileEntry) -> u64 {
    file.rows.max(file.bytes / FILE_BYTES_PER_ROW)
}

fn rows_of(layer: &Layer) -> u64 {
    layer.files.iter().map(weight).sum()
}

/// What becomes of the files of the layers that are merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// It is a file of the new layer.
    Move(FileEntry),
    /// They are merged; the rows of each of the times go into a file of their own.
    Merge {
        /// From the oldest layer to the newest.
        files: Vec<FileEntry>,
        /// In order, and together all times.
        windows: Vec<TimeRange>,
    },
}

/// What to do with the files of these layers, in the order of their times.
#[must_use]
pub fn plan(layers: &[Layer]) -> Vec<Unit> {
    let mut files: Vec<(usize, &FileEntry)> = (0..)
        .zip(layers)
        .flat_map(|(age, layer)| layer.files.iter().map(move |file| (age, file)))
        .collect();
    files.sort_by_key(|(_, file)| file.time_min);
    let mut units = Vec::new();
    let mut gathered: Vec<(usize, &FileEntry)> = Vec::new();
    for group in overlapping(&files) {
        let settled = group.len() == 1 && weight(group[0].1) >= FILE_ROWS_SETTLED;
        if settled || rows_in(&gathered) + rows_in(group) > FILE_ROWS_MAX {
            units.extend(unit(std::mem::take(&mut gathered)));
        }
        if settled {
            units.push(Unit::Move(group[0].1.clone()));
        } else {
            gathered.extend_from_slice(group);
        }
    }
    units.extend(unit(gathered));
    units
}

fn rows_in(files: &[(usize, &FileEntry)]) -> u64 {
    files.iter().map(|(_, file)| weight(file)).sum()
}

/// Cuts files that are sorted by their first time where a file begins after all before it ended.
fn overlapping<'f, 'e>(
    files: &'f [(usize, &'e FileEntry)],
) -> impl Iterator<Item = &'f [(usize, &'e FileEntry)]> {
    let mut end = i64::MIN;
    files.chunk_by(move |before, after| {
        end = end.max(before.1.time_max);
        let same = after.1.time_min <= end;
        if !same {
            end = i64::MIN;
        }
        same
    })
}

fn unit(mut files: Vec<(usize, &FileEntry)>) -> Option<Unit> {
    match files.len() {
        0 => None,
        1 => Some(Unit::Move(files[0].1.clone())),
        _ => {
            files.sort_by_key(|(age, _)| *age);
            let files: Vec<FileEntry> = files.into_iter().map(|(_, file)| file.clone()).collect();
            Some(Unit::Merge { windows: windows(&files), files })
        }
    }
}

/// Times that hold about the same number of rows each, if the rows of a file lie evenly in its own.
fn windows(files: &[FileEntry]) -> Vec<TimeRange> {
    let rows: u64 = files.iter().map(weight).sum();
    let count = rows.div_ceil(FILE_ROWS_MAX).max(1);
    let mut start = i64::MIN;
    let mut windows = Vec::new();
    for window in 1..count {
        let cut = time_of_row(files, rows / count * window);
        if cut >= start && cut < i64::MAX {
            windows.push(TimeRange { min: start, max: cut });
            start = cut + 1;
        }
    }
    windows.push(TimeRange { min: start, max: i64::MAX });
    windows
}

/// About the time up to which there are `rows` rows.
fn time_of_row(files: &[FileEntry], rows: u64) -> i64 {
    let (mut low, mut high) = files.iter().fold((i64::MAX, i64::MIN), |(low, high), file| {
        (low.min(file.time_min), high.max(file.time_max))
    });
    while low < high {
        let middle = i64::midpoint(low, high);
        let before: u64 = files.iter().map(|file| rows_until(file, middle)).sum();
        if before < rows { low = middle + 1 } else { high = middle }
    }
    low
}

fn rows_until(file: &FileEntry, time: i64) -> u64 {
    if time < file.time_min {
        return 0;
    }
    let length = i128::from(file.time_max) - i128::from(file.time_min) + 1;
    let until = (i128::from(time) - i128::from(file.time_min) + 1).min(length);
    u64::try_from(i128::from(weight(file)) * until / length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(rows: u64, time_min: i64, time_max: i64) -> FileEntry {
        FileEntry { path: "f".into(), bytes: 1, checksum: 0, rows, time_min, time_max }
    }

    fn layer(files: &[FileEntry]) -> Layer {
        Layer { first: 1, last: 1, files: files.to_vec() }
    }

    fn sizes(rows: &[u64]) -> Vec<Layer> {
        rows.iter().map(|rows| layer(&[file(*rows, 0, 9)])).collect()
    }

    #[test]
    fn layers_of_similar_size_are_merged_and_larger_ones_left() {
        assert_eq!(choose(&sizes(&[])), None);
        assert_eq!(choose(&sizes(&[5; SIMILAR_LAYERS_MAX - 1])), None);
        assert_eq!(choose(&sizes(&[5; SIMILAR_LAYERS_MAX])), Some(0..SIMILAR_LAYERS_MAX));
        assert_eq!(choose(&sizes(&[100, 5, 5, 5, 5])), Some(1..5));
        assert_eq!(choose(&sizes(&[20, 5, 5, 5, 5])), Some(0..5));
        assert_eq!(choose(&sizes(&[5, 100, 5, 5])), None);
    }

    #[test]
    fn a_row_is_written_again_about_once_per_doubling() {
        let (mut layers, mut written, mut most) = (Vec::new(), 0, 0);
        for _ in 0..4_096 {
            layers.extend(sizes(&[1]));
            while let Some(run) = choose(&layers) {
                let rows = layers.drain(run).map(|layer| rows_of(&layer)).sum();
                written += rows;
                layers.extend(sizes(&[rows]));
            }
            most = most.max(layers.len());
        }
        assert!(written <= 12 * 4_096, "{written} rows for 4096");
        assert!(most <= 16, "{most} layers");
    }

    #[test]
    fn large_files_that_overlap_no_other_move() {
        let (large, small) = (FILE_ROWS_SETTLED, 10);
        let one = file(large, 0, 9);
        let units = plan(&[layer(&[one.clone(), file(small, 10, 19)]), layer(&[file(7, 15, 30)])]);
        let all = TimeRange { min: i64::MIN, max: i64::MAX };
        let files = vec![file(small, 10, 19), file(7, 15, 30)];
        assert_eq!(units, [Unit::Move(one), Unit::Merge { files, windows: vec![all] }]);
    }

    #[test]
    fn small_neighbours_become_one_file_from_the_oldest_to_the_newest() {
        let layers = [layer(&[file(5, 20, 29)]), layer(&[file(6, 0, 9), file(7, 10, 19)])];
        let Some(Unit::Merge { files, .. }) = plan(&layers).pop() else { panic!("a merge") };
        assert_eq!(files.iter().map(|file| file.rows).collect::<Vec<_>>(), [5, 6, 7]);
    }

    #[test]
    fn large_rows_make_more_files() {
        let large = |time_min, time_max| {
            let bytes = FILE_BYTES_MAX;
            FileEntry { bytes, ..file(1_000, time_min, time_max) }
        };
        let layers = [layer(&[large(0, 999)]), layer(&[large(0, 999)])];
        let Some(Unit::Merge { windows, .. }) = plan(&layers).pop() else { panic!("a merge") };
        assert_eq!(windows.len(), 2);
    }

    #[test]
    fn what_is_too_large_for_one_file_is_cut_by_time() {
        let layers =
            [layer(&[file(FILE_ROWS_MAX, 0, 999)]), layer(&[file(FILE_ROWS_MAX, 500, 999)])];
        let Some(Unit::Merge { windows, .. }) = plan(&layers).pop() else { panic!("a merge") };
        assert_eq!(windows.len(), 2);
        let cut = windows[0].max;
        assert!((600..720).contains(&cut), "{cut}");
        assert_eq!((windows[0].min, windows[1].min, windows[1].max), (i64::MIN, cut + 1, i64::MAX));
    }
}
