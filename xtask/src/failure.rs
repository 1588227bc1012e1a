//! Streams on which depickle and an interpreter differ: made smaller, and printed.

use crate::compare::{Load, Verdict};
use crate::listing::listing;
use crate::oracle::{ENCODINGS, hex};
use crate::python::{Reader, Request, Worker};
use crate::subject::{How, Subject};

/// How a file is read.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) encoding: &'static str,
    pub(crate) inherit: bool,
    pub(crate) hooks: bool,
    pub(crate) readers: &'static [Reader],
}

impl Ask {
    pub(crate) fn request<'a>(self, streams: &'a [&'a [u8]]) -> Request<'a> {
        let Self { encoding, inherit, hooks, readers } = self;
        Request { streams, readers, encoding, values: true, inherit, hooks }
    }

    /// Whether a reader is asked so: joblib makes a new unpickler for each load, and tells it no encoding.
    pub(crate) fn fits(self, reader: Reader) -> bool {
        !reader.is_joblib() || !(self.inherit || self.encoding != ENCODINGS[0])
    }

    pub(crate) fn how(self, reader: Reader) -> How<'static> {
        How { reader, encoding: self.encoding, inherit: self.inherit }
    }
}

/// A stream on which depickle and an interpreter differ.
pub(crate) struct Failure {
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) differs: String,
    pub(crate) ask: Ask,
}

impl Failure {
    fn answers(&self, bytes: &[u8], worker: &mut Worker) -> std::io::Result<Vec<(Reader, Vec<Load>)>> {
        let answers = worker.ask(&self.ask.request(&[bytes]))?.into_iter().flatten().flatten();
        self.ask.readers.iter().copied().zip(answers).map(|(reader, loads)| Ok((reader, loads.parse()?))).collect()
    }

    /// How any interpreter differs on a stream.
    fn differs(&self, bytes: &[u8], subject: &dyn Subject, workers: &mut [Worker]) -> std::io::Result<Option<String>> {
        let ours = subject.read(bytes);
        for worker in workers {
            for (reader, loads) in self.answers(bytes, worker)? {
                if !self.ask.fits(reader) {
                    continue;
                }
                if let Verdict::Differs(text) = ours.compare(self.ask.how(reader), &loads) {
                    return Ok(Some(format!("CPython {} {}: {text}", worker.interpreter.name(), reader.name())));
                }
            }
        }
        Ok(None)
    }

    /// The smallest stream found, by cutting pieces out, on which any interpreter still differs.
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
                    if self.differs(&shorter, subject, workers)?.is_some() { best = shorter } else { at += piece }
                }
                // Slowly: what can be cut out is an opcode with its argument, and those have all lengths.
                piece = piece * 2 / 3;
            }
            if best.len() == before {
                return Ok(best);
            }
        }
    }

    pub(crate) fn print(&self, subject: &dyn Subject, workers: &mut [Worker]) -> std::io::Result<()> {
        println!("\nstream {}: {}\n{}", self.number, hex(&self.bytes), self.differs);
        let small = self.shrink(subject, workers)?;
        let Ask { encoding, inherit, .. } = self.ask;
        println!("shrunk, encoding {encoding}, one memo {inherit}: {}\n{}", hex(&small), listing(&small));
        println!("{}", self.differs(&small, subject, workers)?.unwrap_or_default());
        let mut lines: Vec<(String, String)> = Vec::new();
        for worker in workers {
            for (reader, loads) in self.answers(&small, worker)? {
                let loads: Vec<_> = loads.iter().map(|load| load.lines.join(", ") + " " + &load.failure).collect();
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
