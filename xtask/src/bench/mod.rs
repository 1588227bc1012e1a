//! `cargo xtask bench`: depickle and its peers on the same files, in turn, as ratios.
//!
//! A corpus is written once (`xtask/python/bench_corpus.py`), each case is run by everyone in turn, several times, and
//! the medians of CPU time and peak memory of whole processes are printed beside the bars that we want to hold. A peer's
//! time counts only with its answer: what it left unread it did not read fast.

mod bars;
mod case;
mod gate;
mod machine;
pub(crate) mod measure;
mod peers;

use crate::{Fallible, Outcome};
use case::{Case, Scale};
use depickle::container::Decoder;
use depickle::container::detect::{JoblibReads, joblib_reads};
use measure::{Measure, measure};
use peers::{Peer, Tools};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

/// What each peer needed for one case: medians.
type Row = BTreeMap<Peer, Measure>;

struct Options {
    scale: Scale,
    runs: usize,
    only: Option<String>,
    bar: Option<u8>,
    keep: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Fallible<Self> {
        let mut options = Self { scale: Scale::Full, runs: 5, only: None, bar: None, keep: false };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--small" => options.scale = Scale::Small,
                "--gate" => options.scale = Scale::Gate,
                "--keep" => options.keep = true,
                "--runs" => options.runs = value()?.parse::<usize>()?.max(1),
                "--only" => options.only = Some(value()?.clone()),
                "--bar" => {
                    options.bar =
                        Some(value()?.parse().ok().filter(|&bar| !bars::groups(bar).is_empty()).ok_or("no such bar")?)
                }
                _ => return Err(format!("no option {name}").into()),
            }
        }
        Ok(options)
    }
}

/// `cargo xtask bench`. `bench decode FILE` inflates a file as joblib does and nothing else: the bare decoder; `bench
/// serde-pickle FILE` has the crate of that name make values of it.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    match arguments {
        [name, file] if name == "decode" => return decode(Path::new(file)),
        [name, file] if name == "serde-pickle" => return values(Path::new(file)),
        _ => {}
    }
    let options = Options::parse(arguments)?;
    if options.scale == Scale::Gate {
        return gate::run(options.only.as_deref());
    }
    let mut tools = Tools::prepare()?;
    let mut cases = case::corpus(&tools.python, &tools.directory, options.scale)?;
    // Who is stopped at one need not be asked about the larger ones.
    cases.sort_by_key(|case| case.bytes);
    let wanted = |case: &&Case| {
        options.only.as_ref().is_none_or(|only| case.name.contains(only.as_str()))
            && options.bar.is_none_or(|bar| bars::groups(bar).contains(&case.group.as_str()))
    };
    let smallest = tools.smallest(&cases)?;
    let (start, _) = median(&mut tools, options.runs, &[Peer::Depickle, Peer::PythonStart], &smallest)?;
    let mut out = Told::default();
    out.line(format!("{}; corpus: {}", machine::name(), options.scale.name()));
    out.line(format!(
        "{} runs each, {} where they are short: medians of user + system time and of peak memory of whole processes",
        options.runs,
        options.runs * 5
    ));
    for (peer, version) in &tools.versions {
        out.line(format!("{}: {version}", peer.name()));
    }
    out.line(format!("start: depickle {}, python3 -c pass {}\n", start[&Peer::Depickle], start[&Peer::PythonStart]));
    out.line("| case | bytes | depickle | answer | bar | what | is | at most | |");
    out.line("|---|---|---|---|---|---|---|---|---|");
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let (mut answers, mut all) = (Vec::new(), Vec::new());
    for case in cases.iter().filter(wanted) {
        let peers = tools.peers(case);
        let (row, said) = median(&mut tools, options.runs, &peers, case)?;
        let answer = tools.verdict(case)?;
        answers
            .extend(said.into_iter().map(|(peer, answer)| (case.name.clone(), peer, row.get(&peer).copied(), answer)));
        let bars = bars::of(case, &row, &start, &rows);
        all.extend(bars.iter().map(|bar| (case.name.clone(), *bar)));
        for (index, bar) in bars.iter().enumerate() {
            let (name, bytes, own) = if index == 0 {
                (case.name.as_str(), case.size(), row[&Peer::Depickle].to_string())
            } else {
                ("", String::new(), String::new())
            };
            let answer = if index == 0 { answer.as_str() } else { "" };
            out.line(format!("| {name} | {bytes} | {own} | {answer} | {bar}"));
        }
        rows.insert(&case.name, row);
        // What was written takes room.
        let _ = std::fs::remove_file(tools.out(case));
    }
    out.line("\n| case | peer | needs | depickle needs of it | a complete answer? |\n|---|---|---|---|---|");
    for (case, peer, measure, answer) in answers {
        let own = rows.get(case.as_str()).map_or(f64::NAN, |row| row[&Peer::Depickle].cpu);
        let share = measure.map_or_else(String::new, |measure| format!("{:.3}", own / measure.cpu));
        let needs = measure.map_or_else(String::new, |measure| measure.to_string());
        out.line(format!("| {case} | {} | {needs} | {share} | {answer} |", peer.name()));
    }
    out.line("\n| # | what | is | at most | |\n|---|---|---|---|---|");
    bars::summary(&all).iter().for_each(|row| out.line(row));
    for (peer, why) in &tools.missing {
        out.line(format!("\n{} is not here: {why}", peer.name()));
    }
    if options.keep {
        std::fs::write(machine::results(options.scale)?, out.0)?;
    }
    Ok(true)
}

