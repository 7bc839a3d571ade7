//! What queries answer, and what they refuse.

mod deep;
mod fixture;
mod formats;
mod gap_rows;
mod gap_sql;
mod govern;
mod parameters;
mod ready;
mod regex;
mod rendering;
mod scans;
mod selectors;
mod spill;
mod statements;
mod system;
mod tag_bins;
mod windows;
mod work;
