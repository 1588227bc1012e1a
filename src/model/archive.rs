//! What the members of an archive say beside the pickle in it.

use crate::facts::{Certainty, Component, Evidence, Facts, Hazard, Place, Range, Release};

/// Members of archives of torch, and the first release that writes them (`_save` in `torch/serialization.py`).
const MEMBERS: [(&str, Release); 2] =
    [("byteorder", Release([2, 0, 0])), (".data/serialization_id", Release([2, 0, 0]))];

/// Adds what a member of an archive of torch says: its name without that of the archive, its bytes, where they stand.
pub fn torch_member(facts: &mut Facts, name: &str, bytes: &[u8], place: &Place) {
    if name == "byteorder" && bytes == b"big" {
        let message = "its tensors are big-endian, which torch before 2.0 does not see".to_owned();
        facts.hazards.push(Hazard { kind: "byte-order", message, place: place.clone() });
    }
    let Some((_, release)) = MEMBERS.iter().find(|(member, _)| *member == name) else { return };
    let range = Range { low: Some(*release), below: None };
    let (what, certainty) = (format!("the member {name}"), Certainty::Likely);
    let evidence = Evidence { what, exact: None, range, certainty, place: place.clone(), count: 1 };
    match facts.components.iter_mut().find(|component| component.name == "torch") {
        Some(torch) => {
            torch.range = torch.range.intersection(range).unwrap_or(torch.range);
            torch.evidence.push(evidence);
        }
        None => facts.components.push(Component {
            name: "torch",
            exact: Vec::new(),
            range,
            certainty,
            evidence: vec![evidence],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_bound_the_version() {
        let mut facts = Facts::default();
        for (name, bytes) in [("version", b"3\n".as_slice()), ("byteorder", b"big"), (".data/serialization_id", b"1")] {
            torch_member(&mut facts, name, bytes, &Place::default());
        }
        let [torch] = facts.components.as_slice() else { panic!("{:?}", facts.components) };
        assert_eq!((torch.version().as_str(), torch.evidence.len()), (">=2.0", 2));
        assert_eq!(facts.hazards.len(), 1);
    }
}
