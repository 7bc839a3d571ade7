//! Objects that were read lately, up to a number of bytes.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct ObjectCache {
    bytes_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    objects: HashMap<String, Entry>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    bytes: Bytes,
    used: u64,
}

impl ObjectCache {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, state: Mutex::default() }
    }

    pub(super) fn get(&self, path: &str) -> Option<Bytes> {
        let mut state = self.state.lock();
        state.clock += 1;
        let now = state.clock;
        let entry = state.objects.get_mut(path)?;
        entry.used = now;
        Some(entry.bytes.clone())
    }

    /// Keeps an object, in the place of those that were not used for longest.
    pub(super) fn put(&self, path: &str, bytes: &Bytes) {
        if bytes.len() > self.bytes_max {
            return;
        }
        let mut state = self.state.lock();
        state.clock += 1;
        let entry = Entry { bytes: bytes.clone(), used: state.clock };
        state.bytes += bytes.len();
        if let Some(before) = state.objects.insert(path.to_owned(), entry) {
            state.bytes -= before.bytes.len();
        }
        while state.bytes > self.bytes_max {
            state.drop_oldest();
        }
    }
}

impl State {
    fn drop_oldest(&mut self) {
        let oldest = self.objects.iter().min_by_key(|(_, entry)| entry.used);
        let Some(path) = oldest.map(|(path, _)| path.clone()) else { return };
        if let Some(entry) = self.objects.remove(&path) {
            self.bytes -= entry.bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::OBJECT_CACHE_BYTES_MAX;

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let cache = ObjectCache::new(10);
        let object = |length: usize| Bytes::from(vec![0; length]);
        cache.put("a", &object(4));
        cache.put("b", &object(4));
        assert!(cache.get("a").is_some());
        cache.put("c", &object(4));
        assert!(cache.get("b").is_none(), "b was not used since a");
        assert!(cache.get("a").is_some());
        cache.put("huge", &object(11));
        assert!(cache.get("huge").is_none(), "it would push out everything");
        cache.put("a", &object(10));
        assert_eq!(cache.get("a").map(|bytes| bytes.len()), Some(10));
        assert!(cache.get("c").is_none());
    }

    #[test]
    fn an_object_above_the_limit_of_the_cache_is_not_kept() {
        let cache = ObjectCache::new(OBJECT_CACHE_BYTES_MAX);
        cache.put("a", &Bytes::from(vec![0; OBJECT_CACHE_BYTES_MAX]));
        cache.put("b", &Bytes::from(vec![0; OBJECT_CACHE_BYTES_MAX + 1]));
        assert!(cache.get("a").is_some() && cache.get("b").is_none());
    }
}
