//! `cargo xtask oracle`: random streams, read by every CPython at hand and by depickle.
//!
//! The rule: every name that any interpreter asks for, with any engine, stands in depickle's log. A missing one fails
//! the run and is printed with the smallest stream that shows it. What else differs is counted.

use crate::generate::{self, Generated, source::Source, source::entropy};
use crate::listing::listing;
use crate::python::{EVENTS, Event, Interpreter, Loads, Reader, Request, Worker};
use crate::subject::{Answer, FrontDoor, Loader, Name, Subject};
use crate::tally::{Tally, first_end};
use crate::{Fallible, Outcome};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Streams per batch.
const BATCH: u64 = 500;
/// Entropy per stream, in bytes.
const ENTROPY: usize = 6000;
/// Missing names printed before the run gives up.
const SHOWN: usize = 3;

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
}

impl Options {
    fn parse(arguments: &[String]) -> Fallible<Self> {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut options =
            Self { streams: 10_000, seed: 1, only: None, seconds: u64::MAX, jobs, pythons: Vec::new(), scan: false };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            if name == "--scan" {
                options.scan = true;
                continue;
            }
            let value = rest.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--streams" => options.streams = value.parse()?,
                "--seed" => options.seed = value.parse()?,
                "--only" => options.only = Some(value.parse()?),
                "--seconds" => options.seconds = value.parse()?,
                "--jobs" => options.jobs = value.parse::<usize>()?.max(1),
                "--python" => options.pythons.push(value.into()),
                _ => return Err(format!("no option {name}").into()),
            }
        }
        Ok(options)
    }
}

/// The stream of a seed and a number: a fifth of them are mutated.
fn generated(seed: u64, number: u64) -> Generated {
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
    // Older ones are outside the table of readers: they are used only when they are named.
    interpreters.retain(|interpreter| !options.pythons.is_empty() || interpreter.version >= [3, 8, 0]);
    if interpreters.is_empty() {
        return Err("no interpreter found; name one with --python PATH".into());
    }
    let start = Instant::now();
    let run = Run {
        until: start.checked_add(Duration::from_secs(options.seconds)),
        subject: if options.scan { &FrontDoor } else { &Loader },
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
    tally.print();
    println!("{:.1} s", start.elapsed().as_secs_f64());
    let failures = run.failures.into_inner().map_err(|_| "a thread panicked")?;
    let mut workers: Vec<_> = interpreters.into_iter().map(Worker::new).collect();
    for failure in &failures {
        failure.print(run.subject, &mut workers)?;
    }
    let missing: u64 = tally.rows.values().map(|row| row.missing).sum();
    println!("{}", if missing == 0 { "no name missing".to_owned() } else { format!("{missing} names missing") });
    Ok(missing == 0)
}

struct Run<'a> {
    until: Option<Instant>,
    subject: &'a dyn Subject,
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
        let reading = |(number, file): (u64, &Generated)| Seen::new(number, self.subject.read(&file.bytes));
        let mut seen: Vec<_> = numbers.clone().zip(&files).map(reading).collect();
        // Every other batch is read with one unpickler per file, so that the memo goes on.
        let inherit = numbers.start / BATCH % 2 == 1;
        for worker in workers.iter_mut() {
            for encoding in ["ASCII", "latin1", "bytes"] {
                let all = encoding == "ASCII";
                let chosen: Vec<_> = (0..files.len()).filter(|at| all || files[*at].eight_bit).collect();
                let streams: Vec<_> = chosen.iter().map(|at| files[*at].bytes.as_slice()).collect();
                let request = Request {
                    streams: &streams,
                    readers: &Reader::ALL,
                    encoding,
                    values: false,
                    inherit,
                    hooks: self.subject.hooks(),
                };
                for (at, answer) in chosen.iter().zip(worker.ask(&request)?) {
                    let name = if all { worker.interpreter.name() } else { format!("{encoding:.6}") };
                    let missing = seen[*at].compare(&name, all, answer, tally);
                    if let Some(name) = missing {
                        let bytes = files[*at].bytes.clone();
                        let number = numbers.start + *at as u64;
                        let failure = Failure { number, bytes, name, encoding, inherit };
                        let mut failures = self.failures.lock().map_err(|_| "a thread panicked")?;
                        if failures.len() < SHOWN && failures.iter().all(|known| known.number != number) {
                            failures.push(failure);
                        }
                    }
                }
            }
        }
        for (file, seen) in files.iter().zip(seen) {
            seen.finish(&file.bytes, tally);
        }
        Ok(())
    }
}

