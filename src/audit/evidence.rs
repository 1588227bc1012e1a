//! Literals below a call that is a finding: what it would load, unpacked as evidence. Never makes a clean file worse.

use super::Job;
use super::bytes::Bytes;
use super::compressed::Claim;
use super::member::Member;
use crate::ast::{Kind, Value};
use crate::loader::{Pass, View};
use crate::machine::Action;
use crate::opcode::{Literal, Window};

/// How many arguments of a call are looked at.
const ARGUMENTS: usize = 16;

/// The shortest literal that can do anything as a pickle.
const SHORTEST: usize = 4;

/// The literals among the arguments of a call that may be pickles.
pub(super) fn below<W: Window>(view: View<'_>, effect: usize, pass: &Pass<W>, member: &Member) -> Vec<Job<'static>> {
    let Some(effect) = view.effects.get(effect) else { return Vec::new() };
    let Action::Call { args, .. } = effect.action else { return Vec::new() };
    let literal = |value: Value| {
        let bytes = match view.literal(value)? {
            Literal::Bytes(bytes) | Literal::ByteArray(bytes) => bytes.to_vec(),
            Literal::ByteStr(bytes) => bytes.into_owned(),
            // Protocols 0 to 2 write bytes as text in latin-1.
            Literal::Str(text) => latin1(std::str::from_utf8(&text).ok()?)?,
            _ => return None,
        };
        let offset = pass.source().offset(value.index());
        (bytes.len() >= SHORTEST).then(|| Job {
            data: Bytes::held(bytes),
            codec: None,
            claim: Claim::default(),
            member: member.literal(offset),
        })
    };
    let candidates = view.ast.items(args, effect.moment).take(ARGUMENTS);
    candidates
        .filter(|value| matches!(value.kind(), Kind::Bytes | Kind::ByteArray | Kind::ByteStr | Kind::Str))
        .filter_map(literal)
        .collect()
}

fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect()
}
