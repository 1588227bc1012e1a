//! `cargo xtask oracle`: random streams, read by every CPython at hand and by depickle.
//!
//! The rule: for each reader of each interpreter, what depickle says happens is what happens: the names asked for, the
//! calls, the methods and their targets, in order; whether the stream loads, where the next one begins, and the value.
//! One difference fails the run and is printed with the smallest stream that shows it.

use crate::compare::{Load, Verdict};
use crate::failure::{Ask, Failure};
use crate::generate::{self, Generated, source::Source, source::entropy};
use crate::hits::{self, Line};
use crate::listing::listing;
use crate::python::{Interpreter, Loads, Reader, Worker};
use crate::subject::{Answer, FrontDoor, How, Loader, Subject};
use crate::tally::Tally;
use crate::{Fallible, Outcome};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Streams per batch.
const BATCH: u64 = 500;
/// Entropy per stream, in bytes.
const ENTROPY: usize = 6000;
/// Differences printed before the run gives up.
const SHOWN: usize = 3;
/// What readers are told about strings of Python 2; all but the first only where there are such that are not ASCII.
pub(crate) const ENCODINGS: [&str; 4] = ["ASCII", "latin1", "bytes", "utf-8"];

struct Options {
    streams: u64,
    seed: u64,
    only: Option<u64>,
    /// No batch is begun after this many seconds.
    seconds: u64,
    jobs: usize,
    pythons: Vec<PathBuf>,
    /// Ask the front door, not the loader.
    scan: bool,
    /// Ask one interpreter about each batch, not all of them.
    turns: bool,
    /// The page that takes the tally.
    write: Option<PathBuf>,
}

impl Options {
    fn parse(arguments: &[String]) -> Fallible<Self> {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut options = Self {
            streams: 10_000,
            seed: 1,
            only: None,
            seconds: u64::MAX,
            jobs,
            pythons: Vec::new(),
            scan: false,
            turns: false,
            write: None,
        };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            match name.as_str() {
                "--scan" => {
                    options.scan = true;
                    continue;
                }
                "--turns" => {
                    options.turns = true;
                    continue;
                }
                _ => {}
            }
            let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--streams" => options.streams = value.parse()?,
                "--seed" => options.seed = value.parse()?,
                "--only" => options.only = Some(value.parse()?),
                "--seconds" => options.seconds = value.parse()?,
                "--jobs" => options.jobs = value.parse::<usize>()?.max(1),
                "--write" => options.write = Some(value.into()),
                "--python" => options.pythons.push(value.into()),
                _ => return Err(format!("no option {name}").into()),
            }
        }
        Ok(options)
    }
}

/// The stream of a seed and a number: a fifth of them are mutated.
pub(crate) fn generated(seed: u64, number: u64) -> Generated {
    let bytes = entropy(seed, number, ENTROPY);
    let (plan, rest) = bytes.split_at(64);
    let mut file = generate::stream(&mut Source::new(rest));
    if number % 5 == 4 {
        generate::mutate::mutate(&mut file, &mut Source::new(plan));
    }
    file
}

/// `cargo xtask stream`: one stream, for people.
pub(crate) fn show(arguments: &[String]) -> Outcome {
    let options = Options::parse(arguments)?;
    let file = generated(options.seed, options.only.ok_or("--only NUMBER is needed")?);
    println!("{}\n{}", hex(&file.bytes), listing(&file.bytes));
    Ok(true)
}

