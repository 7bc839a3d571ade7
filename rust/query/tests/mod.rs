//! What queries answer, and what they refuse.

mod answers;
mod deep;
mod fixture;
mod pruning;
mod refusals;
