//! Whatever else a pickle comes in: tar, 7z, compressors, the files of pandas and of model libraries.

use super::Row;
use crate::assemble::{Member, archive};
use crate::npz::npy;
use crate::press::{SKIPPED, bz2, gzip, lz4, stored_frame, xz, zfile, zlib, zstd};
use crate::readers::base64;
use crate::sevenz;
use crate::tape::{Header, filled, linked, member, special, tar};
use crate::torch::{checkpoint, four_floats};
use crate::{CALL, CALL_0, PLAIN};
use depickle::finding::Verdict;

type Press = fn(&[u8]) -> Vec<u8>;

/// Compressors, and how pandas names their files.
const PRESSES: [(&str, &str, Press); 7] = [
    ("gzip", "x.pkl.gz", gzip),
    ("bz2", "x.pkl.bz2", bz2),
    ("xz", "x.pkl.xz", xz),
    ("zstd", "x.pkl.zst", zstd),
    ("zlib", "x.joblib.z", zlib),
    ("lz4", "x.joblib.lz4", lz4),
    ("zf", "x.joblib", zfile),
];

/// [`CALL`] as `lzma.compress(..., format=FORMAT_ALONE)` writes it.
const LZMA: &str = "XQAAgAD//////////wBAAIgDy4fmDj/G26ZiOtDgF6QTCebqHzUJUTP//3OEAAA=";

pub(super) fn rows() -> Vec<Row> {
    [called(), nested(), sevenz(), tars(), compressed(), members(), pandas(), loaders()].concat()
}

/// Names that promise something else.
fn called() -> Vec<Row> {
    let names = "a.txt a.md a.json a.yaml a.csv a.model a.safetensors a.gguf a.h5 a.keras a.onnx a.pb a.tflite a.bin a.pt \
        a.pth a.ckpt a.npy a.npz a.zip a.gz a.tar a.png a.jpg a.py a.exe a.dat a.dill a.cloudpickle a.log PICKLE noending";
    let of =
        |name: &'static str| [CALL, CALL_0].map(|call| Row::call("C11", name, call.to_vec()).called(name)).into_iter();
    names.split_whitespace().flat_map(of).collect()
}

fn nested() -> Vec<Row> {
    let torch = archive(&checkpoint(CALL, &[0; 16]));
    let config = member("model_config.yaml", b"name: model\n");
    [
        ("tar.gz", gzip(&tar(&[member("x", CALL)]))),
        ("a model in 7z", sevenz::stored(&[&torch])),
        ("7z in a zip", archive(&[Member::deflated("x", &sevenz::stored(&[CALL]))])),
        ("7z in gzip in a tar", tar(&[member("x", &gzip(&sevenz::stored(&[CALL])))])),
        (".nemo", tar(&[config.clone(), member("./model_weights.ckpt", &torch)])),
        (".nemo, compressed", gzip(&tar(&[config, member("./model_weights.ckpt", &torch)]))),
        (".mar", archive(&[Member::deflated("MAR-INF/MANIFEST.json", b"{}"), Member::stored("model.pt", &torch)])),
    ]
    .map(|(name, bytes)| Row::call("C13", name, bytes))
    .into()
}

fn sevenz() -> Vec<Row> {
    let mut rows = vec![
        Row::call("C14", "alone", sevenz::stored(&[CALL])),
        Row::call("C14", "behind another, without ending", sevenz::stored(&[PLAIN, CALL_0])),
        Row::call("C14", "before another", sevenz::stored(&[CALL, PLAIN])),
    ];
    let cut = sevenz::stored(&[CALL, PLAIN]);
    rows.push(Row::ends("C14", "without its header", cut[..cut.len() - 5].to_vec(), Verdict::Suspicious));
    rows
}

