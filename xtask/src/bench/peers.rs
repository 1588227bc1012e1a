//! Who is measured, how each is called, and whether its answer was complete.

use super::case::Case;
use super::measure::{Measure, measure_to};
use crate::Fallible;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Packages of the environment that the corpus is made in, and picklescan runs in.
const PACKAGES: [&str; 5] = ["picklescan==1.0.5", "numpy==2.4.6", "scikit-learn==1.9.1", "joblib==1.6.0", "lz4==4.4.5"];

/// Those of the other scanners, which bring many others with them.
const SCANNERS: [&str; 3] = ["modelscan==0.8.8", "fickling==0.1.12", "modelaudit==0.2.54"];

/// A peer that needs more seconds is stopped: it is far behind, and others wait.
const PATIENCE: u8 = 10;

/// How depickle is called.
const SCAN: [&str; 4] = ["scan", "--no-progress", "--jobs", "1"];

/// What `timeout` answers then.
const STOPPED: i32 = 124;

/// Someone, or something, to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    Depickle,
    /// The same on a file of half the size.
    Half,
    /// `python3 -c pass`.
    PythonStart,
    /// `pickle.load` with the collector off.
    Load,
    /// The same as anyone calls it.
    LoadCollected,
    /// `openssl dgst -sha256`: what reading every byte once for a digest costs.
    Digest,
    /// `pickletools.genops`, to its end.
    Genops,
    Picklescan,
    Modelscan,
    Fickling,
    Modelaudit,
    /// The crate serde-pickle, which answers values.
    SerdePickle,
    /// `find | xargs cat`.
    Cat,
    /// `cat FILE > OTHER`.
    Copy,
    /// Our own decompressor and nothing behind it.
    Decoder,
}

impl Peer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Depickle => "depickle",
            Self::Half => "depickle on half the size",
            Self::PythonStart => "python3 -c pass",
            Self::Load => "pickle.load, gc off",
            Self::LoadCollected => "pickle.load",
            Self::Digest => "openssl sha256",
            Self::Genops => "pickletools.genops",
            Self::Picklescan => "picklescan",
            Self::Modelscan => "modelscan",
            Self::Fickling => "fickling",
            Self::Modelaudit => "modelaudit",
            Self::SerdePickle => "serde-pickle",
            Self::Cat => "cat of them all",
            Self::Copy => "cat > file",
            Self::Decoder => "the bare decoder",
        }
    }

    /// Whether it has to be installed.
    fn is_installed(self) -> bool {
        matches!(self, Self::Picklescan | Self::Modelscan | Self::Fickling | Self::Modelaudit)
    }

    /// Whether it reads pickles, and may leave things unread.
    pub(super) fn answers(self) -> bool {
        let ours = matches!(self, Self::Depickle | Self::Half | Self::Decoder);
        !ours && !matches!(self, Self::PythonStart | Self::Digest | Self::Cat | Self::Copy)
    }

    /// Whether depickle's time on cases of a group is held against its own.
    fn has_a_bar(self, group: &str) -> bool {
        matches!(
            (self, group),
            (Self::Load, "nested")
                | (Self::Picklescan, "forest" | "many")
                | (Self::Genops, "vocabulary")
                | (Self::Cat | Self::Copy | Self::Decoder | Self::PythonStart | Self::Depickle | Self::Half, _)
        )
    }
}

/// What is needed to run them.
pub(super) struct Tools {
    /// Where everything is kept.
    pub(super) directory: PathBuf,
    /// Of the environment that was made, or the one on the path.
    pub(super) python: PathBuf,
    depickle: PathBuf,
    xtask: PathBuf,
    /// The programs of those that were installed.
    scanners: BTreeMap<Peer, PathBuf>,
    pub(super) versions: Vec<(Peer, String)>,
    /// Who is not here, and why.
    pub(super) missing: Vec<(Peer, String)>,
    /// Who was stopped, at which case: larger ones are not tried.
    stopped: Vec<(Peer, Case)>,
}

impl Tools {
    /// Builds both programs and makes an environment for the others, below `target/bench`.
    pub(super) fn prepare() -> Fallible<Self> {
        let (root, depickle) = build("depickle")?;
        let (_, xtask) = build("xtask")?;
        let directory = root.join("target/bench");
        std::fs::create_dir_all(&directory)?;
        let environment = directory.join("venv");
        let own = environment.join("bin/python");
        let mut missing = Vec::new();
        if !own.exists() {
            run(Command::new("python3").arg("-m").arg("venv").arg(&environment))?;
        }
        let of_picklescan = packages(&own, &PACKAGES);
        let others = directory.join("scanners");
        if !others.exists() {
            run(Command::new("python3").arg("-m").arg("venv").arg(&others))?;
        }
        let of_others = packages(&others.join("bin/python"), &SCANNERS);
        let mut versions = vec![
            (Peer::Depickle, first_line(Command::new(&depickle).arg("--version"))?),
            (Peer::Load, first_line(Command::new(&own).arg("--version"))?),
        ];
        let mut scanners = BTreeMap::new();
        for (peer, environment, package, installed) in [
            (Peer::Picklescan, &environment, PACKAGES[0], &of_picklescan),
            (Peer::Modelscan, &others, SCANNERS[0], &of_others),
            (Peer::Fickling, &others, SCANNERS[1], &of_others),
            (Peer::Modelaudit, &others, SCANNERS[2], &of_others),
        ] {
            let program = environment.join("bin").join(peer.name());
            if program.exists() {
                versions.push((peer, package.to_owned()));
                scanners.insert(peer, program);
            } else {
                let why = installed.as_ref().err().map_or_else(String::new, ToString::to_string);
                missing.push((peer, why));
            }
        }
        let stopped = Vec::new();
        Ok(Self { directory, python: own, depickle, xtask, scanners, versions, missing, stopped })
    }

