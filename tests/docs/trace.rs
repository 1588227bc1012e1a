//! What stands at the border of each room when a file goes through them all.

use crate::page::root;
use depickle::ast::{Kind, Moment, Value};
use depickle::audit;
use depickle::container::detect;
use depickle::container::detect::{PREFIX, joblib_reads};
use depickle::error::Error;
use depickle::finding::FileReport;
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::loader::{Arrays, Manner, Pass, Reader, Readers, Subject, View, pass};
use depickle::machine::Effect;
use depickle::opcode::{self, Arg, Dialect, SliceWindow, Window};
use depickle::policy::{self, InForce, Policy};
use depickle::report::{self, Report};
use std::collections::VecDeque;
use std::fmt::Write as _;

/// 40 bytes as pickle protocol 4 writes them: `os.system`, a text, the call. The text is harmless.
const MALICIOUS: &[u8] = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x14echo ran during load\x85R.";

/// A file that is followed through the rooms.
pub(crate) struct Trace {
    name: &'static str,
    bytes: Vec<u8>,
}

impl Trace {
    pub(crate) fn malicious() -> Self {
        assert_eq!(MALICIOUS.len(), 40);
        Self { name: "model.pkl", bytes: MALICIOUS.to_vec() }
    }

    /// `joblib.dump(numpy.array([1.5, 2.5]), ...)` by joblib 1.6.0 and numpy 2.4.6.
    pub(crate) fn array() -> Self {
        Self { name: "array.joblib", bytes: std::fs::read(root().join("tests/data/one_array.joblib")).unwrap() }
    }

