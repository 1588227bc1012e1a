//! Interpreters at hand, and workers that run in them (`xtask/python/worker.py` describes the protocol).

use crate::Fallible;
use crate::compare::Load;
use depickle::opcode::Engine;
use std::collections::BTreeMap;
use std::env;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

/// How a worker reads a stream; the order is that of the worker's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reader {
    /// The C engine over memory, or over a file that it can look ahead in to the end.
    CMemory,
    /// The C engine over `io.BytesIO`, which cannot look ahead.
    CStream,
    /// `pickle._Unpickler`.
    Python,
    /// The C engine over a file with a look-ahead of 16 bytes.
    CPeek,
    /// The C engine over what `open` gives.
    COpen,
    /// The C engine over what `open` gives without a buffer.
    CRaw,
    /// joblib's unpickler, where the interpreter has joblib 1.2 or later.
    Joblib,
    /// joblib's unpickler, where the interpreter has an older one.
    JoblibUnpadded,
}

impl Reader {
    pub(crate) const ALL: [Self; 8] = [
        Self::CMemory,
        Self::CStream,
        Self::Python,
        Self::CPeek,
        Self::COpen,
        Self::CRaw,
        Self::Joblib,
        Self::JoblibUnpadded,
    ];

    /// Both engines and one of the ways to read from a file, in turn; in the order of `ALL`, as workers answer.
    pub(crate) const TURNS: [[Self; 5]; 4] = [
        [Self::CMemory, Self::CStream, Self::Python, Self::Joblib, Self::JoblibUnpadded],
        [Self::CMemory, Self::Python, Self::CPeek, Self::Joblib, Self::JoblibUnpadded],
        [Self::CMemory, Self::Python, Self::COpen, Self::Joblib, Self::JoblibUnpadded],
        [Self::CMemory, Self::Python, Self::CRaw, Self::Joblib, Self::JoblibUnpadded],
    ];

    /// Those that may differ on a file of a few bytes.
    pub(crate) const SMALL: [Self; 4] = [Self::CMemory, Self::CStream, Self::Python, Self::CPeek];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CMemory => "c-memory",
            Self::CStream => "c-stream",
            Self::Python => "python",
            Self::CPeek => "c-peek",
            Self::COpen => "c-open",
            Self::CRaw => "c-raw",
            Self::Joblib => "joblib",
            Self::JoblibUnpadded => "joblib-1.1",
        }
    }

    /// Whether it is joblib's, which may not be there.
    pub(crate) fn is_joblib(self) -> bool {
        matches!(self, Self::Joblib | Self::JoblibUnpadded)
    }

    pub(crate) fn engine(self) -> Engine {
        if self.is_joblib() || self == Self::Python { Engine::Python } else { Engine::C }
    }
}

/// The pickles of one file, one reader: all but the last load. As they came, so that equal ones are told quickly.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Loads(Rc<[u8]>);

impl Loads {
    /// Whether the reader is not there.
    pub(crate) fn is_empty(&self) -> bool {
        *self.0 == [0; 4]
    }

    /// What they say.
    ///
    /// # Errors
    /// If the worker breaks its word.
    pub(crate) fn parse(&self) -> io::Result<Vec<Load>> {
        let rest = &mut &*self.0;
        (0..number(rest)?).map(|_| load(rest)).collect()
    }
}

fn number(from: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn text(from: &mut impl Read) -> io::Result<String> {
    let mut bytes = vec![0; number(from)? as usize];
    from.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn load(from: &mut impl Read) -> io::Result<Load> {
    let (failure, end, value, trace) = (text(from)?, number(from)?, text(from)?, text(from)?);
    let lines = if trace.is_empty() { Vec::new() } else { trace.split('\n').map(str::to_owned).collect() };
    Ok(Load { failure, end: u64::from(end), value, lines })
}

/// The highest bit of a length says that it is none: the number of an equal answer.
const SAME: u32 = 1 << 31;

/// What to ask of a worker.
pub(crate) struct Request<'a> {
    pub(crate) streams: &'a [&'a [u8]],
    pub(crate) readers: &'a [Reader],
    pub(crate) encoding: &'a str,
    /// Whether to describe values.
    pub(crate) values: bool,
    /// Whether one unpickler, with its memo, reads all pickles of a file.
    pub(crate) inherit: bool,
    /// Whether persistent ids, buffers and extension codes are answered; a plain `load` refuses them.
    pub(crate) hooks: bool,
}

/// An interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interpreter {
    pub(crate) path: PathBuf,
    /// (3, 11, 7).
    pub(crate) version: [u32; 3],
}

impl Interpreter {
    /// `3.11`.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.version[0], self.version[1])
    }

    fn at(path: &Path) -> Option<Self> {
        let code = "import sys; print('%d %d %d %s' % (sys.version_info[:3] + (hasattr(sys, 'pypy_version_info'),)))";
        let output = Command::new(path).args(["-EsS", "-c", code]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut fields = text.split_whitespace();
        let mut number = || fields.next()?.parse().ok();
        let version = [number()?, number()?, number()?];
        (fields.next() == Some("False")).then(|| Self { path: path.to_owned(), version })
    }

    /// What a script of `xtask/python` answers to `input`.
    ///
    /// # Errors
    /// What it wrote on standard error, if it fails.
    pub(crate) fn script(&self, name: &str, input: &str) -> Fallible<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name);
        let mut command = Command::new(&self.path);
        command.arg("-EsS").arg(script).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if output.status.success() {
            Ok(String::from_utf8(output.stdout)?)
        } else {
            Err(format!("{}: {}", self.path.display(), String::from_utf8_lossy(&output.stderr)).into())
        }
    }

    /// One of each minor version: `given`, else those on the path as `python3.X` and those of pyenv.
    pub(crate) fn find(given: &[PathBuf]) -> Vec<Self> {
        let candidates = if given.is_empty() { candidates() } else { given.to_vec() };
        let mut found = BTreeMap::new();
        for interpreter in candidates.iter().filter_map(|path| Self::at(path)) {
            let minor = [interpreter.version[0], interpreter.version[1]];
            let known = found.entry(minor).or_insert_with(|| interpreter.clone());
            if known.version < interpreter.version {
                *known = interpreter;
            }
        }
        found.into_values().collect()
    }
}

