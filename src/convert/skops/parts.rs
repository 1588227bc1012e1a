//! What is still to be written of a node.

use super::json;
use crate::model::tree::NodeId;

/// A part of what is still to be written.
pub(super) enum Piece {
    /// This text.
    Text(String),
    /// A node.
    Node(NodeId),
    /// The end of a node.
    End(NodeId),
}

impl Piece {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Parts of a node in their order; texts that follow each other are one.
#[derive(Default)]
pub(super) struct Parts {
    pieces: Vec<Piece>,
    text: String,
}

impl Parts {
    /// Adds text.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds pieces.
    pub(super) fn pieces(&mut self, pieces: impl IntoIterator<Item = Piece>) -> &mut Self {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.text.push_str(&text),
                other => {
                    self.flush();
                    self.pieces.push(other);
                }
            }
        }
        self
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.text)));
        }
    }

    /// All of it.
    pub(super) fn finish(mut self) -> Vec<Piece> {
        self.flush();
        self.pieces
    }
}

/// What the loader of a node is told.
pub(super) struct Head<'n> {
    pub(super) loader: &'static str,
    pub(super) module: &'n str,
    pub(super) class: &'n str,
    /// The node, if it is one that others may refer to.
    pub(super) id: Option<NodeId>,
}

/// A `JsonNode` of this JSON.
pub(super) fn leaf(json: &str) -> String {
    let content = json::quoted(json.as_bytes());
    format!(
        "{{\"__class__\":\"str\",\"__module__\":\"builtins\",\"__loader__\":\"JsonNode\",\"content\":{content},\"is_json\":true}}"
    )
}
