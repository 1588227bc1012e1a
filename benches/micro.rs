//! Small benchmarks of single rooms: `cargo bench --bench micro`. Whole files and peers are `cargo xtask bench`.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run should say so")]

use depickle::audit;
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::loader::{Arrays, Manner, Reader as Loader, Readers, pass};
use depickle::opcode::{Dialect, Reader, SliceWindow};
use depickle::policy::{self, Policy};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use std::hint::black_box;

fn main() {
    divan::main();
}

/// Small dicts in a list, as protocol 4 writes them: twelve opcodes each.
fn records(count: u16) -> Vec<u8> {
    let mut stream = b"\x80\x04](".to_vec();
    for number in 0..count {
        stream.extend_from_slice(b"}\x94(\x8c\x02id\x94M");
        stream.extend_from_slice(&number.to_le_bytes());
        stream.extend_from_slice(b"\x8c\x05score\x94G?\xf0\0\0\0\0\0\0u");
    }
    stream.extend_from_slice(b"e.");
    stream
}

#[divan::bench]
fn reader(bencher: Bencher<'_, '_>) {
    let stream = records(10_000);
    let opcodes = || {
        let mut reader = Reader::new(SliceWindow::new(&stream), 0, Dialect::C);
        std::iter::from_fn(move || reader.next_op().ok()).count()
    };
    bencher.counter(ItemsCount::new(opcodes())).bench(opcodes);
}

#[divan::bench]
fn machine(bencher: Bencher<'_, '_>) {
    let stream = records(10_000);
    let readers = Readers::of(Loader::Pickle);
    let manner = Manner { readers, dialect: Dialect::C, arrays: Arrays::Unknown, search: false };
    let read = || pass(SliceWindow::new(&stream), manner, &mut Limits::default().budget(stream.len() as u64));
    let opcodes = read().readings.first().map_or(0, |reading| reading.opcodes);
    bencher.counter(ItemsCount::new(opcodes)).bench(read);
}

#[divan::bench]
fn scan_of_plain_data(bencher: Bencher<'_, '_>) {
    let stream = records(10_000);
    let source = Source::from_bytes("records.pkl", &stream);
    let (policy, limits) = (Policy::builtin(), Limits::default());
    bencher.counter(BytesCount::of_slice(&stream)).bench(|| audit::scan(&source, &policy, &limits));
}

#[divan::bench]
fn scan_of_a_joblib_file(bencher: Bencher<'_, '_>) {
    let source = Source::open("samples/final_model.joblib".as_ref(), &Limits::default()).unwrap();
    let (policy, limits) = (Policy::builtin(), Limits::default());
    bencher.counter(BytesCount::of_slice(source.bytes())).bench(|| audit::scan(&source, &policy, &limits));
}

#[divan::bench(args = ["sklearn.tree._tree.Tree", "os.system", "some.unknown.Name"])]
fn look_up(bencher: Bencher<'_, '_>, symbol: &str) {
    let policy = Policy::builtin();
    let policy = policy.everywhere();
    bencher.bench(|| policy::describe(black_box(symbol), &policy));
}
