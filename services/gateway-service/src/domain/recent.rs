//! Answers of peers, remembered for a short while. Time is the age of the process, given by the caller.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// Remembers the newest answer per key for a fixed time, and at most so many of them.
#[derive(Debug)]
pub struct Recent<K, V> {
    life: Duration,
    most: usize,
    held: HashMap<K, (Duration, V)>,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    pub fn new(life: Duration, most: usize) -> Self {
        Self {
            life,
            most,
            held: HashMap::new(),
        }
    }

    pub fn get(&self, key: &K, now: Duration) -> Option<V> {
        let (since, value) = self.held.get(key)?;
        (now.saturating_sub(*since) < self.life).then(|| value.clone())
    }

    pub fn put(&mut self, key: K, value: V, now: Duration) {
        if self.held.len() >= self.most {
            let life = self.life;
            self.held.retain(|_, (since, _)| now.saturating_sub(*since) < life);
        }
        if self.held.len() < self.most {
            self.held.insert(key, (now, value));
        }
    }

    pub fn forget(&mut self, key: &K) {
        self.held.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_forgotten_in_time_and_room_is_bounded() {
        let mut recent = Recent::new(Duration::from_secs(10), 2);
        let at = Duration::from_secs;
        recent.put("a", 1, at(0));
        recent.put("b", 2, at(5));
        recent.put("c", 3, at(6));
        assert_eq!(recent.get(&"a", at(9)), Some(1));
        assert_eq!(recent.get(&"a", at(10)), None);
        assert_eq!(recent.get(&"c", at(6)), None, "no room");
        recent.put("c", 3, at(11));
        assert_eq!(recent.get(&"c", at(12)), Some(3), "the old one made room");
        recent.forget(&"c");
        assert_eq!(recent.get(&"c", at(12)), None);
    }
}
