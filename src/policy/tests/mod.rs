//! The policy on assembled streams.

mod abuse;
mod asm;
mod examples;
mod refused;
mod told;

use super::entry;
use super::explain;
use super::table::{DANGEROUS, ENTRIES};
use super::{InForce, Judged, judge};
use crate::finding::{Decision, Level};
use crate::limits::Limits;
use crate::loader::{Arrays, Manner, Reader, Readers, Subject, pass};
use crate::opcode::{Dialect, SliceWindow};
use asm::{Route, assemble};

const CLEAN: &str = include_str!("clean.txt");
const NEEDS: &str = include_str!("needs.txt");
const HOSTILE: &str = include_str!("hostile.txt");

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn judged(bytes: &[u8]) -> Judged {
    let reader = Reader::Pickle;
    let manner = Manner { readers: Readers::of(reader), dialect: Dialect::C, arrays: Arrays::Unknown, search: false };
    let pass = pass(SliceWindow::new(bytes), manner, &mut Limits::default().budget(bytes.len() as u64));
    let reading = &pass.readings[0];
    assert!(reading.error.is_none(), "{:?}", reading.error);
    judge(Subject { reading, source: pass.source() }, &InForce::default())
}

/// The worst level, if anything is worse than a note.
fn worst(judged: &Judged) -> Option<Level> {
    judged.judgements.iter().map(|judgement| judgement.level).max().filter(|&level| level > Level::Note)
}

#[test]
fn what_stock_libraries_write_is_clean() {
    for line in lines(CLEAN) {
        for (protocol, route) in [(4, Route::StackGlobal), (4, Route::Global), (3, Route::Global)] {
            if line.contains("ba'") || !line.is_ascii() {
                continue;
            }
            let judged = judged(&assemble(line, protocol, route));
            assert_eq!(worst(&judged), None, "{line}\n{:#?}", judged.judgements);
            assert!(judged.symbols.iter().all(|symbol| symbol.decision == Decision::Allowed), "{line}");
        }
    }
}

#[test]
fn no_hostile_stream_is_clean() {
    let routes = [(4, Route::StackGlobal), (4, Route::Global), (2, Route::Global), (0, Route::StackGlobal)];
    let mut clean = Vec::new();
    for line in lines(HOSTILE) {
        for (protocol, route) in routes {
            if worst(&judged(&assemble(line, protocol, route))).is_none() {
                clean.push(format!("{protocol}: {line}"));
            }
        }
    }
    assert!(clean.is_empty(), "{clean:#?}");
}

#[test]
fn every_known_danger_is_named_by_every_route() {
    for row in DANGEROUS.paragraphs().filter(|row| !row.key.ends_with(".*")) {
        let (module, name) = row.key.rsplit_once('.').unwrap();
        let call = format!("{module}:{name}('x')");
        let mut streams = vec![
            assemble(&call, 4, Route::StackGlobal),
            assemble(&call, 2, Route::Global),
            assemble(&format!("{module}:{name}"), 0, Route::Global),
            assemble(&format!("{module}:{name} as 3; [1]; $3('x')"), 4, Route::StackGlobal),
            assemble(&format!("new {module}:{name}()"), 4, Route::StackGlobal),
            format!("\u{28}i{module}\n{name}\n.").into_bytes(),
        ];
        if let Some((outer, inner)) = module.rsplit_once('.') {
            streams.push(assemble(&format!("{outer}:{inner}.{name}('x')"), 4, Route::StackGlobal));
        }
        for stream in streams {
            let judged = judged(&stream);
            assert_eq!(worst(&judged), Some(Level::Dangerous), "{}", row.key);
            let named = judged.symbols.iter().any(|symbol| explain::harm_of(&symbol.resolved).is_some());
            assert!(named, "{}: {:?}", row.key, judged.symbols);
        }
    }
}

/// Entries that take callables that anyone may call.
const TAKE_CALLABLES: [&str; 4] =
    ["builtins.getattr", "collections.defaultdict", "copyreg.__newobj__", "functools.partial"];