    fn read(&self) -> Pass<SliceWindow<'_>> {
        let readers = Readers::of(Reader::Joblib).union(Readers::of(Reader::Pickle));
        let manner = Manner { readers, dialect: Dialect::PYTHON, arrays: Arrays::Padded, search: true };
        pass(SliceWindow::new(&self.bytes), manner, &mut Limits::default().budget(self.bytes.len() as u64))
    }

    pub(crate) fn report(&self) -> FileReport {
        audit::scan(&Source::from_bytes(self.name, &self.bytes), &Policy::builtin(), &Limits::default())
    }

    /// Sixteen bytes a line, as hexadecimal and as text.
    pub(crate) fn hex(&self) -> String {
        let line = |(number, bytes): (usize, &[u8])| {
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let text = bytes.iter().map(|&byte| if (b' '..=b'~').contains(&byte) { char::from(byte) } else { '.' });
            format!("{:>4}  {:<47}  {}", number * 16, digits.join(" "), text.collect::<String>())
        };
        lines(self.bytes.chunks(16).enumerate().map(line))
    }

    /// What the container room says.
    pub(crate) fn container(&self) -> String {
        let prefix = self.bytes.get(..PREFIX).unwrap_or(&self.bytes);
        let format = detect::detect(prefix, self.bytes.len() as u64);
        format!(
            "joblib_reads(prefix)  {:?}\n{:<20}  {format:?}\n",
            joblib_reads(prefix),
            format!("detect(prefix, {})", self.bytes.len())
        )
    }

    /// The opcodes until one cannot be read; of more than `most`, the first and the last ones.
    pub(crate) fn opcodes(&self, most: usize) -> String {
        let mut reader = opcode::Reader::new(SliceWindow::new(&self.bytes), 0, Dialect::PYTHON);
        let mut rows = Vec::new();
        loop {
            match reader.next_op() {
                Ok(op) => {
                    let name = op.opcode.info().name;
                    rows.push(format!("{:>4}  {name:<16}  {}", op.at, argument(&reader, op.arg)).trim_end().to_owned());
                    if name == "STOP" {
                        break;
                    }
                }
                Err(error) => {
                    rows.push(refused(&error));
                    break;
                }
            }
        }
        if rows.len() > most {
            let left_out = format!("      ... {} opcodes ...", rows.len() - most);
            rows.splice(most / 2..rows.len() - most / 2, [left_out]);
        }
        lines(rows)
    }

    /// The effect log of the first stream.
    pub(crate) fn effects(&self) -> String {
        let pass = self.read();
        let reading = pass.first().unwrap();
        let row = |effect: &Effect| format!("{:>4}  {:?}", pass.source().offset(effect.at), effect.action);
        lines(reading.effects.iter().map(row))
    }

    /// The values that the effects speak of: symbols, objects, the containers among arguments and states.
    pub(crate) fn values(&self) -> String {
        let pass = self.read();
        let reading = pass.first().unwrap();
        let view = Subject { reading, source: pass.source() }.view();
        let symbols = reading.ast.symbols().iter().enumerate();
        let symbols = symbols.map(|(id, symbol)| {
            format!("Import#{id:<4}  {}.{} at protocol {}", symbol.module, symbol.name, symbol.protocol)
        });
        let mut containers: Vec<Value> = Vec::new();
        let mut open: VecDeque<Value> = reading.effects.iter().flat_map(contents).collect();
        while let Some(value) = open.pop_front() {
            if value.kind().is_container() && !containers.contains(&value) {
                containers.push(value);
                open.extend(reading.ast.items(value, Moment::END));
            }
        }
        let containers = containers.into_iter().flat_map(|value| {
            let items: Vec<String> = reading.ast.items(value, Moment::END).map(|item| shown(view, item)).collect();
            // A dict has a line for each key and its value.
            let per_line = if value.kind() == Kind::Dict { 2 } else { items.len().max(1) };
            let mut rows: Vec<String> = items.chunks(per_line).map(|items| items.join(", ")).collect();
            rows.resize(rows.len().max(1), "()".to_owned());
            let names = std::iter::once(format!("{value:?}")).chain(std::iter::repeat(String::new()));
            rows.into_iter().zip(names).map(|(row, name)| format!("{name:<11}  {row}")).collect::<Vec<_>>()
        });
        let root = std::iter::once(format!("{:<11}  {:?}", "root", reading.root));
        lines(symbols.chain(containers).chain(root))
    }

    /// What the loader made of the whole file.
    pub(crate) fn loader(&self) -> String {
        let pass = self.read();
        let mut text = String::new();
        for stream in &pass.streams {
            writeln!(
                text,
                "stream at {}: {} bytes, protocol {}, {} opcodes, loads: {}",
                stream.offset, stream.len, stream.protocol, stream.opcodes, stream.loads
            )
            .unwrap();
        }
        let reading = pass.first().unwrap();
        for array in &reading.arrays {
            writeln!(text, "{array:?}").unwrap();
        }
        writeln!(text, "first_raw  {:?}", pass.first_raw).unwrap();
        writeln!(text, "parted     {:?}", reading.parted).unwrap();
        writeln!(text, "trailing   {:?}", pass.trailing).unwrap();
        text
    }

    /// What the policy says.
    pub(crate) fn judged(&self) -> String {
        let pass = self.read();
        let subject = Subject { reading: pass.first().unwrap(), source: pass.source() };
        let judged = policy::judge(subject, &InForce::default());
        let symbols = judged.symbols.iter().map(|row| {
            let entry = row.entry.as_deref().unwrap_or("none");
            format!("{}: {}; entry: {entry}; uses: {}", row.resolved, row.decision.name(), row.uses.words().join(" "))
        });
        let judgements = judged
            .judgements
            .iter()
            .map(|row| format!("effect {}: {:?}, {}: {}", row.effect, row.objection, row.level.name(), row.detail));
        lines(symbols.chain(judgements))
    }

    /// The human report.
    pub(crate) fn human(&self) -> String {
        let mut out = Vec::new();
        report::human(&mut out, &self.one(), &report::Screen::plain(report::Detail::Normal)).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The JSON report.
    pub(crate) fn json(&self) -> String {
        crate::json::indented(&self.written_json())
    }

    fn written_json(&self) -> String {
        let mut out = Vec::new();
        report::json(&mut out, &self.one()).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The finding of the call in the JSON report.
    pub(crate) fn finding(&self) -> String {
        let json = self.written_json();
        let start = json.find(r#"{"rule":"dangerous-call""#).unwrap();
        let end = start + json[start..].find('}').unwrap() + 1;
        crate::json::indented(&json[start..end])
    }

    fn one(&self) -> Report {
        Report { files: vec![self.report()], ..Report::default() }
    }
}

/// Arguments and states.
fn contents(effect: &Effect) -> Vec<Value> {
    use depickle::machine::Action;
    match effect.action {
        Action::Call { args, kwargs, .. } => std::iter::once(args).chain(kwargs).collect(),
        Action::Build { state, .. } => vec![state],
        _ => Vec::new(),
    }
}

/// A value, and what it stands for where it is a literal.
fn shown(view: View<'_>, value: Value) -> String {
    match view.literal(value) {
        Some(opcode::Literal::Str(text)) => format!("{value:?} {:?}", String::from_utf8_lossy(&text)),
        Some(opcode::Literal::Int(number)) => format!("{value:?} {number}"),
        Some(opcode::Literal::Bool(truth)) => format!("{value:?} {truth}"),
        _ => format!("{value:?}"),
    }
}

fn argument<W: Window>(reader: &opcode::Reader<W>, arg: Arg) -> String {
    match arg {
        Arg::None => String::new(),
        Arg::Int(number) => number.to_string(),
        Arg::Bytes(run) => format!("{:?}", String::from_utf8_lossy(reader.bytes(run))),
        other => format!("{other:?}"),
    }
}

fn refused(error: &Error) -> String {
    format!("{:>4}  {}: {}", error.offset().unwrap(), error.kind().name(), error.message())
}

fn lines(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter().fold(String::new(), |text, row| text + row.trim_end() + "\n")
}
