//! Files beside the scanned one that it names.

use super::Audit;
use super::bytes::Bytes;
use super::member::Member;
use crate::error::ErrorKind;
use crate::escape::escape;
use crate::finding::{Companion, Level, Location, hex};
use crate::input::Source;
use crate::loader::joblib::Wrapper;
use crate::rules;
use std::rc::Rc;

/// A companion file that a stream names.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) wrapper: Wrapper,
    pub(super) location: Location,
}

impl Audit<'_> {
    /// Says so if somebody wrote to a file while it was read.
    pub(super) fn unchanged(&mut self, source: &Source<'_>) {
        if source.changed() {
            let message = format!("{} was written to while it was read", escape(source.name()));
            self.collected.say(&rules::file_changed::RULE, Level::Incomplete, message, Location::default());
        }
    }

    /// A file beside this one that a joblib file of before 0.10 names.
    pub(super) fn companion(&mut self, source: &Source<'_>, wanted: Wanted) {
        if self.companions.iter().any(|companion| companion.path == wanted.name) {
            return;
        }
        let name = escape(&wanted.name).into_owned();
        let (rule, level, message) = match source.companion(&wanted.name, self.limits) {
            Ok(Some(companion)) => {
                let sha256 = hex(&companion.sha256());
                let size = companion.bytes().len() as u64;
                self.companions.push(Companion { path: wanted.name.clone(), size, sha256 });
                // What a compressed companion holds is the bytes of an array; nothing unpickles them.
                if wanted.wrapper == Wrapper::File {
                    let companion = Rc::new(companion);
                    let all = 0..companion.bytes().len();
                    self.bytes(
                        &Bytes::Held(Rc::<Source<'static>>::clone(&companion), all),
                        &Member::named(&wanted.name),
                    );
                    self.unchanged(&companion);
                }
                return;
            }
            Ok(None) => {
                (&rules::companion::RULE, Level::Incomplete, format!("the companion file {name} is not beside it"))
            }
            Err(error) if error.kind() == ErrorKind::Unsupported => (
                &rules::companion_path::RULE,
                Level::Suspicious,
                format!("the companion file {name}: {}", error.message()),
            ),
            Err(error) => {
                (&rules::companion::RULE, Level::Incomplete, format!("the companion file {name}: {}", error.message()))
            }
        };
        self.collected.say(rule, level, message, wanted.location);
    }
}
