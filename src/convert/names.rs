//! Names of files and members for arrays, from their object paths.

use crate::ast::path::{Address, Step};
use std::borrow::Cow;
use std::collections::HashSet;

/// The longest name, in bytes, without what makes it unique and the extension.
const LONGEST: usize = 150;
/// The longest key, in bytes, likewise.
const LONGEST_KEY: usize = 1000;

/// Names that Windows has for devices, whatever follows the dot.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Gives each array a name that no other has, not even where case does not count.
pub struct Names {
    taken: HashSet<String>,
    /// Whether names are those of files, or keys of a table.
    files: bool,
}

impl Names {
    /// Names of files and of members of archives: letters, digits, `_`, `-` and single dots, so that each is one name on
    /// every system and leads nowhere.
    pub fn of_files() -> Self {
        Self { taken: HashSet::new(), files: true }
    }

    /// Names in a table: a key of a dict as it is, so that those of a state dict of torch stay what they are; without
    /// characters that do not show.
    pub fn of_keys() -> Self {
        // The one name that a header of safetensors has for itself.
        Self { taken: HashSet::from(["__metadata__".to_owned()]), files: false }
    }

    /// The name for what stands at an address.
    pub fn name(&mut self, address: &Address) -> String {
        let plain = if self.files { of_file(address) } else { of_key(address) };
        let mut name = plain.clone();
        let mut number = 1_u64;
        while !self.taken.insert(if self.files { name.to_ascii_lowercase() } else { name.clone() }) {
            number = number.saturating_add(1);
            name = format!("{plain}-{number}");
        }
        name
    }
}

/// The steps of an address as words.
fn words(address: &Address) -> impl Iterator<Item = Cow<'_, str>> {
    let member = address.member.strip_suffix(".npy").unwrap_or(&address.member);
    let member = member.split(['/', '!']).filter(|part| !part.is_empty()).map(Cow::from);
    let stream = address.stream.map(|stream| Cow::from(stream.to_string()));
    member.chain(stream).chain(address.path.0.iter().map(|step| match step {
        Step::Attribute(text) | Step::Key(text) => Cow::from(text),
        Step::Index(index) => index.to_string().into(),
        Step::Member(number) => number.to_string().into(),
        Step::Argument(number) => format!("args_{number}").into(),
        Step::State => "state".into(),
    }))
}

fn of_key(address: &Address) -> String {
    let mut name = String::new();
    for (number, word) in words(address).enumerate() {
        if number > 0 {
            name.push('.');
        }
        let shown = |char: char| if char.is_control() || is_unseen(char) { '_' } else { char };
        name.extend(word.chars().map(shown));
    }
    if name.is_empty() {
        return "root".to_owned();
    }
    if name.len() > LONGEST_KEY {
        let end = (0..=LONGEST_KEY).rev().find(|&end| name.is_char_boundary(end));
        name.truncate(end.unwrap_or(0));
    }
    name
}

/// Characters without a look of their own: of no width, or that turn the order of others.
fn is_unseen(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The words of an address between dots; in a word dots may stand one by one.
fn of_file(address: &Address) -> String {
    let mut name = String::new();
    for word in words(address) {
        if !name.is_empty() {
            name.push('.');
        }
        for char in word.chars() {
            if name.len() >= LONGEST {
                break;
            }
            name.push(match char {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => char,
                '.' if !name.is_empty() && !name.ends_with('.') => '.',
                _ => '_',
            });
        }
        name.truncate(name.trim_end_matches('.').len());
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
        let mut names = Names::of_files();
        let steps = [Step::Attribute("steps".into()), Step::Index(1), Step::Key("a/b".into()), Step::State];
        assert_eq!(names.name(&at(&steps)), "steps.1.a_b.state");
        assert_eq!(names.name(&at(&steps)), "steps.1.a_b.state-2");
        assert_eq!(names.name(&at(&[Step::Key("Twin".into())])), "Twin");
        assert_eq!(names.name(&at(&[Step::Key("twin".into())])), "twin-2");
        assert_eq!(names.name(&at(&[])), "root");
        assert_eq!(names.name(&at(&[Step::Key("con".into())])), "_con");
        assert_eq!(names.name(&at(&[Step::Key("layer.0.weight".into())])), "layer.0.weight");
    }

    #[test]
    fn keys_stay_what_they_are() {
        let mut names = Names::of_keys();
        let mut key = |text: &str| names.name(&at(&[Step::Key(text.into())]));
        for kept in ["layer.0.weight", "a/b", "\u{e4} b", "../x", "Twin", "twin"] {
            assert_eq!(key(kept), kept);
        }
        assert_eq!(key("__metadata__"), "__metadata__-2");
        assert_eq!(key("a\0\u{202e}b"), "a__b");
        assert_eq!(key(&"\u{e4}".repeat(5000)).len(), LONGEST_KEY);
    }

    proptest! {
        #[test]
        fn no_name_leads_anywhere(keys in proptest::collection::vec(any::<String>(), 0..6)) {
            let steps: Vec<Step> = keys.into_iter().chain(["../".repeat(2000)]).map(Step::Key).collect();
            let mut names = Names::of_files();
            let name = names.name(&at(&steps));
            prop_assert!(name.len() < 200 && !name.starts_with('.') && !name.contains(".."), "{}", name);
            prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{}", name);
            prop_assert_ne!(names.name(&at(&steps)), name);
        }
    }
}
