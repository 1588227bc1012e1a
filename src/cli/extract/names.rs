//! Names of files and members for arrays, from their object paths.

use crate::ast::path::{Address, Step};
use std::collections::HashSet;

/// The longest name, in bytes, without what makes it unique and the extension.
const LONGEST: usize = 150;

/// Names that Windows has for devices, whatever follows the dot.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Gives each array a name that no other has, not even where case does not count.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// The name for what stands at an address: letters, digits, `_`, `-` and single dots, so that it is one name on
    /// every system and leads nowhere.
    pub(super) fn name(&mut self, address: &Address) -> String {
        let plain = plain(address);
        let mut name = plain.clone();
        let mut number = 1_u64;
        while !self.0.insert(name.to_ascii_lowercase()) {
            number = number.saturating_add(1);
            name = format!("{plain}-{number}");
        }
        name
    }
}

fn plain(address: &Address) -> String {
    let mut name = String::new();
    let member = address.member.strip_suffix(".npy").unwrap_or(&address.member);
    let mut push = |text: &str| {
        if !name.is_empty() {
            name.push('.');
        }
        let rest = LONGEST.saturating_sub(name.len());
        name.extend(text.chars().take(rest).map(|char| match char {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => char,
            _ => '_',
        }));
        name.truncate(name.trim_end_matches('.').len());
    };
    member.split(['.', '/', '!']).for_each(&mut push);
    if let Some(stream) = address.stream {
        push(&stream.to_string());
    }
    for step in &address.path.0 {
        match step {
            Step::Attribute(text) | Step::Key(text) => push(text),
            Step::Index(index) => push(&index.to_string()),
            Step::Member(number) => push(&number.to_string()),
            Step::Argument(number) => push(&format!("args_{number}")),
            Step::State => push("state"),
        }
    }
    if name.is_empty() {
        return "root".to_owned();
    }
    let first = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let digit = |name: &str| name.len() == 4 && name.ends_with(|last: char| last.is_ascii_digit());
    let is_port = |name: &str| digit(name) && (name.starts_with("com") || name.starts_with("lpt"));
    if DEVICES.contains(&first.as_str()) || is_port(&first) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(steps: &[Step]) -> Address {
        let mut address = Address::default();
        address.path.0.extend_from_slice(steps);
        address
    }

    #[test]
    fn names_read_like_paths() {
        let mut names = Names::default();
        let steps = [Step::Attribute("steps".into()), Step::Index(1), Step::Key("a/b".into()), Step::State];
        assert_eq!(names.name(&at(&steps)), "steps.1.a_b.state");
        assert_eq!(names.name(&at(&steps)), "steps.1.a_b.state-2");
        assert_eq!(names.name(&at(&[Step::Key("Twin".into())])), "Twin");
        assert_eq!(names.name(&at(&[Step::Key("twin".into())])), "twin-2");
        assert_eq!(names.name(&at(&[])), "root");
        assert_eq!(names.name(&at(&[Step::Key("con".into())])), "_con");
    }

    proptest! {
        #[test]
        fn no_name_leads_anywhere(keys in proptest::collection::vec(any::<String>(), 0..6)) {
            let steps: Vec<Step> = keys.into_iter().chain(["../".repeat(2000)]).map(Step::Key).collect();
            let mut names = Names::default();
            let name = names.name(&at(&steps));
            prop_assert!(name.len() < 200 && !name.starts_with('.') && !name.contains(".."), "{}", name);
            prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{}", name);
            prop_assert_ne!(names.name(&at(&steps)), name);
        }
    }
}
