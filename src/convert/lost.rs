//! What could not be carried.

/// One thing that could not be carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Where it stands in the file.
    pub path: String,
    /// Why it is not in what was written.
    pub why: String,
}

/// Everything that could not be carried: the first of it, and how much it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    first: Vec<Loss>,
    count: u64,
}

/// How many losses are kept; the others are counted.
const KEPT: usize = 1000;

impl Lost {
    /// Adds what stands at a path. The texts are asked for only where they are kept.
    pub fn add(&mut self, loss: impl FnOnce() -> Loss) {
        if self.first.len() < KEPT {
            self.first.push(loss());
        }
        self.count = self.count.saturating_add(1);
    }

    /// The first thousand, in the order in which they were met.
    pub fn first(&self) -> &[Loss] {
        &self.first
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether nothing was lost.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_are_kept() {
        let mut lost = Lost::default();
        for number in 0..=KEPT {
            lost.add(|| Loss { path: number.to_string(), why: String::new() });
        }
        assert_eq!((lost.first().len(), lost.count(), lost.is_empty()), (KEPT, KEPT as u64 + 1, false));
    }
}