/// What is given to every entry that may be called: an allowed callable, an allowed class, a mapping, a result, a huge
/// and a negative size; alone, and in every place among nothings.
#[test]
fn every_entry_that_may_be_called_refuses_callables() {
    let (mut called, mut clean) = (0, Vec::new());
    for paragraph in ENTRIES.iter().flat_map(|table| table.paragraphs()) {
        if entry::alias(paragraph).is_some() {
            continue;
        }
        let entry = entry::parse(paragraph).unwrap();
        if entry.call.is_none() && entry.init.is_none() {
            continue;
        }
        called += 1;
        if TAKE_CALLABLES.contains(&entry.symbol) {
            let written = entry.symbol.rsplit_once('.').map(|(module, name)| format!("{module}:{name}("));
            assert!(lines(HOSTILE).any(|line| line.contains(written.as_deref().unwrap())), "{}", entry.symbol);
            continue;
        }
        let (module, name) = entry.symbol.rsplit_once('.').unwrap();
        for abuse in ["builtins:len", "functools:partial(builtins:len)"] {
            for places in 1..5 {
                for place in 0..places {
                    let args: Vec<_> = (0..places).map(|at| if at == place { abuse } else { "None" }).collect();
                    let line = format!("{module}:{name}({})", args.join(", "));
                    if worst(&judged(&assemble(&line, 4, Route::StackGlobal))).is_none() {
                        clean.push(line);
                    }
                }
            }
        }
    }
    assert!(clean.is_empty(), "{clean:#?}");
    assert!(called > 100, "{called}");
}

/// Shapes name symbols and makers; each has to be an entry, under its own name.
#[test]
fn every_entry_can_be_read_and_every_symbol_in_a_shape_is_an_entry() {
    for paragraph in ENTRIES.iter().flat_map(|table| table.paragraphs()) {
        match entry::alias(paragraph) {
            Some(target) => {
                let found = super::table::entry(target).unwrap_or_else(|| panic!("{} = {target}", paragraph.key));
                assert!(entry::alias(found).is_none(), "{} leads to the alias {target}", paragraph.key);
            }
            None => {
                let entry = entry::parse(paragraph).unwrap_or_else(|error| panic!("{}: {error}", paragraph.key));
                for symbol in entry.symbols() {
                    let found = super::table::entry(symbol).unwrap_or_else(|| panic!("{}: {symbol}", paragraph.key));
                    assert!(entry::alias(found).is_none(), "{} names the alias {symbol}", paragraph.key);
                }
                let reviewed = entry.call.is_none() && entry.init.is_none() || paragraph.body.contains("\n  # ");
                assert!(
                    reviewed || entry.init.is_some() && entry.call.is_none(),
                    "{} may be called: say why",
                    paragraph.key
                );
            }
        }
    }
}

/// Each entry is there for a file that a real library wrote, or says why it is there without one.
#[test]
fn every_entry_names_the_file_that_needs_it() {
    let corpus = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/corpus.md")).unwrap();
    let mut needs = std::collections::BTreeMap::new();
    for line in lines(NEEDS) {
        let (symbol, why) = line.split_once(' ').unwrap();
        assert!(needs.insert(symbol, why).is_none(), "{symbol} has two rows");
    }
    for paragraph in ENTRIES.iter().flat_map(|table| table.paragraphs()) {
        let why = needs.remove(paragraph.key).unwrap_or_else(|| panic!("{} names no file", paragraph.key));
        if let Some(target) = why.strip_prefix("= ") {
            assert_eq!(entry::alias(paragraph), Some(target), "{}", paragraph.key);
        } else if !why.starts_with("- ") {
            let environment = why.split('/').next().unwrap();
            assert!(why.split('/').count() > 1, "{}: {why}", paragraph.key);
            assert!(
                corpus.contains(&format!("| {environment} |")),
                "{environment} is no environment of docs/corpus.md"
            );
        }
    }
    assert!(needs.is_empty(), "rows of no entry: {:?}", needs.keys());
}

#[test]
fn what_would_be_run_is_said_with_its_arguments() {
    let judged = judged(&assemble("posix:system('rm -rf \\n')", 4, Route::StackGlobal));
    let details: Vec<_> = judged.judgements.iter().map(|judgement| judgement.detail.as_str()).collect();
    assert!(details.iter().any(|detail| detail.contains("posix.system('rm -rf \\n')")), "{details:?}");
    assert!(details.iter().all(|detail| detail.bytes().all(|byte| (b' '..=b'~').contains(&byte))));
}