/// What all interpreters say of one stream, as it comes in.
struct Seen {
    number: u64,
    ours: Answer,
    asked: BTreeSet<Name>,
    first: Option<BTreeSet<Name>>,
    parted: bool,
    end: Option<u32>,
}

impl Seen {
    fn new(number: u64, ours: Answer) -> Self {
        Self { number, ours, asked: BTreeSet::new(), first: None, parted: false, end: None }
    }

    /// Counts one interpreter's answer. The first name that it asks for and we do not list.
    fn compare(
        &mut self,
        name: &str,
        count_loads: bool,
        answer: Option<Vec<Loads>>,
        tally: &mut Tally,
    ) -> Option<Name> {
        let Some(answer) = answer else {
            Reader::ALL.iter().for_each(|reader| tally.row(name, *reader).killed += 1);
            return None;
        };
        let mut first_missing = None;
        for (reader, loads) in Reader::ALL.into_iter().zip(answer) {
            if count_loads && reader == Reader::CMemory && !self.ours.loads[0] && first_end(&loads).is_some() {
                tally.refused.insert(self.number);
            }
            let row = tally.row(name, reader);
            let end = first_end(&loads);
            row.files += 1;
            row.loads += u64::from(end.is_some());
            if let Some(load) = loads.first().filter(|load| !load.failure.is_empty()) {
                *row.failures.entry(load.failure.clone()).or_default() += 1;
            }
            let claim = match reader {
                Reader::Python => self.ours.loads[1],
                _ => self.ours.loads[0],
            };
            if count_loads {
                row.only_we_load += u64::from(claim && end.is_none());
                row.only_it_loads += u64::from(!claim && end.is_some());
            }
            self.end = self.end.or(end);
            let names = imports(&loads);
            row.names += names.len() as u64;
            let missing: Vec<_> = names.iter().filter(|name| !self.ours.lists(name)).collect();
            if may_lose(reader, &self.ours) {
                row.cut += missing.len() as u64;
            } else {
                row.missing += missing.len() as u64;
                first_missing = first_missing.or(missing.first().map(|name| (*name).clone()));
            }
            self.parted |= self.first.as_ref().is_some_and(|first| *first != names);
            self.asked.extend(names.iter().cloned());
            self.first.get_or_insert(names);
        }
        first_missing
    }

    fn finish(self, bytes: &[u8], tally: &mut Tally) {
        tally.streams += 1;
        tally.parted += u64::from(self.parted);
        if let Some(end) = self.end {
            tally.loaded += 1;
            tally.count_opcodes(bytes, end);
        }
        let extra = self.ours.imports.difference(&self.asked).count() as u64;
        tally.extra += extra;
        tally.with_extra += u64::from(extra > 0);
    }
}

/// Whether a reader may ask for names that we do not list, because it is none that we model, and the file is not called
/// clean. No file has a buffer as small as the one that the interpreters look ahead in here: a scan asks no such reader.
fn may_lose(reader: Reader, ours: &Answer) -> bool {
    let modelled = match reader {
        Reader::CMemory | Reader::CStream | Reader::Python => true,
        Reader::CPeek => !(ours.scanned && ours.odd_frames),
    };
    !modelled && !ours.clean
}

