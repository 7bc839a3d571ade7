//! What a write answers.

use pyo3::prelude::*;

use crate::engine::Ticket;
use crate::schema::RefusedLine;

/// One refused line of a write.
#[pyclass(frozen, get_all, module = "influxpe._engine")]
#[derive(Debug, Clone)]
pub(super) struct LineError {
    message: String,
    line_number: usize,
    original_line: String,
}

impl From<RefusedLine> for LineError {
    fn from(line: RefusedLine) -> Self {
        Self {
            message: line.message,
            line_number: line.line_number,
            original_line: line.original_line,
        }
    }
}

/// A write that waits for the disk.
#[pyclass(frozen, module = "influxpe._engine")]
#[derive(Debug)]
pub(super) struct WriteTicket {
    #[pyo3(get)]
    sequence: u64,
    #[pyo3(get)]
    rows: usize,
    #[pyo3(get)]
    rows_refused: usize,
    errors: Vec<LineError>,
}

impl From<Ticket> for WriteTicket {
    fn from(ticket: Ticket) -> Self {
        let rows_refused = ticket.rows_refused();
        let errors = ticket.refused.into_iter().map(LineError::from).collect();
        Self { sequence: ticket.position, rows: ticket.rows, rows_refused, errors }
    }
}

#[pymethods]
impl WriteTicket {
    #[getter]
    fn errors(&self) -> Vec<LineError> {
        self.errors.clone()
    }
}