/// Whatever a reader may take for a member.
fn tars() -> Vec<Row> {
    let plain = member("plain.pkl", PLAIN);
    let after = |before: Vec<u8>| [before, member("data.pkl", CALL)].concat();
    let size = |size: &[u8]| [Header::new(b"x", CALL.len(), b'0').with(124, size).bytes(), filled(CALL)].concat();
    let kind = |kind: u8| [Header::new(b"x", CALL.len(), kind).bytes(), filled(CALL)].concat();
    let base_256 = [&[0x80][..], &[0; 9], &u16::try_from(CALL.len()).unwrap().to_be_bytes()].concat();
    let odd: &[&str] = &["archive-anomaly"];
    let long = [b"long/".repeat(60), b"\0".to_vec()].concat();
    let path = format!("310 path={}\n", "long/".repeat(60));
    let mut rows: Vec<Row> = [
        ("a long name of GNU", tar(&[special(b'L', &long), member("x", CALL)]), &[][..]),
        ("a long name of pax", tar(&[special(b'x', path.as_bytes()), member("x", CALL)]), &[]),
        ("behind a zero block", after([plain.clone(), vec![0; 512]].concat()), odd),
        ("behind the end", after(tar(std::slice::from_ref(&plain))), odd),
        ("behind a broken block", after([plain.clone(), vec![1; 512]].concat()), odd),
        ("in a number of bytes", tar(&[size(&base_256)]), &[]),
        ("a size that is none", tar(&[size(format!("{:010o}z", CALL.len()).as_bytes())]), odd),
        ("a size of pax", tar(&[special(b'x', b"9 size=0\n"), member("x", CALL)]), odd),
        ("a size of pax alone", tar(&[special(b'x', b"11 size=34\n"), kind(b'0')]), odd),
        ("a size for all", tar(&[special(b'g', b"9 size=4\n"), member("x", CALL)]), odd),
        ("of a vendor", tar(&[kind(b'Z')]), &[]),
        ("contiguous", tar(&[kind(b'7')]), &[]),
        ("of the oldest kind", tar(&[kind(0)]), &[]),
        ("sparse", tar(&[kind(b'S')]), &["unread-member"]),
        ("sparse by pax", tar(&[special(b'x', b"21 GNU.sparse.size=9\n"), kind(b'0')]), &["unread-member"]),
        ("a link with data", tar(&[kind(b'1')]), odd),
        ("a symbolic link with data", tar(&[kind(b'2')]), odd),
        ("a directory with data", tar(&[kind(b'5')]), odd),
        ("an extended header that is none", tar(&[special(b'x', b"99 x"), kind(b'0')]), odd),
        ("cut off", kind(b'0')[..512 + CALL.len()].to_vec(), &[]),
        ("two of one name", tar(&[member("plain.pkl", CALL), plain.clone()]), &[]),
        ("a link to the member before", tar(&[linked("x", "plain.pkl"), member("plain.pkl", CALL)]), &[]),
    ]
    .map(|(name, bytes, rules)| Row::call("C15", name, bytes).told_by(rules))
    .into();
    let torch = tar(&[linked("storages", "/elsewhere"), member("pickle", PLAIN), member("tensors", PLAIN)]);
    rows.push(Row::ends("C15", "a link where torch reads", torch, Verdict::Suspicious).told_by(&["unread-member"]));
    let later = [vec![0; 512], b"noise".repeat(300)[..1024].to_vec(), tar(&[member("x", CALL)])].concat();
    rows.push(Row::call("C15", "behind blocks that are no header", later.clone()));
    rows.push(Row::call("C15", "behind blocks that are no header, compressed", bz2(&later)));
    rows.push(Row::call(
        "C15",
        "two archives in two members",
        [gzip(&tar(&[plain])), gzip(&tar(&[member("x", CALL)]))].concat(),
    ));
    rows.push(Row::call("C15", "torch's own", tar(&[member("sys_info", PLAIN), member("pickle", CALL)])));
    for name in ["../x.pkl", "/x.pkl", "a/../../x.pkl"] {
        let row = Row::ends("C26", format!("tar, {name}"), tar(&[member(name, PLAIN)]), Verdict::Suspicious);
        rows.push(row.told_by(odd));
    }
    let through = tar(&[linked("models", "/etc"), member("models/x.pkl", CALL)]);
    rows.push(Row::call("C26", "through a link", through));
    rows
}

fn compressed() -> Vec<Row> {
    let mut rows: Vec<Row> = PRESSES.map(|(name, _, press)| Row::call("C16", name, press(CALL))).into();
    rows.push(Row::call("C16", "lzma", base64(LZMA)));
    rows.push(Row::call("C16", "zlib of another level", stored_zlib()));
    rows.extend(PRESSES.map(|(name, _, press)| Row::call("C16", format!("{name}, protocol 0"), press(CALL_0))));
    for (outer, _, press) in PRESSES {
        rows.push(Row::call("C16", format!("gzip in {outer}"), press(&gzip(CALL))));
    }
    rows
}

/// zlib at level 0: its header is another, and the call stands in it as it is.
fn stored_zlib() -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(CALL).unwrap();
    encoder.finish().unwrap()
}