fn imports(loads: &Loads) -> BTreeSet<Name> {
    let events = loads.iter().flat_map(|load| &load.events);
    events.filter(|event| event.is_import()).map(|event| event.texts.clone()).collect()
}

/// A stream on which a name is missing.
struct Failure {
    number: u64,
    bytes: Vec<u8>,
    name: Name,
    encoding: &'static str,
    inherit: bool,
}

impl Failure {
    fn ask(&self, bytes: &[u8], hooks: bool, worker: &mut Worker) -> std::io::Result<Vec<Loads>> {
        let (readers, encoding) = (&Reader::ALL, self.encoding);
        let request = Request { streams: &[bytes], readers, encoding, values: false, inherit: self.inherit, hooks };
        Ok(worker.ask(&request)?.into_iter().flatten().flatten().collect())
    }

    /// Whether any interpreter asks for a name of this stream that we do not list.
    fn shows(&self, bytes: &[u8], subject: &dyn Subject, workers: &mut [Worker]) -> std::io::Result<bool> {
        let ours = subject.read(bytes);
        for worker in workers {
            let mut answers = Reader::ALL.into_iter().zip(self.ask(bytes, subject.hooks(), worker)?);
            if answers
                .any(|(reader, loads)| !may_lose(reader, &ours) && !imports(&loads).iter().all(|name| ours.lists(name)))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The smallest stream found, by cutting pieces out, that still shows a missing name.
    fn shrink(&self, subject: &dyn Subject, workers: &mut [Worker]) -> std::io::Result<Vec<u8>> {
        let mut best = self.bytes.clone();
        loop {
            let before = best.len();
            let mut piece = best.len() / 2;
            while piece > 0 {
                let mut at = 0;
                while at < best.len() {
                    let mut shorter = best.clone();
                    shorter.drain(at..best.len().min(at + piece));
                    if self.shows(&shorter, subject, workers)? { best = shorter } else { at += piece }
                }
                // Slowly: what can be cut out is an opcode with its argument, and those have all lengths.
                piece = piece * 2 / 3;
            }
            if best.len() == before {
                return Ok(best);
            }
        }
    }

    fn print(&self, subject: &dyn Subject, workers: &mut [Worker]) -> std::io::Result<()> {
        println!("\nstream {}: {}", self.number, hex(&self.bytes));
        println!("missing: {}", shown(&self.name));
        let small = self.shrink(subject, workers)?;
        println!("shrunk, encoding {}: {}\n{}", self.encoding, hex(&small), listing(&small));
        let ours = subject.read(&small);
        println!("  depickle: {}", ours.imports.iter().map(shown).collect::<Vec<_>>().join(", "));
        ours.errors.iter().for_each(|error| println!("    {error}"));
        let mut lines: Vec<(String, String)> = Vec::new();
        for worker in workers {
            for (reader, loads) in Reader::ALL.iter().zip(self.ask(&small, subject.hooks(), worker)?) {
                let loads: Vec<_> = loads.iter().map(|load| log(&load.events) + " " + &load.failure).collect();
                let (who, what) = (format!("{} {}", worker.interpreter.name(), reader.name()), loads.join(" | "));
                match lines.iter_mut().find(|(_, known)| *known == what) {
                    Some((readers, _)) => *readers += &format!(", {who}"),
                    None => lines.push((who, what)),
                }
            }
        }
        lines.iter().for_each(|(readers, what)| println!("  {readers}:\n    {what}"));
        Ok(())
    }
}

fn log(events: &[Event]) -> String {
    let line = |event: &Event| format!("{} {}", EVENTS[usize::from(event.kind)], shown(&event.texts));
    events.iter().map(line).collect::<Vec<_>>().join(", ")
}

fn shown(name: &Name) -> String {
    format!("{}:{}", name[0].escape_default(), name[1].escape_default())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    depickle::finding::hex(bytes)
}
