//! Manifests and files, on memory, on a real folder, and on a disk that loses power.

mod files;
mod locations;
mod manifests;
mod power_loss;
mod series;

/// Runs a future to its end on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}