/// Members and frames one behind the other, and what is wrong at their end.
fn members() -> Vec<Row> {
    let (first, second) = CALL.split_at(7);
    let mut rows = Vec::new();
    // Whoever inflates zlib ends with its first stream, or never does.
    for (name, _, press) in PRESSES.into_iter().filter(|(name, ..)| !matches!(*name, "zf" | "zlib")) {
        let mut row = |what: &str, bytes: Vec<u8>| rows.push(Row::call("C17", format!("{name}, {what}"), bytes));
        row("split", [press(first), press(second)].concat());
        row("behind another", [press(PLAIN), press(CALL)].concat());
        row("behind nothing", [press(b""), press(CALL)].concat());
        row("rubbish behind", [press(CALL), b"rubbish".to_vec()].concat());
        let whole = press(CALL);
        row("cut in its trailer", whole[..whole.len() - 1].to_vec());
        let mut wrong = whole;
        *wrong.last_mut().unwrap() ^= 1;
        row("a wrong trailer", wrong);
    }
    let zlibs = [zlib(PLAIN), zlib(CALL)].concat();
    rows.push(Row::ends("C17", "zlib, behind another", zlibs, Verdict::Suspicious).told_by(&["compressed-tail"]));
    rows.push(
        Row::call("C17", "zlib, before another", [zlib(CALL), zlib(PLAIN)].concat()).told_by(&["compressed-tail"]),
    );
    rows.push(Row::call("C17", "zlib, cut in its trailer", zlib(CALL)[..zlib(CALL).len() - 1].to_vec()));
    rows.extend(
        [
            ("a frame that is stored", stored_frame(CALL)),
            ("a skipped frame first", [SKIPPED, &zstd(CALL)].concat()),
            ("a skipped frame between", [zstd(first), SKIPPED.to_vec(), zstd(second)].concat()),
            ("a skipped frame before lz4", [SKIPPED, &lz4(CALL)].concat()),
        ]
        .map(|(name, bytes)| Row::call("C17", name, bytes)),
    );
    rows
}

/// What `pandas.read_pickle` opens, by the ending of the name.
fn pandas() -> Vec<Row> {
    let mut rows: Vec<Row> =
        PRESSES.map(|(_, file, press)| Row::call("C28", file, press(CALL)).called(file)).into_iter().take(4).collect();
    for (file, bytes) in [
        ("x.pkl.zip", archive(&[Member::deflated("x.pkl", CALL)])),
        ("x.pkl.tar", tar(&[member("x.pkl", CALL)])),
        ("x.pkl.tar.gz", gzip(&tar(&[member("x.pkl", CALL)]))),
        ("x.pkl.tar.bz2", bz2(&tar(&[member("x.pkl", CALL)]))),
        ("x.pkl.tar.xz", xz(&tar(&[member("x.pkl", CALL)]))),
        // By this name it is not inflated.
        ("x.pkl.gz", CALL.to_vec()),
    ] {
        rows.push(Row::call("C28", file, bytes).called(file));
    }
    rows
}

/// Files of one library or another that unpickle something on the way.
fn loaders() -> Vec<Row> {
    let torch = archive(&checkpoint(CALL, &[0; 16]));
    let objects = npy("'|O'", "()", CALL);
    let npz = archive(&[Member::deflated("x.npy", &objects)]);
    let text = |name: &str| Member::deflated(name, b"{}");
    let constants =
        [checkpoint(&four_floats(), &[0; 16]), vec![Member::stored("archive/constants.pkl", CALL)]].concat();
    [
        ("torch, compressed", gzip(&torch)),
        ("torch in joblib's zlib", zlib(&torch)),
        ("constants of TorchScript", archive(&constants)),
        ("npy, compressed", gzip(&objects)),
        ("npz, compressed", xz(&npz)),
        ("npz in a zip", archive(&[Member::deflated("arrays.npz", &npz)])),
        ("Keras with a member that is a pickle", archive(&[text("config.json"), Member::deflated("extra.pkl", CALL)])),
        (
            "skops with a member that is a joblib file",
            archive(&[text("schema.json"), Member::stored("1", &zlib(CALL))]),
        ),
        ("a wheel", archive(&[text("x.dist-info/METADATA"), Member::deflated("x/model.joblib", &zlib(CALL))])),
        ("an OCI layer", gzip(&tar(&[member("usr/share/model/x.pkl", CALL)]))),
        ("a frame of pandas in a tar in a zip", archive(&[Member::deflated("x", &tar(&[member("y", &zstd(CALL))]))])),
    ]
    .map(|(name, bytes)| Row::call("C29", name, bytes))
    .into()
}
