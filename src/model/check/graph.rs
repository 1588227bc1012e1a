//! Nodes that point to nodes by number.

/// What is wrong, if anything is.
pub(super) type Found = Result<(), String>;

/// Where the children of a node are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Graph {
    nodes: usize,
    /// Whether children stand behind their parents.
    ordered: bool,
}

/// A walk over the nodes in the order of their numbers.
pub(super) struct Walk {
    graph: Graph,
    /// The parent of each, one more than its number; 0 for none.
    parents: Vec<u32>,
    /// How many steps each is from the root, where parents stand before their children.
    depths: Vec<u32>,
    deepest: u32,
}

impl Graph {
    /// Nodes whose children stand behind them.
    pub(super) fn ordered(nodes: usize) -> Self {
        Self { nodes, ordered: true }
    }

    /// Nodes in any order.
    pub(super) fn unordered(nodes: usize) -> Self {
        Self { nodes, ordered: false }
    }

    pub(super) fn walk(self) -> Walk {
        let depths = if self.ordered { vec![0; self.nodes] } else { Vec::new() };
        Walk { graph: self, parents: vec![0; self.nodes], depths, deepest: 0 }
    }
}

impl Walk {
    /// Takes a child of a node.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn child(&mut self, node: usize, child: i64) -> Found {
        let last = self.graph.nodes.saturating_sub(1);
        let index = usize::try_from(child).ok().filter(|&index| index <= last);
        let index = index.ok_or_else(|| format!("node {node} has the child {child}; the last node is {last}"))?;
        if self.graph.ordered && index <= node {
            return Err(format!("node {node} has the child {child}, which does not stand behind it"));
        }
        let slot = self.parents.get_mut(index).filter(|slot| **slot == 0);
        let slot = slot.ok_or_else(|| format!("node {child} is the child of two nodes; {node} is the second"))?;
        *slot = u32::try_from(node).unwrap_or(u32::MAX).saturating_add(1);
        if let Some(depth) = self.depths.get(node).map(|depth| depth.saturating_add(1)) {
            self.deepest = self.deepest.max(depth);
            if let Some(slot) = self.depths.get_mut(index) {
                *slot = depth;
            }
        }
        Ok(())
    }

    /// The number of steps of the longest way, where parents stand before their children.
    pub(super) fn deepest(&self) -> u32 {
        self.deepest
    }

    /// Whether node 0 is no child. As each has one parent, every way from it ends then.
    ///
    /// # Errors
    /// That it is one.
    pub(super) fn root(&self) -> Found {
        match self.parents.first() {
            Some(0) => Ok(()),
            Some(parent) => Err(format!("the first node is a child of node {}", parent.saturating_sub(1))),
            None => Err("there are no nodes".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_pass_and_all_else_does_not() {
        let mut walk = Graph::ordered(3).walk();
        assert!(walk.child(0, 1).is_ok() && walk.child(0, 2).is_ok() && walk.root().is_ok());
        assert_eq!(walk.deepest(), 1);
        assert!(walk.child(1, 2).is_err(), "two parents");
        for child in [3, -1, i64::MIN, i64::MAX] {
            assert!(Graph::unordered(3).walk().child(0, child).is_err(), "{child}");
        }
        assert!(Graph::ordered(3).walk().child(1, 1).is_err(), "its own child");
        assert!(Graph::ordered(3).walk().child(1, 0).is_err(), "backwards");
        assert!(Graph::ordered(0).walk().root().is_err());
        let mut circle = Graph::unordered(2).walk();
        assert!(circle.child(0, 1).is_ok() && circle.child(1, 0).is_ok());
        assert!(circle.root().is_err());
    }
}
