//! Every name that is known as a gadget, by every route: never clean, always named, and explained.

use super::bytes::join;
use super::routes::{ROUTES, Route};
use super::scan;
use depickle::finding::Verdict;

const GADGETS: &str = include_str!("../data/gadgets.txt");

/// Names that nothing explains. The first makes a model that other work may allow; the second computes a size, and was
/// denied for what was done to it; the third is no name of any released numpy.
const UNEXPLAINED: [&str; 5] = [
    "catboost.core.CatBoost",
    "numpy.core.fromnumeric.size",
    "numpy.core._multiarray_umath._reconstruct",
    // Only members that do something are explained: most of the module is plain.
    "builtins.*",
    "__builtin__.*",
];

fn gadgets() -> impl Iterator<Item = &'static str> {
    GADGETS.lines().filter(|line| !line.starts_with('#'))
}

/// A name of which no table knows stands for a whole module.
fn symbol(gadget: &str) -> String {
    gadget.strip_suffix(".*").map_or_else(|| gadget.to_owned(), |module| format!("{module}.of_no_table"))
}

#[test]
fn every_gadget_is_named_by_every_route_and_never_clean() {
    let (mut wrong, mut mapped) = (Vec::new(), 0);
    for gadget in gadgets() {
        let symbol = symbol(gadget);
        let (module, name) = symbol.rsplit_once('.').unwrap();
        for route in ROUTES {
            let Some(way) = route.to(module, name) else { continue };
            mapped += usize::from(route == Route::Mapped);
            let mut report = scan(&join(&[way.head, &way.call, b"."]));
            let import = report.imports.iter().find(|import| import.symbol == way.symbol);
            let named = import.is_some();
            if import.is_some_and(|import| import.entry.is_some()) {
                // Some may be made and kept; what they make may not be called.
                report = scan(&join(&[way.head, &way.call, b"(S''\ntR."]));
            }
            if report.verdict() == Verdict::Clean || !named {
                wrong.push(format!("{symbol} by {route:?}: {:?}, named: {named}", report.verdict()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {:#?}", wrong.len(), &wrong[..wrong.len().min(40)]);
    assert!(mapped > 40, "{mapped} by their names of Python 2");
}

#[test]
fn an_import_alone_is_clean_only_for_an_entry() {
    for gadget in gadgets() {
        let symbol = symbol(gadget);
        let (module, name) = symbol.rsplit_once('.').unwrap();
        let report = scan(format!("c{module}\n{name}\n0N.").as_bytes());
        let allowed = report.imports.iter().all(|import| import.entry.is_some());
        assert!(allowed || report.verdict() > Verdict::Incomplete, "{symbol}: {:#?}", report.findings);
    }
}

#[test]
fn what_a_gadget_would_do_is_said() {
    let unexplained: Vec<String> = gadgets()
        .filter(|gadget| !UNEXPLAINED.contains(gadget))
        .map(symbol)
        .filter(|symbol| {
            let (module, name) = symbol.rsplit_once('.').unwrap();
            let report = scan(format!("c{module}\n{name}\n0N.").as_bytes());
            let entry = report.imports.iter().any(|import| import.entry.is_some());
            !entry && report.verdict() != Verdict::Dangerous
        })
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}