/// `cargo xtask oracle`.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let options = Options::parse(arguments)?;
    let mut interpreters = Interpreter::find(&options.pythons);
    for interpreter in &interpreters {
        println!("found CPython {} at {}", interpreter.name(), interpreter.path.display());
    }
    // Older ones are outside the table of readers.
    interpreters.retain(|interpreter| interpreter.version >= [3, 8, 0]);
    if interpreters.is_empty() {
        return Err("no interpreter found; name one with --python PATH".into());
    }
    let start = Instant::now();
    let run = Run {
        lines: hits::lines()?,
        until: start.checked_add(Duration::from_secs(options.seconds)),
        subject: if options.scan { &FrontDoor } else { &Loader },
        turns: options.turns,
        seed: options.seed,
        numbers: options.only.map_or(0..options.streams, |number| number..number + 1),
        next: AtomicU64::new(0),
        failures: Mutex::new(Vec::new()),
    };
    let tally = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.jobs)
            .map(|_| {
                let workers = interpreters.iter().cloned().map(Worker::new).collect();
                scope.spawn(|| run.work(workers))
            })
            .collect();
        let mut tally = Tally::default();
        for thread in threads {
            let part = thread.join().map_err(|_| "a thread panicked")??;
            tally.add(part);
        }
        Fallible::Ok(tally)
    })?;
    let text = tally.text(&run.lines);
    print!("{text}");
    println!("{:.1} s", start.elapsed().as_secs_f64());
    let failures = run.failures.into_inner().map_err(|_| "a thread panicked")?;
    let mut workers: Vec<_> = interpreters.into_iter().map(Worker::new).collect();
    for failure in &failures {
        failure.print(run.subject, &mut workers)?;
    }
    if let Some(path) = options.write.filter(|_| failures.is_empty()) {
        write(&path, &text)?;
    }
    // A stream that kills an interpreter is compared with nothing.
    let killed = tally.killed_too_often();
    println!(
        "{}",
        match (failures.is_empty(), killed) {
            (false, _) => "depickle and CPython differ",
            (true, true) => "no difference, but too many streams kill an interpreter",
            (true, false) => "no difference",
        }
    );
    Ok(failures.is_empty() && !killed)
}

/// Puts a tally into a page, between two marks.
fn write(path: &Path, tally: &str) -> Fallible<()> {
    const MARKS: [&str; 2] = ["<!-- tally -->\n", "<!-- end of tally -->"];
    let page = std::fs::read_to_string(path)?;
    let parts = page.split_once(MARKS[0]).and_then(|(head, rest)| Some((head, rest.split_once(MARKS[1])?.1)));
    let (head, tail) = parts.ok_or_else(|| format!("{} has no marks for a tally", path.display()))?;
    let command: Vec<_> = std::env::args().skip(1).take_while(|argument| argument != "--write").collect();
    let [begin, end] = MARKS;
    std::fs::write(
        path,
        format!("{head}{begin}```text\n$ cargo xtask {}\n\n{tally}```\n{end}{tail}", command.join(" ")),
    )?;
    Ok(())
}

struct Run<'a> {
    /// The table of divergences.
    lines: Vec<Line>,
    until: Option<Instant>,
    subject: &'a dyn Subject,
    /// One interpreter and three readers for each batch.
    turns: bool,
    seed: u64,
    numbers: std::ops::Range<u64>,
    next: AtomicU64,
    failures: Mutex<Vec<Failure>>,
}

impl Run<'_> {
    /// Takes batches until none is left.
    fn work(&self, mut workers: Vec<Worker>) -> Fallible<Tally> {
        let mut tally = Tally::default();
        loop {
            let first = self.numbers.start + self.next.fetch_add(BATCH, Ordering::Relaxed);
            let full = self.failures.lock().map_err(|_| "a thread panicked")?.len() >= SHOWN;
            let late = self.until.is_some_and(|until| Instant::now() > until);
            if first >= self.numbers.end || full || late {
                return Ok(tally);
            }
            self.batch(first..self.numbers.end.min(first + BATCH), &mut workers, &mut tally)?;
        }
    }

    fn batch(&self, numbers: std::ops::Range<u64>, workers: &mut [Worker], tally: &mut Tally) -> Fallible<()> {
        let files: Vec<_> = numbers.clone().map(|number| generated(self.seed, number)).collect();
        let mut seen: Vec<_> = files.iter().map(|file| Seen::new(self.subject.read(&file.bytes))).collect();
        let turn = (numbers.start / BATCH) as usize;
        // Every other batch is read with one unpickler per file, so that the memo goes on.
        let inherit = turn % 2 == 1;
        let mut readers = Reader::ALL.as_slice();
        let mut workers = workers;
        if self.turns {
            // Each interpreter has its turn with either kind of batch, and then with other readers.
            let turn = turn / 2;
            let at = turn % workers.len();
            readers = &Reader::TURNS[turn / workers.len() % Reader::TURNS.len()];
            workers = &mut workers[at..=at];
        }
        for worker in workers.iter_mut() {
            for encoding in ENCODINGS {
                let all = encoding == ENCODINGS[0];
                let chosen: Vec<_> = (0..files.len()).filter(|at| all || files[*at].eight_bit).collect();
                let streams: Vec<_> = chosen.iter().map(|at| files[*at].bytes.as_slice()).collect();
                let ask = Ask { encoding, inherit, hooks: self.subject.hooks(), readers };
                let name = if all { worker.interpreter.name() } else { encoding.to_owned() };
                for (at, answer) in chosen.iter().zip(worker.ask(&ask.request(&streams))?) {
                    let Some(differs) = seen[*at].take(&name, ask, answer, tally)? else { continue };
                    let (number, bytes) = (numbers.start + *at as u64, files[*at].bytes.clone());
                    let failure = Failure { number, bytes, differs, ask };
                    let mut failures = self.failures.lock().map_err(|_| "a thread panicked")?;
                    if failures.len() < SHOWN && failures.iter().all(|known| known.number != number) {
                        failures.push(failure);
                    }
                }
            }
        }
        for (file, seen) in files.iter().zip(seen) {
            if let Some(evidence) = seen.ours.evidence(&file.bytes) {
                tally.show(&evidence, &self.lines);
            }
            seen.finish(&file.bytes, inherit, tally);
        }
        Ok(())
    }
}

