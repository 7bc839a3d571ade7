//! The rows of a block, series by series, so that who wants few series looks at their rows alone.

/// See the head of this file.
#[derive(Debug, Clone)]
pub(super) struct SeriesRows {
    /// The series that have rows, ascending.
    series: Vec<u32>,
    /// For each of them its first place in `rows`, and one behind the last.
    starts: Vec<u32>,
    /// Row numbers; those of one series ascend.
    rows: Vec<u32>,
}

impl SeriesRows {
    /// Of rows whose series are these.
    pub(super) fn of(series: &[u32]) -> Self {
        let least = series.iter().copied().min().unwrap_or(0);
        let most = series.iter().copied().max().unwrap_or(0);
        let span = (most - least) as usize + 1;
        if span <= 4 * series.len() { counted(series, least, span) } else { sorted(series) }
    }

    /// The rows of the series at that place among those that have rows.
    fn rows_at(&self, place: usize) -> &[u32] {
        &self.rows[self.starts[place] as usize..self.starts[place + 1] as usize]
    }

    /// The series that have rows, ascending, with the rows of each.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &[u32])> {
        self.series.iter().enumerate().map(|(place, series)| (*series, self.rows_at(place)))
    }

    /// Calls `visit` with the place, among `wanted`, of each wanted series that has rows, and with
    /// those rows. `wanted` ascends.
    pub(super) fn each(&self, wanted: &[u32], mut visit: impl FnMut(usize, &[u32])) {
        if wanted.len() <= self.series.len() {
            for (index, number) in wanted.iter().enumerate() {
                if let Ok(place) = self.series.binary_search(number) {
                    visit(index, self.rows_at(place));
                }
            }
        } else {
            for (place, number) in self.series.iter().enumerate() {
                if let Ok(index) = wanted.binary_search(number) {
                    visit(index, self.rows_at(place));
                }
            }
        }
    }
}

/// Where the numbers of the series lie far apart.
fn sorted(series: &[u32]) -> SeriesRows {
    let mut rows: Vec<u32> = (0..).take(series.len()).collect();
    rows.sort_unstable_by_key(|row| (series[*row as usize], *row));
    let (mut present, mut starts) = (Vec::new(), Vec::new());
    for (place, row) in (0..).zip(&rows) {
        let number = series[*row as usize];
        if present.last() != Some(&number) {
            present.push(number);
            starts.push(place);
        }
    }
    starts.push(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    SeriesRows { series: present, starts, rows }
}

/// Where they lie close together: from `least` on, `span` of them.
fn counted(series: &[u32], least: u32, span: usize) -> SeriesRows {
    let mut next = vec![0_u32; span];
    for number in series {
        next[(number - least) as usize] += 1;
    }
    let (mut present, mut starts, mut start) = (Vec::new(), Vec::new(), 0);
    for (number, count) in (least..).zip(&mut next) {
        if *count > 0 {
            present.push(number);
            starts.push(start);
        }
        (*count, start) = (start, start + *count);
    }
    starts.push(start);
    let mut rows = vec![0; series.len()];
    for (row, number) in (0..).zip(series) {
        let place = &mut next[(number - least) as usize];
        rows[*place as usize] = row;
        *place += 1;
    }
    SeriesRows { series: present, starts, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_by_series_however_far_apart_the_numbers_are() {
        for apart in [1, 1_000_000] {
            let series: Vec<u32> = [2, 0, 2, 3, 0, 2].iter().map(|one| one * apart).collect();
            let rows = SeriesRows::of(&series);
            assert_eq!(rows.series, [0, 2 * apart, 3 * apart]);
            assert_eq!((rows.rows_at(0), rows.rows_at(1)), (&[1, 4][..], &[0, 2, 5][..]));
            let mut seen = Vec::new();
            rows.each(&[apart, 2 * apart], |index, rows| seen.push((index, rows.to_vec())));
            let many: Vec<u32> = (1..9).map(|one| one * apart).collect();
            rows.each(&many, |index, rows| seen.push((index, rows.to_vec())));
            assert_eq!(seen, [(1, vec![0, 2, 5]), (1, vec![0, 2, 5]), (2, vec![3])]);
        }
    }
}