    /// The smallest case: what it needs is what it costs to start.
    pub(super) fn smallest(&self, cases: &[Case]) -> Fallible<Case> {
        let one = cases.iter().find(|case| case.group == "one");
        one.cloned().ok_or_else(|| "the corpus has no small file".into())
    }

    /// Who is asked about a case.
    pub(super) fn peers(&self, case: &Case) -> Vec<Peer> {
        let others: &[Peer] = match case.group.as_str() {
            // Minutes go by with those that are far behind: one protocol tells enough.
            "nested" if case.name.ends_with("p4") => {
                &[Peer::Load, Peer::LoadCollected, Peer::Digest, Peer::SerdePickle, Peer::Picklescan]
            }
            "nested" => &[Peer::Load],
            "vocabulary" => &[
                Peer::Load,
                Peer::Genops,
                Peer::SerdePickle,
                Peer::Picklescan,
                Peer::Modelscan,
                Peer::Fickling,
                Peer::Modelaudit,
            ],
            "one" => &[
                Peer::PythonStart,
                Peer::SerdePickle,
                Peer::Picklescan,
                Peer::Modelscan,
                Peer::Fickling,
                Peer::Modelaudit,
            ],
            "forest" => &[Peer::Picklescan, Peer::Modelscan],
            "array" => &[Peer::Picklescan],
            "many" => &[Peer::Cat, Peer::Picklescan],
            "convert" => &[Peer::Copy],
            "compressed" => &[Peer::Decoder, Peer::Picklescan],
            _ => &[],
        };
        let here = |peer: &Peer| !peer.is_installed() || self.scanners.contains_key(peer);
        let half = case.half.as_ref().map(|_| Peer::Half);
        std::iter::once(Peer::Depickle).chain(half).chain(others.iter().copied().filter(here)).collect()
    }

    /// How a peer is called on a case.
    pub(super) fn command(&self, peer: Peer, case: &Case) -> Command {
        let python = |code: &str| {
            let mut command = Command::new(&self.python);
            command.args(["-I", "-c", code]).arg(&case.path);
            command
        };
        let on = |path: &Path, arguments: &[&str], file: &Path| {
            let mut command = Command::new(path);
            command.args(arguments).arg(file);
            command
        };
        let program = |path: &Path, arguments: &[&str]| on(path, arguments, &case.path);
        let scanner = |arguments: &[&str]| {
            let mut command = Command::new("timeout");
            command
                .arg(PATIENCE.to_string())
                .arg(self.scanners.get(&peer).map_or(Path::new(peer.name()), PathBuf::as_path));
            // One of them leaves a file where it stands.
            command.current_dir(&self.directory);
            // What they would tell their makers is no part of the work.
            command.env("DO_NOT_TRACK", "1").env("NO_ANALYTICS", "1").env("PROMPTFOO_DISABLE_TELEMETRY", "1");
            command.args(arguments).arg(&case.path);
            command
        };
        let out = self.out(case);
        // What was there costs to be taken away.
        let _ = std::fs::remove_file(&out);
        match peer {
            Peer::Depickle if case.to.is_some() => {
                let word = if case.to == Some("npy") { "extract" } else { "convert" };
                let mut command = program(&self.depickle, &[word]);
                command.arg("-o").arg(&out);
                command
            }
            Peer::Copy => {
                let mut command = Command::new("sh");
                command.args(["-c", "cat \"$1\" > \"$2\"", "sh"]).arg(&case.path).arg(&out);
                command
            }
            Peer::Depickle => program(&self.depickle, &SCAN),
            Peer::Half => on(&self.depickle, &SCAN, case.half.as_ref().unwrap_or(&case.path)),
            Peer::PythonStart => python("pass"),
            Peer::Load => python("import gc, pickle, sys; gc.disable(); pickle.load(open(sys.argv[1], 'rb'))"),
            Peer::LoadCollected => python("import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"),
            Peer::Digest => program(Path::new("openssl"), &["dgst", "-sha256"]),
            Peer::Genops => {
                python("import pickletools, sys\nfor _ in pickletools.genops(open(sys.argv[1], 'rb')): pass")
            }
            Peer::Picklescan | Peer::Modelscan => scanner(&["-p"]),
            Peer::Fickling => scanner(&["--check-safety"]),
            Peer::Modelaudit => scanner(&["scan"]),
            Peer::SerdePickle => {
                let mut command = Command::new("timeout");
                command.arg(PATIENCE.to_string()).arg(&self.xtask).args(["bench", "serde-pickle"]).arg(&case.path);
                command
            }
            Peer::Cat => {
                let mut command = Command::new("sh");
                command.args(["-c", "find \"$1\" -type f -print0 | xargs -0 cat", "sh"]).arg(&case.path);
                command
            }
            Peer::Decoder => program(&self.xtask, &["bench", "decode"]),
        }
    }

