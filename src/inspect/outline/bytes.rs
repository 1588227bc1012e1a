//! How many bytes of the file a node takes by itself.

use super::{Node, Outline};
use crate::loader::View;
use crate::opcode::{Literal, Opcode, Reader, Replay};

/// Lines of more bytes are searched for their end only once.
const LONG: usize = 1 << 12;

impl Outline<'_, '_> {
    /// How many bytes of the file a node takes by itself: its opcode where it is a literal, the bytes of its elements
    /// where it is an array of numbers.
    pub fn own_bytes(&self, node: Node) -> u64 {
        if let Some(array) = self.array(node) {
            return self.array_place(node, &array).map_or_else(|| array.nbytes().unwrap_or(0), |(_, len)| len);
        }
        let Some(view) = self.view(node).filter(|_| node.value.kind().is_literal()) else { return 0 };
        let at = node.value.index();
        let opcode = view.source.bytes.get(at).and_then(|&byte| Opcode::from_byte(byte));
        let head = opcode.and_then(|opcode| opcode.info().argument.length_width()).map(|width| width.saturating_add(1));
        match (view.literal(node.value), head) {
            (Some(Literal::Absent(len)), _) => len,
            (Some(Literal::Str(text) | Literal::ByteStr(text)), Some(head)) => head.saturating_add(text.len() as u64),
            (Some(Literal::Bytes(bytes) | Literal::ByteArray(bytes)), Some(head)) => {
                head.saturating_add(bytes.len() as u64)
            }
            (Some(_), _) => self.opcode_bytes(view, node, at),
            (None, _) => 0,
        }
    }

    /// How many bytes the opcode at a position takes. A long line is searched for its end once, however many values
    /// refer to it.
    fn opcode_bytes(&self, view: View<'_>, node: Node, at: usize) -> u64 {
        let mut lines = self.lines.borrow_mut();
        if let Some(&known) = lines.get(&(node.reading, at)) {
            return known;
        }
        let mut reader = Reader::new(Replay::new(view.source, at), at, view.dialect);
        let bytes = reader.next_op().map_or(0, |_| reader.position().saturating_sub(at));
        if bytes > LONG {
            lines.insert((node.reading, at), bytes as u64);
        }
        bytes as u64
    }
}
