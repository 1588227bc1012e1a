//! `cargo xtask bench`: depickle and its peers on the same files, in turn, as ratios.
//!
//! A corpus is written once (`xtask/python/bench_corpus.py`), each case is run by everyone in turn, several times, and
//! the medians of CPU time and peak memory of whole processes are printed beside the bars that we want to hold. A peer's
//! time counts only with its answer: what it left unread it did not read fast.

mod bars;
mod case;
pub(crate) mod measure;
mod peers;

use crate::{Fallible, Outcome};
use case::Case;
use depickle::container::{Codec, Decoder};
use measure::{Measure, measure};
use peers::{Peer, Tools};
use std::collections::BTreeMap;
use std::path::Path;

/// What each peer needed for one case: medians.
type Row = BTreeMap<Peer, Measure>;

struct Options {
    runs: usize,
    only: Option<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Fallible<Self> {
        let mut options = Self { runs: 5, only: None };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                // The only corpus so far.
                "--small" => {}
                "--runs" => options.runs = value()?.parse::<usize>()?.max(1),
                "--only" => options.only = Some(value()?.clone()),
                _ => return Err(format!("no option {name}").into()),
            }
        }
        Ok(options)
    }
}

/// `cargo xtask bench`. `bench decode FILE` inflates a zlib file and does nothing else: the bare decoder.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    if let [name, file] = arguments
        && name == "decode"
    {
        return decode(Path::new(file));
    }
    let options = Options::parse(arguments)?;
    let tools = Tools::prepare()?;
    let cases = case::corpus(&tools)?;
    let wanted = |case: &&Case| options.only.as_ref().is_none_or(|only| case.name.contains(only.as_str()));
    let start = median(&tools, options.runs, &[Peer::Depickle, Peer::PythonStart], &tools.smallest(&cases)?)?;
    println!("{} runs each, medians of user + system time and of peak memory of whole processes", options.runs);
    for (peer, version) in &tools.versions {
        println!("{}: {version}", peer.name());
    }
    println!("start: depickle {}, python3 -c pass {}\n", start[&Peer::Depickle], start[&Peer::PythonStart]);
    println!(
        "| case | bytes | depickle | answer | bar | what | is | at most | |\n|---|---|---|---|---|---|---|---|---|"
    );
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut answers = Vec::new();
    for case in cases.iter().filter(wanted) {
        let peers = tools.peers(case);
        let row = median(&tools, options.runs, &peers, case)?;
        let answer = tools.answer(Peer::Depickle, case)?;
        let others = peers.iter().filter(|&&peer| peer != Peer::Depickle);
        for &peer in others.filter(|peer| peer.answers()) {
            answers.push((case.name.clone(), peer, row[&peer], tools.answer(peer, case)?));
        }
        let double = case.double_of.as_deref().and_then(|name| rows.get(name));
        for (index, bar) in bars::of(case, &row, &start, double).iter().enumerate() {
            let (name, bytes, own) = if index == 0 {
                (case.name.as_str(), case.size(), row[&Peer::Depickle].to_string())
            } else {
                ("", String::new(), String::new())
            };
            let answer = if index == 0 { answer.as_str() } else { "" };
            println!("| {name} | {bytes} | {own} | {answer} | {bar}");
        }
        rows.insert(&case.name, row);
    }
    println!("\n| case | peer | needs | answer |\n|---|---|---|---|");
    for (case, peer, measure, answer) in answers {
        println!("| {case} | {} | {measure} | {answer} |", peer.name());
    }
    for (peer, why) in &tools.missing {
        println!("\n{} is not here: {why}", peer.name());
    }
    Ok(true)
}

/// Runs everyone in turn; the first round warms up.
fn median(tools: &Tools, runs: usize, peers: &[Peer], case: &Case) -> Fallible<Row> {
    let mut measures: BTreeMap<Peer, Vec<Measure>> = BTreeMap::new();
    for round in 0..=runs {
        for &peer in peers {
            // Who needs seconds for a case is asked once: a ratio of hundreds needs no median.
            let slow = measures.get(&peer).is_some_and(|known| known.iter().any(|one| one.cpu > 2.0));
            if slow {
                continue;
            }
            let one = measure(&mut tools.command(peer, case))?;
            if round > 0 || one.cpu > 2.0 {
                measures.entry(peer).or_default().push(one);
            }
        }
    }
    Ok(measures.into_iter().map(|(peer, mut all)| (peer, Measure::median(&mut all))).collect())
}

fn decode(file: &Path) -> Outcome {
    let bytes = std::fs::read(file)?;
    let mut decoder = Decoder::new(Codec::Zlib, &bytes);
    let mut chunk = vec![0; 64 << 10];
    while decoder.read(&mut chunk)? > 0 {}
    println!("{}", decoder.inflated());
    Ok(true)
}