fn candidates() -> Vec<PathBuf> {
    let minors = || (6..=20).map(|minor| format!("python3.{minor}"));
    let path = env::var_os("PATH").unwrap_or_default();
    let mut files: Vec<_> = env::split_paths(&path).flat_map(|dir| minors().map(move |name| dir.join(name))).collect();
    let pyenv = env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")))
        .map(|root| root.join("versions"));
    if let Some(entries) = pyenv.and_then(|versions| versions.read_dir().ok()) {
        files.extend(entries.flatten().map(|entry| entry.path().join("bin/python")));
    }
    // A shim may be a script that fails; `Interpreter::at` asks each of them.
    files.retain(|file| file.is_file());
    files
}

/// A running worker.
struct Process {
    child: Child,
    requests: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Process {
    fn start(path: &Path) -> io::Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/worker.py");
        let mut child = Command::new(path)
            // Packages beside it may be used: joblib is.
            .arg("-Es")
            .arg(script)
            .env("PYTHONHASHSEED", "0")
            .env("OPENBLAS_NUM_THREADS", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (stdin, stdout) = pipes.ok_or_else(|| io::Error::other("the worker has no pipes"))?;
        let mut process = Self { child, requests: BufWriter::new(stdin), answers: BufReader::new(stdout) };
        text(&mut process.answers)?;
        Ok(process)
    }

    fn send(&mut self, streams: &[&[u8]], request: &Request<'_>) -> io::Result<()> {
        let bits = request.readers.iter().fold(0, |bits, reader| bits | 1 << *reader as u8);
        let flags = u8::from(request.values) | u8::from(request.inherit) << 1 | u8::from(request.hooks) << 2;
        let out = &mut self.requests;
        out.write_all(&length(streams.len())?)?;
        out.write_all(&[bits, flags])?;
        for text in std::iter::once(request.encoding.as_bytes()).chain(streams.iter().copied()) {
            out.write_all(&length(text.len())?)?;
            out.write_all(text)?;
        }
        out.flush()
    }

    /// The answers of the readers to one stream.
    fn answers(&mut self, readers: usize) -> io::Result<Vec<Loads>> {
        let mut answers: Vec<Loads> = Vec::with_capacity(readers);
        for _ in 0..readers {
            let len = number(&mut self.answers)?;
            let answer = if len & SAME == 0 {
                let mut bytes = vec![0; len as usize];
                self.answers.read_exact(&mut bytes)?;
                Loads(bytes.into())
            } else {
                let same = answers.get((len & !SAME) as usize);
                same.cloned().ok_or_else(|| io::Error::other("an answer refers to none before it"))?
            };
            answers.push(answer);
        }
        Ok(answers)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already: then there is nothing to kill, and that is all we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn length(len: usize) -> io::Result<[u8; 4]> {
    u32::try_from(len).map(u32::to_le_bytes).map_err(io::Error::other)
}

/// A worker that is started again when a stream kills it.
pub(crate) struct Worker {
    pub(crate) interpreter: Interpreter,
    process: Option<Process>,
}

impl Worker {
    pub(crate) fn new(interpreter: Interpreter) -> Self {
        Self { interpreter, process: None }
    }

    /// For each stream the loads of each reader; `None` where the stream killed the interpreter (memory, time, a crash).
    ///
    /// # Errors
    /// If the interpreter cannot be started.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> io::Result<Vec<Option<Vec<Loads>>>> {
        let mut answers = Vec::with_capacity(request.streams.len());
        while answers.len() < request.streams.len() {
            let mut process = match self.process.take() {
                Some(process) => process,
                None => Process::start(&self.interpreter.path)?,
            };
            let rest = &request.streams[answers.len()..];
            let mut run = || {
                process.send(rest, request)?;
                for _ in rest {
                    answers.push(Some(process.answers(request.readers.len())?));
                }
                io::Result::Ok(())
            };
            match run() {
                Ok(()) => self.process = Some(process),
                // It answers stream by stream, so the first without an answer is the culprit.
                Err(_) => answers.push(None),
            }
        }
        Ok(answers)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    /// Hashing recurses in C without a limit: a key of tuples this deep overflows the interpreter's stack.
    #[test]
    fn a_stream_that_kills_the_worker_is_told_from_those_around_it() {
        let at = |path: PathBuf| Interpreter::at(&path).filter(|interpreter| interpreter.version >= [3, 8, 0]);
        let Some(interpreter) = candidates().into_iter().find_map(at) else { return };
        let deadly = [b"})".as_slice(), &[b'\x85'; 200_000], b"Ns."].concat();
        let streams = [b"N.".as_slice(), &deadly, b"K\x01."];
        let request = Request {
            streams: &streams,
            readers: &Reader::SMALL,
            encoding: "ASCII",
            values: true,
            inherit: false,
            hooks: true,
        };
        let answers = Worker::new(interpreter).ask(&request).unwrap();
        let values: Vec<Option<String>> =
            answers.iter().map(|answer| Some(answer.as_ref()?[0].parse().unwrap()[0].value.clone())).collect();
        let text = |value: &str| Some(value.to_owned());
        assert_eq!(values, [text("None"), None, text("1")]);
    }
}