/// What all interpreters say of one stream, as it comes in.
struct Seen<'a> {
    ours: Box<dyn Answer + 'a>,
    /// What was compared already: interpreters agree nearly always.
    known: HashMap<(usize, &'static str, Loads), Compared>,
    end: Option<u64>,
}

/// How one reader of one interpreter compares.
#[derive(Clone)]
struct Compared {
    verdict: Verdict,
    outcome: String,
    end: Option<u64>,
    effects: u64,
}

impl<'a> Seen<'a> {
    fn new(ours: Box<dyn Answer + 'a>) -> Self {
        Self { ours, known: HashMap::new(), end: None }
    }

    /// Counts one interpreter's answer. Where it first differs.
    fn take(
        &mut self,
        name: &str,
        ask: Ask,
        answer: Option<Vec<Loads>>,
        tally: &mut Tally,
    ) -> Fallible<Option<String>> {
        let Some(answer) = answer else {
            let readers = ask.readers.iter().filter(|reader| !reader.is_joblib());
            readers.for_each(|reader| tally.row(name, *reader).killed += 1);
            return Ok(None);
        };
        let mut first = None;
        for (reader, loads) in ask.readers.iter().copied().zip(answer) {
            // joblib may not be there.
            if !ask.fits(reader) || loads.is_empty() {
                continue;
            }
            let compared = match self.known.entry((self.ours.class(reader), ask.encoding, loads)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let loads = new.key().2.parse()?;
                    let compared = compared(self.ours.as_ref(), ask.how(reader), &loads);
                    new.insert(compared)
                }
            };
            let row = tally.row(name, reader);
            row.files += 1;
            row.effects += compared.effects;
            row.loads += u64::from(compared.end.is_some());
            *row.outcomes.entry(compared.outcome.clone()).or_default() += 1;
            self.end = self.end.or(compared.end);
            match &compared.verdict {
                Verdict::Same => {}
                Verdict::Known(why) => {
                    row.known += 1;
                    *tally.known.entry(why).or_default() += 1;
                }
                Verdict::Differs(text) => {
                    row.differ += 1;
                    first.get_or_insert_with(|| format!("{name} {}: {text}", reader.name()));
                }
            }
        }
        Ok(first)
    }

    fn finish(self, bytes: &[u8], inherit: bool, tally: &mut Tally) {
        tally.streams += 1;
        tally.mark(self.ours.marks(), inherit);
        if let Some(end) = self.end {
            tally.loaded += 1;
            tally.count_opcodes(bytes, end);
        }
    }
}

fn compared(ours: &dyn Answer, how: How<'_>, loads: &[Load]) -> Compared {
    let first = loads.first();
    Compared {
        verdict: ours.compare(how, loads),
        outcome: first.map_or(String::new(), |load| load.failure.clone()),
        end: first.filter(|load| load.loads()).map(|load| load.end),
        effects: loads.iter().map(|load| load.lines.len() as u64).sum(),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    depickle::finding::hex(bytes)
}
