//! Which names databases and columns may have (http-api §11 of the reference).

use crate::error::{EngineError, Result};
use crate::limits::{DATABASE_NAME_BYTES_MAX, LINE_TEXT_BYTES_MAX, NAMESPACE_BYTES_MAX};

/// Checks the name of a database that is to be made or written to.
///
/// # Errors
/// `Invalid`, in the words of InfluxDB 3.
pub fn check_database_name(name: &str) -> Result<()> {
    let Some(first) = name.chars().next() else {
        return Err(EngineError::invalid("db name cannot be empty"));
    };
    if name.len() > DATABASE_NAME_BYTES_MAX {
        return Err(EngineError::invalid(format!(
            "db name too long: max {DATABASE_NAME_BYTES_MAX}"
        )));
    }
    if first.is_ascii() && !first.is_ascii_alphanumeric() {
        return Err(EngineError::invalid("db name did not start with a number or letter"));
    }
    check_characters(name)
}

fn check_characters(name: &str) -> Result<()> {
    let slashes = name.matches('/').count();
    if slashes > 1 || name.ends_with('/') {
        return Err(EngineError::invalid(
            "db name with invalid retention policy, if providing a retention policy name, \
             must be of form '<db_name>/<rp_name>'",
        ));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/');
    if name.bytes().all(allowed) {
        return Ok(());
    }
    Err(EngineError::invalid(
        "invalid character in database or rp name: must be ASCII, containing only letters, \
         numbers, underscores, or hyphens",
    ))
}

/// Checks the name of a database as the v1 and v2 write routes do: shorter, and otherwise under the
/// same rules.
///
/// # Errors
/// `Invalid`, in the words of InfluxDB 3.
pub fn check_namespace(name: &str) -> Result<()> {
    if !(1..=NAMESPACE_BYTES_MAX).contains(&name.len()) {
        return Err(EngineError::invalid(format!(
            "namespace name {name} length must be between 1 and {NAMESPACE_BYTES_MAX} characters"
        )));
    }
    if let Some(number) = name.chars().position(char::is_control) {
        return Err(EngineError::invalid(format!(
            "namespace name '{}' contains invalid character, character number {number} is not \
             allowed",
            name.escape_debug()
        )));
    }
    check_database_name(name)
}

/// Whether no tag and no field may have that name.
#[must_use]
pub fn is_reserved_column(name: &str) -> bool {
    matches!(name, "time" | "__chunk_order")
}

/// Checks the name of a table that comes as a parameter, and not as part of a line.
///
/// # Errors
/// `Invalid` where it is empty or too long.
pub(super) fn check_table_name(name: &str) -> Result<()> {
    if (1..=LINE_TEXT_BYTES_MAX).contains(&name.len()) {
        return Ok(());
    }
    Err(EngineError::invalid(format!(
        "a table name must have 1 to {LINE_TEXT_BYTES_MAX} bytes, this one has {}",
        name.len()
    )))
}
