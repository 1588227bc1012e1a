//! A member at once, for who needs all of it in memory.

use super::{Codec, Decoder};
use crate::error::Result;
use crate::limits::{Budget, Limit};
use std::borrow::Cow;

/// At most `most` bytes of a member, inflated where a codec says how. They are paid for.
///
/// # Errors
/// What the decoder says, or [`ErrorKind::Limit`](crate::error::ErrorKind::Limit).
pub fn at_most<'b>(codec: Option<Codec>, member: &'b [u8], most: u64, budget: &mut Budget) -> Result<Cow<'b, [u8]>> {
    let Some(codec) = codec else {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        return Ok(Cow::Borrowed(member.get(..most).unwrap_or(member)));
    };
    let mut decoder = Decoder::new(codec, member);
    let mut bytes = Vec::new();
    let mut piece = vec![0; 16 << 10];
    loop {
        let left = most.saturating_sub(bytes.len() as u64);
        let room = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
        let count = decoder.read(piece.get_mut(..room).unwrap_or_default())?;
        if count == 0 {
            break;
        }
        budget.spend(Limit::Inflated, count as u64)?;
        budget.spend(Limit::Retained, count as u64)?;
        bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
    Ok(Cow::Owned(bytes))
}
