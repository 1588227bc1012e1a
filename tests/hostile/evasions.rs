//! Every known way to hide an opcode or a name from a scanner, assembled: `evasions.txt` has them by number.

use super::bytes::join;
use super::routes::{ROUTES, Route, Way};
use super::{rows, scan};
use depickle::finding::{FileReport, Verdict};
use std::collections::BTreeSet;

const EVASIONS: &str = include_str!("evasions.txt");

/// A row: number and name, which routes, what has to be named, the stream.
struct Row {
    name: &'static str,
    number: &'static str,
    routes: &'static str,
    named: &'static str,
    stream: &'static str,
}

fn evasions() -> impl Iterator<Item = Row> {
    let lines = EVASIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let mut fields = line.splitn(4, " | ");
        let mut field = || fields.next().unwrap_or_else(|| panic!("no row of four fields: {line}"));
        let (name, routes, named, stream) = (field(), field(), field(), field());
        Row { name, number: name.split_whitespace().next().unwrap(), routes, named, stream }
    })
}

/// The callable that stands for all, as each route reaches it.
fn way(route: Route) -> Way {
    let (module, name) = if route == Route::Mapped { ("builtins", "eval") } else { ("os", "system") };
    route.to(module, name).unwrap()
}

/// The bytes of a stream: `{head}`, `{f}` and `{f()}` are what the route writes.
fn assemble(stream: &str, way: &Way) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = stream;
    while let Some((before, after)) = rest.split_once('{') {
        let found = [("head}", way.head), ("f}", way.import.as_slice()), ("f()}", way.call.as_slice())]
            .into_iter()
            .find_map(|(name, bytes)| Some((after.strip_prefix(name)?, bytes)));
        out.extend(rows::bytes(before).unwrap_or_else(|| panic!("{before}")));
        match found {
            Some((after, bytes)) => {
                out.extend(bytes);
                rest = after;
            }
            None => panic!("unknown piece in {stream}"),
        }
    }
    out.extend(rows::bytes(rest).unwrap_or_else(|| panic!("{rest}")));
    out
}

fn complaint(row: &Row, report: &FileReport, symbol: &str) -> Option<String> {
    let named = |symbol: &str| report.imports.iter().any(|import| import.symbol == symbol);
    let expected = match row.named {
        "clean" => return (report.verdict() != Verdict::Clean).then(|| "not clean".to_owned()),
        "-" => true,
        "{f}" => named(symbol),
        other => other.split(' ').all(named),
    };
    match report.verdict() {
        Verdict::Clean => Some("clean".to_owned()),
        _ if !expected => {
            let found: Vec<&str> = report.imports.iter().map(|import| import.symbol.as_str()).collect();
            Some(format!("names {found:?}, not {}", row.named.replace("{f}", symbol)))
        }
        _ => None,
    }
}

#[test]
fn no_evasion_is_clean() {
    let (mut wrong, mut streams) = (Vec::new(), 0);
    for row in evasions() {
        match row.routes {
            "once" => {
                streams += 1;
                let bytes = rows::bytes(row.stream).unwrap_or_else(|| panic!("{}", row.name));
                wrong.extend(complaint(&row, &scan(&bytes), "").map(|what| format!("{}: {what}", row.name)));
            }
            "names" => {
                for symbol in row.stream.split_whitespace() {
                    let (module, name) = symbol.rsplit_once('.').unwrap();
                    for (route, way) in ROUTES.into_iter().filter_map(|route| Some((route, route.to(module, name)?))) {
                        streams += 1;
                        let report = scan(&join(&[way.head, &way.call, b"."]));
                        let what = complaint(&row, &report, &way.symbol);
                        wrong.extend(what.map(|what| format!("{} {symbol} by {route:?}: {what}", row.name)));
                    }
                }
            }
            "all" => {
                for route in ROUTES {
                    // INST and OBJ call; where a stream needs the callable itself they lead nowhere.
                    if matches!(route, Route::Inst | Route::Obj) && row.stream.contains("{f}") {
                        continue;
                    }
                    streams += 1;
                    let way = way(route);
                    let what = complaint(&row, &scan(&assemble(row.stream, &way)), &way.symbol);
                    wrong.extend(what.map(|what| format!("{} by {route:?}: {what}", row.name)));
                }
            }
            other => panic!("no routes are called {other}"),
        }
    }
    assert!(wrong.is_empty(), "{}: {:#?}", wrong.len(), &wrong[..wrong.len().min(60)]);
    assert!(streams > 1000, "{streams}");
}

/// A1 to A56 and B1 to B11, and one that was found in between.
#[test]
fn every_technique_has_a_row() {
    let there: BTreeSet<&str> = evasions().map(|row| row.number).collect();
    let wanted = (1..=56).map(|number| format!("A{number}")).chain((1..=11).map(|number| format!("B{number}")));
    let missing: Vec<String> =
        wanted.chain(["A53b".to_owned()]).filter(|number| !there.contains(number.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
