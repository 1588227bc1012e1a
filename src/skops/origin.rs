//! Where in the schema the parts of the pickle come from.

/// Runs of the pickle, each with its place in the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Where each run begins, the offset in the schema, and whether the file itself says it.
    runs: Vec<(u64, u64, bool)>,
}

impl Origin {
    /// From here on in the pickle all comes from there in the schema. `said` tells whether the file says it, or only
    /// its loader does.
    pub(super) fn begin(&mut self, offset: u64, from: u64, said: bool) {
        match self.runs.last_mut() {
            Some(last) if last.0 == offset => *last = (offset, from, said),
            Some(last) if (last.1, last.2) == (from, said) => {}
            _ => self.runs.push((offset, from, said)),
        }
    }

    fn run(&self, offset: u64) -> Option<&(u64, u64, bool)> {
        let next = self.runs.partition_point(|run| run.0 <= offset);
        self.runs.get(next.checked_sub(1)?)
    }

    /// The offset in the schema of what stands at an offset in the pickle.
    pub fn offset(&self, offset: u64) -> u64 {
        self.run(offset).map_or(0, |run| run.1)
    }

    /// Whether what stands at an offset in the pickle is said by the file, and not by its loader alone.
    pub fn is_said(&self, offset: u64) -> bool {
        self.run(offset).is_some_and(|run| run.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_reaches_to_the_next() {
        let mut origin = Origin::default();
        origin.begin(0, 7, true);
        origin.begin(10, 9, false);
        origin.begin(10, 8, true);
        let found: Vec<_> = [0, 9, 10, 99].map(|at| (origin.offset(at), origin.is_said(at))).into();
        assert_eq!(found, [(7, true), (7, true), (8, true), (8, true)]);
        assert!(!Origin::default().is_said(3));
    }
}
