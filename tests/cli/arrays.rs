//! `arrays` and `extract`: what is written, under which names, and what is never touched.

use crate::support::Scene;
use std::path::Path;

fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/arrays").join(name)).unwrap()
}

fn exit(scene: &Scene, line: &str) -> (Option<i32>, String) {
    let output = scene.run_with(line, &[], b"");
    let both = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(both).unwrap())
}

/// An array of one byte.
pub(crate) fn array() -> Vec<u8> {
    b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01(K\x01tcnumpy\ndtype\n\
        (U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89C\x01xtb"
        .to_vec()
}

/// A dict with these keys, an array at each.
pub(crate) fn dict(keys: &[&str]) -> Vec<u8> {
    let mut bytes = b"\x80\x03}".to_vec();
    for key in keys {
        bytes.push(b'X');
        bytes.extend(u32::try_from(key.len()).unwrap().to_le_bytes());
        bytes.extend(key.as_bytes());
        bytes.extend(array());
        bytes.push(b's');
    }
    bytes.push(b'.');
    bytes
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn one_array_is_written_as_numpy_writes_it() {
    let scene = Scene::new(&[("a.pkl", &data("p4.pkl"))]);
    assert_eq!(exit(&scene, "extract a.pkl --select ['Fortran'] -o out.npy").0, Some(0));
    let written = std::fs::read(scene.path("out.npy")).unwrap();
    let head = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': True, 'shape': (5, 7), }";
    assert!(written.starts_with(head));
    assert_eq!(written.len(), 128 + 35 * 8);
    assert_eq!(written[128 + 8..128 + 16], 7_f64.to_le_bytes());
}

#[test]
fn an_archive_is_read_back() {
    let scene = Scene::new(&[("a.joblib", &data("zlib.joblib"))]);
    // Arrays of objects are left out, and named.
    let (code, told) = exit(&scene, "extract a.joblib -o out.npz");
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("root[\"objects\"]") && told.contains("root[\"strings\"]"), "{told}");
    let (code, told) = exit(&scene, "scan out.npz");
    assert_eq!(code, Some(0), "{told}");
    let first = std::fs::read(scene.path("out.npz")).unwrap();
    assert_eq!(exit(&scene, "extract a.joblib -o again.npz").0, Some(3));
    assert!(first == std::fs::read(scene.path("again.npz")).unwrap(), "two runs differ");
}

#[test]
fn names_from_a_file_stay_in_the_directory() {
    let long = "k".repeat(4096);
    let keys = ["../up", "/etc/x", "a\0b", "..", "", ".hidden", "Twin", "twin", "a/b", "a_b", "nul", "C:\\x", &long];
    let scene = Scene::new(&[("in/a.pkl", &dict(&keys))]);
    let (code, told) = exit(&scene, "extract in/a.pkl -o in/out");
    assert_eq!(code, Some(0), "{told}");
    let written = names(&scene.path("in/out"));
    assert_eq!(written.len(), keys.len(), "{written:?}");
    assert!(written.iter().all(|name| name.len() < 200 && !name.starts_with('.')), "{written:?}");
    assert_eq!(
        (names(&scene.path("in")), names(&scene.path("."))),
        (vec!["a.pkl".into(), "out".into()], vec!["in".into()])
    );
}

#[test]
fn nothing_is_written_over() {
    let scene = Scene::new(&[("a.pkl", &dict(&["x", "y"])), ("out.npz", b"mine"), ("out/y.npy", b"mine")]);
    for line in ["extract a.pkl -o out.npz", "extract a.pkl -o out"] {
        assert_eq!(exit(&scene, line).0, Some(2));
    }
    assert_eq!(std::fs::read(scene.path("out.npz")).unwrap(), b"mine");
    assert_eq!(names(&scene.path("out")), ["y.npy"]);
    assert_eq!(exit(&scene, "extract a.pkl -o out.npz --force").0, Some(0));
    // Never the input, not even by force.
    std::fs::write(scene.path("own.npz"), dict(&["x"])).unwrap();
    assert_eq!(exit(&scene, "extract own.npz -o own.npz --force").0, Some(2));
    assert_eq!(std::fs::read(scene.path("own.npz")).unwrap(), dict(&["x"]));
}

#[test]
fn what_cannot_be_done_is_said() {
    let scene = Scene::new(&[("a.pkl", &dict(&["x", "y"]))]);
    let (code, told) = exit(&scene, "extract a.pkl -o out.npy");
    assert_eq!((code, told.contains("--select")), (Some(2), true), "{told}");
    let (code, told) = exit(&scene, "extract a.pkl --select root.z -o out");
    assert_eq!((code, told.contains("there is no array")), (Some(2), true), "{told}");
    assert_eq!(exit(&scene, "extract a.pkl -o missing/out.npz").0, Some(2));
    assert_eq!(names(&scene.path(".")), ["a.pkl"]);
}

#[test]
fn the_page_has_the_same_statistics_where_they_are_asked_for() {
    // Compressed, so that the order in which arrays are read is not that in which they are listed.
    for name in ["p4.pkl", "zlib.joblib", "deflated.npz", "torch.zip.pt"] {
        let scene = Scene::new(&[("a.pkl", &data(name))]);
        let page = |options: &str| {
            scene.run_with(&format!("scan a.pkl --format html=page.html {options}"), &[], b"");
            std::fs::read_to_string(scene.path("page.html")).unwrap()
        };
        let plain = page("");
        assert!(plain.contains("Arrays: ") && !plain.contains("min ") && !plain.contains("class=\"bars\""), "{name}");
        let page = page("--stats");
        let listed = scene.run_with("arrays a.pkl --stats --format json", &[], b"").stdout;
        let listed: serde_json::Value = serde_json::from_slice(&listed).unwrap();
        let histograms: Vec<String> = listed["arrays"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|array| array.pointer("/stats/histogram")?.as_array())
            .map(|bins| bins.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            .collect();
        let drawn: Vec<&str> =
            page.split("equal parts of the range: ").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(!drawn.is_empty(), "{name}");
        assert_eq!(drawn, histograms, "{name}");
        let text = exit(&scene, "arrays a.pkl --stats").1;
        for line in text.lines().filter(|line| line.starts_with("  min ")) {
            assert!(page.contains(&format!("<td>{}", line.trim())), "{name}: {line}");
        }
    }
}

/// What `joblib.load` gives of `tests/data/joblib_0.8.pkl` and `tests/data/joblib_0.8_z.pkl`: SHA-256 of `tobytes()`.
const WEIGHTS: &str = "3cdb84857b942fe6dfa5d5b90444935652a4a319bab777539926f4b43fe579fa";
const FORTRAN: &str = "cd9a54ed1f18bf97db08914e280ea7349e11ca2c4885a4d8052552ceba84208d";
const BIAS: &str = "ab25350e3e65efebe24584461683ecda68725576e825e550038b90e7b1479946";

/// A file of `tests/data` and those beside it, to which `changed` may do something.
fn with_companions(name: &str, changed: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Scene {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&data).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if file.starts_with(name) {
            let bytes = std::fs::read(data.join(&file)).unwrap();
            files.extend(changed(&file, bytes).map(|bytes| (file, bytes)));
        }
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    Scene::new(&files)
}

#[test]
fn arrays_beside_an_old_joblib_file_are_found() {
    let plain = with_companions("joblib_0.8.pkl", |_, bytes| Some(bytes));
    let (code, told) = exit(&plain, "arrays joblib_0.8.pkl --hash");
    assert!(code == Some(3) && told.contains(WEIGHTS) && told.contains(FORTRAN), "{told}");
    assert!(told.contains("root[\"fortran\"]: ndarray int32 (2, 3) F order, 24 bytes"), "{told}");
    assert!(told.contains("its elements are objects in another file: give that file itself"), "{told}");
    // The file itself is compressed as those beside it are.
    let packed = with_companions("joblib_0.8_z.pkl", |_, bytes| Some(bytes));
    let (code, told) = exit(&packed, "arrays joblib_0.8_z.pkl --hash");
    assert!(code == Some(0) && told.contains(WEIGHTS) && told.contains(BIAS), "{told}");
    assert_eq!(exit(&packed, "extract joblib_0.8_z.pkl -o out").0, Some(0));
    assert_eq!(names(&packed.path("out")), ["bias.npy", "weights.npy"]);
    assert_eq!(exit(&packed, "convert joblib_0.8_z.pkl -o out.npz").0, Some(0));
    let (_, told) = exit(&packed, "arrays out.npz --hash");
    assert!(told.contains(WEIGHTS) && told.contains(BIAS), "{told}");
}

#[test]
fn what_a_companion_lacks_is_said() {
    let told = |name: &str, scene: Scene| {
        let convert = exit(&scene, &format!("convert {name} -o out.npz"));
        let (code, told) = exit(&scene, &format!("extract {name} -o out --select ['weights']"));
        assert_eq!(code, Some(2), "{told}");
        (convert.0, told)
    };
    let first = |file: &str| file.contains("_01.npy");
    let (code, gone) =
        told("joblib_0.8_z.pkl", with_companions("joblib_0.8_z.pkl", |file, bytes| (!first(file)).then_some(bytes)));
    assert_eq!(code, Some(3));
    assert!(gone.contains("its elements stand in joblib_0.8_z.pkl_01.npy.z: it is not there"), "{gone}");
    let cut = |by: usize| {
        move |file: &str, bytes: Vec<u8>| {
            let end = if first(file) { bytes.len() - by } else { bytes.len() };
            Some(bytes[..end].to_vec())
        }
    };
    let (_, short) = told("joblib_0.8.pkl", with_companions("joblib_0.8.pkl", cut(1)));
    assert!(short.contains("it takes 96 bytes and has 95"), "{short}");
    let (_, short) = told("joblib_0.8_z.pkl", with_companions("joblib_0.8_z.pkl", cut(8)));
    assert!(short.contains("the zlib data ends too early"), "{short}");
    let longer = |file: &str, mut bytes: Vec<u8>| {
        if first(file) {
            bytes[4..6].copy_from_slice(b"70");
        }
        Some(bytes)
    };
    let (_, other) = told("joblib_0.8_z.pkl", with_companions("joblib_0.8_z.pkl", longer));
    assert!(other.contains("it takes 96 bytes and has 112"), "{other}");
}

/// An array of objects of this shape, of two numbers.
fn objects(shape: &[u8]) -> Vec<u8> {
    let dtype = b"cnumpy\ndtype\n(U\x02O8K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb";
    let head = b"\x80\x03cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01(";
    [&head[..], shape, b"t", dtype, b"\x89](K\x01K\x02etb."].concat()
}

/// A file of torch before 1.6: a tensor of one dimension over a storage of four floats, of which so many bytes are there.
fn tensor(offset: u8, size: u8, stride: u8, there: usize) -> Vec<u8> {
    let object: &[&[u8]] = &[
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(",
        b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x007X\x03\0\0\0cpuK\x04NtQ",
        &[b'K', offset, b'K', size, 0x85, b'K', stride, 0x85, 0x89],
        b"ccollections\nOrderedDict\n)RtR.",
    ];
    let head = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    let storage = [4_u64.to_le_bytes().as_slice(), &vec![0; there]].concat();
    [&head[..], &object.concat(), b"\x80\x02]X\x01\0\0\x007a.", &storage].concat()
}

#[test]
fn what_contradicts_itself_has_a_rule_and_is_written_nowhere() {
    let files: [(&str, Vec<u8>, Refused); 8] = [
        ("two.pkl", objects(b"K\x02"), None),
        (
            "fewer.pkl",
            objects(b"K\x03"),
            Some(("numpy-layout", "the shape says 3 objects, the list has 2", "it has 2 elements, and by its shape 3")),
        ),
        (
            "more.pkl",
            objects(b"K\x01"),
            Some(("numpy-layout", "the shape says 1 objects, the list has 2", "it has 2 elements, and by its shape 1")),
        ),
        (
            "negative.pkl",
            objects(b"J\xff\xff\xff\xff"),
            Some(("argument-shape", "the shape is not a tuple of sizes", "it has no usable shape")),
        ),
        ("within.pt", tensor(1, 3, 1, 16), None),
        ("offset.pt", tensor(1, 4, 1, 16), BEYOND),
        ("size.pt", tensor(0, 5, 1, 16), BEYOND),
        ("stride.pt", tensor(0, 2, 4, 16), BEYOND),
    ];
    for (name, bytes, refused) in files {
        let scene = Scene::new(&[(name, &bytes)]);
        let run = |line: &str| exit(&scene, &line.replace("FILE", name));
        let Some((rule, said, why)) = refused else {
            assert_eq!(run("scan FILE").0, Some(0), "{name}");
            assert_eq!(run("arrays FILE").0, Some(0), "{name}");
            assert_eq!(run("convert FILE -o out.json").0, Some(0), "{name}");
            continue;
        };
        let (code, told) = run("scan FILE");
        assert!(code == Some(1) && told.contains(&format!("[{rule}]")) && told.contains(said), "{told}");
        let (code, told) = run("arrays FILE");
        assert!(code == Some(3) && told.contains(&format!("  error: {why}\n")), "{told}");
        for out in ["out.npz", "out.npy", "out"] {
            assert_eq!(run(&format!("extract FILE -o {out}")).0, Some(2), "{name}");
        }
        for format in ["json", "npz", "safetensors", "pkl", "skops"] {
            let (code, told) = run(&format!("convert FILE -o out.{format}"));
            let end = format!("{said} [{rule}]\n");
            assert!(code == Some(1) && told.contains("so it is not converted: ") && told.contains(&end), "{told}");
        }
        assert_eq!(names(&scene.path("")), [name]);
    }
}

/// The rule that a file breaks, what the rule says, and what is said of the array.
type Refused = Option<(&'static str, &'static str, &'static str)>;

const BEYOND: Refused = Some((
    "tensor-layout",
    "a tensor reaches beyond its storage of 16 bytes",
    "it reaches beyond its storage of 16 bytes",
));

#[test]
fn a_place_is_what_its_name_says() {
    let scene = Scene::new(&[("a.pkl", &dict(&["x"])), ("taken", b"")]);
    let (code, told) = exit(&scene, "extract a.pkl -o out.txt");
    assert!(code == Some(2) && told.contains("error: out.txt: its ending names no format"), "{told}");
    let (code, told) = exit(&scene, "extract a.pkl -o taken -f");
    assert!(code == Some(2) && told.contains("error: taken: not a directory"), "{told}");
    for place in ["v1.2", "out.txt/", "out.txt", "plain"] {
        assert_eq!(exit(&scene, &format!("extract a.pkl -o {place} -f")).0, Some(0), "{place}");
        assert_eq!(names(&scene.path(place)), ["x.npy"]);
    }
    let long = "n".repeat(251);
    assert_eq!(exit(&scene, &format!("extract a.pkl -o {long}.npz")).0, Some(0));
    let (code, told) = exit(&scene, &format!("extract a.pkl -o {long}.npz"));
    assert!(code == Some(2) && told.contains("it is there already"), "{told}");
}