    /// Where a case is written to.
    pub(super) fn out(&self, case: &Case) -> PathBuf {
        self.directory.join(format!("out.{}", case.to.unwrap_or("out")))
    }

    /// What depickle says of a case: whether it read all of it.
    pub(super) fn verdict(&self, case: &Case) -> Fallible<String> {
        let mut command = self.command(Peer::Depickle, case);
        if case.to.is_none() {
            return verdict(command.args(["--format", "json"]));
        }
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        Ok(if status.success() { "written".to_owned() } else { format!("not written: {status}") })
    }

    /// Runs a peer on a case; says whether it read all of it, too.
    pub(super) fn ask(&mut self, peer: Peer, case: &Case) -> Fallible<(Measure, String)> {
        let [out, errors] = ["out.txt", "errors.txt"].map(|name| self.directory.join(name));
        let command = self.command(peer, case);
        let (measure, code) = measure_to(&command, File::create(&out)?.into(), File::create(&errors)?.into())?;
        if code == Some(STOPPED) {
            self.stopped.push((peer, case.clone()));
            return Ok((measure, format!("unfinished after {PATIENCE} s")));
        }
        let code = code.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
        Ok((
            measure,
            match failures(&out)?.saturating_add(failures(&errors)?) {
                0 => format!("{code}, complete"),
                1 => format!("{code}, incomplete"),
                count => format!("{code}, incomplete: {count} errors"),
            },
        ))
    }

    /// Why a peer need not be asked about a case: it was stopped at one that is no larger.
    pub(super) fn hopeless(&self, peer: Peer, case: &Case) -> Option<String> {
        let is_no_larger = |other: &Case| other.bytes <= case.bytes && other.opcode_bytes <= case.opcode_bytes;
        let at = self.stopped.iter().find(|(stopped, other)| *stopped == peer && is_no_larger(other));
        let (_, other) = at.filter(|_| !peer.has_a_bar(&case.group))?;
        Some(format!("not asked: unfinished after {PATIENCE} s at {}", other.name))
    }
}

/// How many lines tell of something that was not read.
fn failures(said: &Path) -> Fallible<usize> {
    let words = ["ERROR", "WARNING", "Error", "limits exceeded", "INCONCLUSIVE"];
    let mut count = 0;
    for line in BufReader::new(File::open(said)?).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        count += usize::from(words.iter().any(|word| line.contains(word)));
    }
    Ok(count)
}

/// Builds one of the programs as it is released; answers the root of the workspace and where the program is.
pub(super) fn build(package: &str) -> Fallible<(PathBuf, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the workspace has no root")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    let built = command.args(["build", "--quiet", "--release", "--package", package]).current_dir(root).status()?;
    if !built.success() {
        return Err(format!("{package} does not build").into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok((root.to_owned(), target.join("release").join(package)))
}

/// What depickle's report says: a line for each file, of which the beginning is looked at. A child of a process is at
/// least as large as that process was, so what measures others stays small.
fn verdict(command: &mut Command) -> Fallible<String> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("depickle has no output")?);
    let (mut files, mut full, mut answer) = (0, 0, String::new());
    loop {
        let mut line = Vec::new();
        if lines.by_ref().take(4096).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.last() != Some(&b'\n') {
            lines.skip_until(b'\n')?;
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        let word = |key: &str| text.split_once(&format!("\"{key}\":\"")).and_then(|(_, rest)| rest.split('"').next());
        if let (Some(verdict), Some(completeness)) = (word("verdict"), word("completeness")) {
            files += 1;
            full += usize::from(completeness == "full");
            answer = format!("{verdict}, {completeness}");
        }
    }
    child.wait()?;
    Ok(if files == 1 { answer } else { format!("{full} of {files} full") })
}

/// Installs what the peers need, unless it is there.
fn packages(python: &Path, packages: &[&str]) -> Fallible<()> {
    let code = "import sys; from importlib.metadata import version; \
                sys.exit(any(version(p.split('==')[0]) != p.split('==')[1] for p in sys.argv[1:]))";
    if run(Command::new(python).args(["-c", code]).args(packages)).is_ok() {
        return Ok(());
    }
    run(Command::new("timeout").arg("300").arg(python).args(["-m", "pip", "install", "--quiet"]).args(packages))
}

fn run(command: &mut Command) -> Fallible<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    if output.status.code() == Some(STOPPED) {
        return Err("it cannot be installed in five minutes".into());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(text.lines().last().unwrap_or("it failed without a word").to_owned().into())
}

fn first_line(command: &mut Command) -> Fallible<String> {
    let output = command.stdin(Stdio::null()).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}
