//! What `system.nodes` shows: this server, the only node that works on its data.
//!
//! Comes in: its name. Goes out: its row. Stays true: the row is made when the engine is opened, so
//! that its identity and its time are those of one run.

use std::num::NonZero;
use std::thread;

use super::open::random_uuid;
use crate::clock::now_ns;
use crate::error::Result;
use crate::query::NodeRow;

const NS_PER_MS: i64 = 1_000_000;

/// The row of a server that starts now.
///
/// # Errors
/// `Internal` where there are no random bytes.
pub(super) fn this_node(name: &str) -> Result<NodeRow> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    Ok(NodeRow {
        node_id: name.to_owned(),
        catalog_id: 0,
        instance_id: random_uuid()?,
        modes: vec!["core".to_owned()],
        core_count: cores as u64,
        state: "running".to_owned(),
        updated_at_ms: Some(now_ns().div_euclid(NS_PER_MS)),
        cli_params: None,
    })
}
