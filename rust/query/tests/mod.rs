//! What queries answer, and what they refuse.

mod deep;
mod fixture;
mod formats;
mod gap_rows;
mod gap_sql;
mod regex;
mod rendering;
mod scans;
mod selectors;
mod statements;
mod system;
mod windows;
mod work;