/// What was printed, to be kept.
#[derive(Default)]
struct Told(String);

impl Told {
    fn line(&mut self, line: impl AsRef<str>) {
        println!("{}", line.as_ref());
        let _ = writeln!(self.0, "{}", line.as_ref());
    }
}

/// Who needs less than so many seconds is run in five times as many rounds: what else goes on counts for more there.
const SHORT: f64 = 0.25;

/// Runs everyone in turn, and tells what those said who may leave things unread. The first round warms up.
fn median(tools: &mut Tools, runs: usize, peers: &[Peer], case: &Case) -> Fallible<(Row, BTreeMap<Peer, String>)> {
    let mut measures: BTreeMap<Peer, Vec<Measure>> = BTreeMap::new();
    let mut said = BTreeMap::new();
    // Who needs seconds for a case, or waits so long, is asked once: a ratio of hundreds needs no median.
    let mut done = BTreeSet::new();
    for round in 0..=runs * 5 {
        for &peer in peers {
            let is_long = |last: &Measure| round > runs && last.cpu >= SHORT;
            if done.contains(&peer) || measures.get(&peer).and_then(|all| all.last()).is_some_and(is_long) {
                continue;
            }
            if let Some(why) = tools.hopeless(peer, case) {
                said.insert(peer, why);
                done.insert(peer);
                continue;
            }
            let begin = Instant::now();
            let one = if round == 0 && peer.answers() {
                let (one, answer) = tools.ask(peer, case)?;
                said.insert(peer, answer);
                one
            } else {
                measure(&tools.command(peer, case))?
            };
            let is_slow = one.cpu > 2.0 || begin.elapsed().as_secs() > 5;
            let once = is_slow && !matches!(peer, Peer::Depickle | Peer::Half | Peer::Load);
            if once {
                done.insert(peer);
            }
            if round > 0 || once {
                measures.entry(peer).or_default().push(one);
            }
        }
    }
    let row = measures.into_iter().map(|(peer, mut all)| (peer, Measure::median(&mut all))).collect();
    Ok((row, said))
}

fn values(file: &Path) -> Outcome {
    let file = std::io::BufReader::new(std::fs::File::open(file)?);
    let value = serde_pickle::value_from_reader(file, serde_pickle::DeOptions::new());
    if let Err(error) = &value {
        eprintln!("Error: {error}");
    }
    // It is about to end, and need not take the values apart.
    std::mem::forget(value);
    Ok(true)
}

fn decode(file: &Path) -> Outcome {
    let bytes = std::fs::read(file)?;
    let JoblibReads::Compressed(codec) = joblib_reads(&bytes) else { return Err("joblib would not inflate it".into()) };
    let mut decoder = Decoder::new(codec, &bytes);
    let mut chunk = vec![0; 64 << 10];
    while decoder.read(&mut chunk)? > 0 {}
    println!("{}", decoder.inflated());
    Ok(true)
}
