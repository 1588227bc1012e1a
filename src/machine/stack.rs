//! The stack, with marks as fences: nothing below the topmost mark can be taken.

use crate::ast::Value;

/// Values and marks.
#[derive(Debug, Default)]
pub(super) struct Stack {
    values: Vec<Value>,
    marks: Vec<usize>,
    fence: usize,
}

impl Stack {
    /// Takes everything away.
    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.marks.clear();
        self.fence = 0;
    }

    #[inline]
    pub(super) fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    /// Takes the topmost value above the fence.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Value> {
        if self.values.len() > self.fence { self.values.pop() } else { None }
    }

    /// The topmost value above the fence.
    #[inline]
    pub(super) fn top(&self) -> Option<Value> {
        if self.values.len() > self.fence { self.values.last().copied() } else { None }
    }

    /// The topmost `count` values above the fence, to be taken with [`truncate`](Self::truncate).
    #[inline]
    pub(super) fn top_items(&self, count: usize) -> Option<&[Value]> {
        let start = self.values.len().checked_sub(count).filter(|&start| start >= self.fence)?;
        self.values.get(start..)
    }

    /// Drops the topmost `count` values.
    #[inline]
    pub(super) fn truncate(&mut self, count: usize) {
        self.values.truncate(self.values.len().saturating_sub(count));
    }

    #[inline]
    pub(super) fn mark(&mut self) {
        self.marks.push(self.fence);
        self.fence = self.values.len();
    }

    /// Whether there is a mark.
    #[inline]
    pub(super) fn has_mark(&self) -> bool {
        !self.marks.is_empty()
    }

    /// Takes the topmost mark away; what stood above it stays. Answers how many values that is.
    #[inline]
    pub(super) fn unmark(&mut self) -> Option<usize> {
        let above = self.values.len().saturating_sub(self.fence);
        self.fence = self.marks.pop()?;
        Some(above)
    }

    /// What stands above the topmost mark, and below it what may be taken.
    #[inline]
    pub(super) fn marked(&self) -> Option<(Value, &[Value])> {
        let below =
            self.fence.checked_sub(1).filter(|&below| self.marks.last().is_some_and(|&fence| below >= fence))?;
        let (&target, items) = self.values.get(below..)?.split_first()?;
        Some((target, items))
    }

    /// Takes the topmost mark away, and what stands above it.
    #[inline]
    pub(super) fn drop_marked(&mut self) {
        if let Some(fence) = self.marks.pop() {
            self.values.truncate(self.fence);
            self.fence = fence;
        }
    }

    /// Whether the top of the stack is a mark.
    #[inline]
    pub(super) fn mark_on_top(&self) -> bool {
        self.has_mark() && self.values.len() == self.fence
    }

    /// The topmost `count` values, marks or not.
    #[inline]
    pub(super) fn last(&self, count: usize) -> &[Value] {
        self.values.get(self.values.len().saturating_sub(count)..).unwrap_or_default()
    }

    /// How many values and marks there are, for the check against the table of opcodes.
    #[cfg(debug_assertions)]
    pub(super) fn depth(&self) -> (usize, usize, usize) {
        (self.values.len(), self.marks.len(), self.fence)
    }
}