#[test]
fn a_key_that_stands_for_a_million_values_and_a_vast_memo_index_cost_too_much() {
    let bomb = [b"\x80\x04})".as_slice(), &b"2\x86".repeat(28), b"Ns."].concat();
    assert_eq!(worst(&judged(&bomb)), Some(Level::Suspicious));
    let vast = b"\x80\x04]r\xff\xff\xff\x7f.";
    assert_eq!(worst(&judged(vast)), Some(Level::Suspicious));
    assert_eq!(worst(&judged(b"\x80\x04]q\xff.")), None);
}

/// One long text under many names, one container in many states: what would take the square of the file's size.
#[test]
fn work_is_bounded_by_the_size_of_the_stream() {
    let long = "9".repeat(1 << 16);
    let calls = "decimal:Decimal($7);".repeat(4000);
    let stream = assemble(&format!("'{long}' as 7; {calls} 1"), 4, Route::StackGlobal);
    assert_eq!(worst(&judged(&stream)), Some(Level::Suspicious));
    let items: Vec<_> = (0..4000).map(|key| format!("'k{key}': 1")).collect();
    let build = "new sklearn.preprocessing._data:StandardScaler() << $7;".repeat(4000);
    let stream = assemble(&format!("{{{}}} as 7; {build} 1", items.join(", ")), 4, Route::StackGlobal);
    let judged = judged(&stream);
    assert!(judged.judgements.iter().any(|judgement| judgement.objection == super::Objection::LoadCost));
}

/// A structure of one field `a`, its names as 1 and its fields as 2, and what comes then.
fn of_structures(rest: &str) -> Option<Level> {
    let field = "numpy:dtype('f8', False, True) << (3, '<', None, None, None, -1, -1, 0)";
    let first = structure("'V8'", 8);
    let line = format!("('a') as 1; {{'a': ({field} as 3, 0)}} as 2; {first}; {rest}");
    worst(&judged(&assemble(&line, 4, Route::StackGlobal)))
}

fn structure(spec: &str, size: u8) -> String {
    format!("numpy:dtype({spec}, False, True) << (3, '|', None, $1, $2, {size}, 1, 16)")
}

#[test]
fn data_types_that_share_names_and_fields_are_each_judged() {
    assert_eq!(of_structures(&structure("'V8'", 8)), None);
    assert_eq!(of_structures(&format!("{}; {}", structure("'V9'", 9), structure("'V8'", 8))), None);
    assert!(of_structures(&structure("'V8'", 9)).is_some());
    assert!(of_structures(&structure("'V9'", 8)).is_some());
    assert!(of_structures(&structure("'O8'", 8)).is_some());
    assert!(of_structures(&format!("$2 += {{'b': ($3, 0)}}; {}", structure("'V8'", 8))).is_some());
    assert!(of_structures(&format!("$2 += {{'a': ($3, 8)}}; {}", structure("'V8'", 8))).is_some());
}

#[test]
fn data_types_may_share_many_fields() {
    let field = "numpy:dtype('f8', False, True) << (3, '<', None, None, None, -1, -1, 0)";
    let names: Vec<_> = (0..50).map(|number| format!("'name{number}'")).collect();
    let fields: Vec<_> = (0..50).map(|number| format!("'name{number}': ($3, {})", number * 8)).collect();
    let shared = format!("{field} as 3; ({}) as 1; {{{}}} as 2", names.join(", "), fields.join(", "));
    let one = "numpy:dtype('V400', False, True) << (3, '|', None, $1, $2, 400, 1, 16);".repeat(5000);
    assert_eq!(worst(&judged(&assemble(&format!("{shared}; {one} 1"), 4, Route::StackGlobal))), None);
}

#[test]
fn what_certainly_raises_is_said() {
    let dtype = "numpy:dtype('f8', False, True) << (3, '<', None, None, None, -1, -1, 0)";
    let refused = |line: &str| judged(&assemble(line, 4, Route::StackGlobal)).refused.is_some();
    assert!(refused(&format!("{dtype} as 1; $1()")));
    assert!(refused("new numpy:dtype()"));
    assert!(!refused(dtype) && !refused("new sklearn.preprocessing._data:StandardScaler()"));
    assert!(!refused("collections:OrderedDict()()"), "whether it can be called is not known");
}
