//! `convert`: what may be converted, what is written, and what is never touched.

use crate::support::{Scene, depickle};
use serde_json::{Value, json};
use std::path::Path;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn exit(scene: &Scene, line: &str) -> (Option<i32>, String) {
    let output = scene.run_with(line, &[], b"");
    let both = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(both).unwrap())
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const FORMATS: [&str; 3] = ["npz", "safetensors", "json"];

#[test]
fn nothing_malicious_is_converted() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/malicious");
    let scene = Scene::new(&[]);
    let mut tried = 0;
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md" || extension == "py") {
            continue;
        }
        let mut command = depickle(&scene.path("."));
        command.arg("convert").arg(&path).args(["-o", "out.npz", "--no-policy", "--allow", "os.system"]);
        let code = command.output().unwrap().status.code();
        assert!(matches!(code, Some(1..=3)), "{} {code:?}", path.display());
        tried += 1;
    }
    assert!(tried > 100);
    assert_eq!(names(&scene.path(".")), [""; 0]);
}

#[test]
fn what_is_suspicious_is_converted_only_where_each_symbol_is_allowed() {
    // An array beside an object of a class that no table has.
    let mut file = b"\x80\x03}(X\x01\x00\x00\x00ac".to_vec();
    file.extend(b"mine\nThing\n)\x81X\x01\x00\x00\x00b");
    file.extend(crate::arrays::array());
    file.extend(b"u.");
    let scene = Scene::new(&[("a.pkl", &file)]);
    let (code, told) = exit(&scene, "convert a.pkl -o out.npz");
    assert_eq!((code, told.contains("--allow mine.Thing")), (Some(1), true), "{told}");
    assert_eq!(exit(&scene, "convert a.pkl -o out.npz --allow mine.Other").0, Some(1));
    assert_eq!(names(&scene.path(".")), ["a.pkl"]);
    let (code, told) = exit(&scene, "convert a.pkl -o out.npz --allow mine.Thing --allow mine.Other");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("mine.Other: nothing suspicious"), "{told}");
}

#[test]
fn a_report_says_what_went_where() {
    let scene = Scene::new(&[("a.joblib", &sample("tests/data/arrays/zlib.joblib"))]);
    for format in FORMATS {
        let (code, told) = exit(&scene, &format!("convert a.joblib -o out.{format} --report {format}.json"));
        assert_eq!(code, Some(0), "{told}");
        assert_eq!(told.contains("not carried: root[\"objects\"]"), format == "npz", "{told}");
        let report: Value =
            serde_json::from_slice(&std::fs::read(scene.path(&format!("{format}.json"))).unwrap()).unwrap();
        assert_eq!(report["schema"], "depickle.convert/1");
        assert_eq!(report["verdict"], "clean");
        let written = std::fs::read(scene.path(&format!("out.{format}"))).unwrap();
        assert_eq!(report["outputs"][0]["size"], written.len());
        assert_eq!(report["outputs"][0]["sha256"], sha256(&written));
        assert_eq!(report["input"]["sha256"], sha256(&sample("tests/data/arrays/zlib.joblib")));
        assert_eq!(report["arrays"].as_array().unwrap().len() > 5, format != "json");
        assert_eq!(report["lost"]["count"], report["lost"]["first"].as_array().unwrap().len());
        // Once more, to the same bytes; what is there stays unless it is to be written over.
        assert_eq!(exit(&scene, &format!("convert a.joblib -o out.{format}")).0, Some(2));
        assert_eq!(exit(&scene, &format!("convert a.joblib -o out.{format} -f")).0, Some(0));
        assert!(written == std::fs::read(scene.path(&format!("out.{format}"))).unwrap(), "two runs differ");
    }
    let (code, told) = exit(&scene, "convert a.joblib -o strict.npz --strict --report strict.json");
    assert_eq!(code, Some(3), "{told}");
    let report: Value = serde_json::from_slice(&std::fs::read(scene.path("strict.json")).unwrap()).unwrap();
    assert_eq!((&report["outputs"], report["error"].is_string()), (&json!([]), true));
    assert!(!scene.path("strict.npz").exists());
}

#[test]
fn members_of_an_archive_and_a_single_array_are_converted() {
    let npz = sample("samples/data/arrays_deflated.npz");
    let scene = Scene::new(&[("a.npz", &npz)]);
    for format in ["npz", "safetensors"] {
        let (code, told) = exit(&scene, &format!("convert a.npz -o out.{format} --report report.json -f"));
        assert_eq!(code, Some(0), "{told}");
        let report: Value = serde_json::from_slice(&std::fs::read(scene.path("report.json")).unwrap()).unwrap();
        let (arrays, lost) = (report["arrays"].as_array().unwrap(), &report["lost"]["count"]);
        assert!(arrays.len() > 1 && arrays.iter().all(|array| array["name"].is_string()), "{report:#}");
        assert_eq!(arrays[0]["object_path"], format!("{}.npy:root", arrays[0]["name"].as_str().unwrap()));
        assert_eq!(exit(&scene, &format!("extract out.{format} -o all.npz -f")).0, Some(0));
        assert!(lost.is_u64(), "{report:#}");
    }
    assert_eq!(exit(&scene, "convert a.npz -o out.json").0, Some(2), "no format for several objects");
    // A file of one array, which is its root.
    assert_eq!(exit(&scene, "extract a.npz -o many").0, Some(0));
    let one = names(&scene.path("many")).remove(0);
    for format in FORMATS {
        assert_eq!(exit(&scene, &format!("convert many/{one} -o one.{format}")).0, Some(0));
    }
}

#[test]
fn names_from_a_file_lead_nowhere() {
    let long = "k".repeat(4096);
    let keys = ["../up", "/etc/x", "a\0b", "..", "", ".hidden", "Twin", "twin", "a/b", "a_b", "nul", "C:\\x", &long];
    let scene = Scene::new(&[("in/a.pkl", &crate::arrays::dict(&keys))]);
    for line in ["-o in/out.npz", "-o in/out.safetensors", "-o in/out.json --arrays npz"] {
        let (code, told) = exit(&scene, &format!("convert in/a.pkl --report in/report --force {line}"));
        assert_eq!(code, Some(0), "{told}");
        let report: Value = serde_json::from_slice(&std::fs::read(scene.path("in/report")).unwrap()).unwrap();
        let mut names: Vec<&str> =
            report["arrays"].as_array().unwrap().iter().map(|array| array["name"].as_str().unwrap()).collect();
        if line.contains("safetensors") {
            // In a table of names those are what they were, but for what does not show.
            for kept in ["../up", "Twin", "twin", "a_b", "a/b", "a_b-2"] {
                assert!(names.contains(&kept), "{kept} {names:?}");
            }
        } else {
            let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
            assert!(names.iter().all(|name| plain(name) && !name.contains("..") && name.len() < 200), "{names:?}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), keys.len(), "{names:?}");
    }
    assert_eq!(names(&scene.path(".")), ["in"]);
    assert_eq!(names(&scene.path("in")), ["a.pkl", "out.json", "out.npz", "out.safetensors", "report"]);
}

#[test]
fn safetensors_are_read_back_by_their_own_library() {
    let facts: Value = serde_json::from_slice(&sample("tests/data/arrays/arrays.json")).unwrap();
    let scene = Scene::new(&[("a.pkl", &sample("tests/data/arrays/p4.pkl"))]);
    let (code, told) = exit(&scene, "convert a.pkl -o a.safetensors --report report.json");
    assert_eq!(code, Some(0), "{told}");
    let report: Value = serde_json::from_slice(&std::fs::read(scene.path("report.json")).unwrap()).unwrap();
    let bytes = std::fs::read(scene.path("a.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut compared = 0;
    for array in report["arrays"].as_array().unwrap() {
        let tensor = tensors.tensor(array["name"].as_str().unwrap()).unwrap();
        let known = &facts["arrays"][array["object_path"].as_str().unwrap()];
        // Others are turned to little-endian.
        if known["sha256"] == sha256(tensor.data()) {
            compared += 1;
        } else {
            let name = array["name"].as_str().unwrap();
            assert!(name.contains("big") || name == "Fortran cube", "{array}");
        }
        let start = tensor.data().as_ptr().addr() - bytes.as_ptr().addr();
        let width = if tensor.dtype() == safetensors::Dtype::C64 { 4 } else { tensor.dtype().bitsize() / 8 };
        assert!(start.is_multiple_of(width), "{array} is not aligned");
    }
    assert!(compared > 20 && compared * 2 > tensors.len(), "{compared} of {}", tensors.len());
}

#[test]
fn plain_data_is_read_back_by_another_reader() {
    let scene = Scene::new(&[
        ("config.pkl", &sample("samples/data/config.pkl")),
        ("long_list.pkl", &sample("samples/data/long_list.pkl")),
    ]);
    for name in ["config", "long_list"] {
        let (code, told) = exit(&scene, &format!("convert {name}.pkl -o {name}.out --to pkl"));
        assert_eq!(code, Some(0), "{told}");
        let read = |name: &str| -> serde_pickle::Value {
            let bytes = std::fs::read(scene.path(name)).unwrap();
            serde_pickle::value_from_slice(&bytes, serde_pickle::DeOptions::new()).unwrap()
        };
        assert_eq!(format!("{:?}", read(&format!("{name}.out"))), format!("{:?}", read(&format!("{name}.pkl"))));
        let (code, told) = exit(&scene, &format!("scan {name}.out"));
        assert_eq!(code, Some(0), "{told}");
    }
    // What a list holds that holds itself, it holds once more.
    let scene = Scene::new(&[
        ("a.pkl", &sample("samples/data/shared_and_cyclic.pkl")),
        ("b.pkl", &sample("samples/model.pkl")),
    ]);
    assert_eq!(exit(&scene, "convert a.pkl -o out.pkl").0, Some(0));
    let both = [exit(&scene, "show a.pkl").1, exit(&scene, "show out.pkl").1];
    assert_eq!(both[0], both[1]);
    let (code, told) = exit(&scene, "convert b.pkl -o model.pkl");
    assert_eq!((code, told.contains("an object of sklearn.pipeline.Pipeline")), (Some(2), true), "{told}");
    assert!(!scene.path("model.pkl").exists());
}

#[test]
fn json_has_everything() {
    for name in ["python_types", "shared_and_cyclic", "object_array"] {
        let file = ["pkl", "joblib"].map(|ending| format!("samples/data/{name}.{ending}"));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = file.iter().find(|file| root.join(file).exists()).unwrap();
        let scene = Scene::new(&[("a", &sample(file))]);
        let (code, told) = exit(&scene, "convert a -o a.json");
        assert_eq!(code, Some(0), "{told}");
        let text = std::fs::read_to_string(scene.path("a.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap();
        insta::assert_snapshot!(format!("json_{name}"), text);
    }
}

#[test]
fn no_depth_is_too_deep() {
    // Lists in lists, and tuples in tuples, deeper than any stack.
    let deep = 30_000;
    let lists = [b"\x80\x04".to_vec(), b"]".repeat(deep), b"a".repeat(deep - 1), b".".to_vec()].concat();
    let tuples = [b"\x80\x04)".to_vec(), b"\x85".repeat(deep), b".".to_vec()].concat();
    let scene = Scene::new(&[("lists.pkl", &lists), ("tuples.pkl", &tuples)]);
    for name in ["lists", "tuples"] {
        for format in ["json", "pkl", "safetensors", "npz"] {
            let code = exit(&scene, &format!("convert {name}.pkl -o {name}.{format} --force --to {format}")).0;
            assert!(code.is_some(), "{name} {format}: killed");
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_input_is_never_written_over() {
    let bytes = sample("tests/data/arrays/p4.pkl");
    let scene = Scene::new(&[("a.npz", &bytes)]);
    std::fs::hard_link(scene.path("a.npz"), scene.path("hard.npz")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.npz", scene.path("soft.npz")).unwrap();
    for line in ["-o a.npz", "-o ./a.npz", "-o hard.npz", "-o soft.npz", "-o new.npz --report hard.npz"] {
        let (code, told) = exit(&scene, &format!("convert a.npz --force {line}"));
        assert_eq!((code, told.contains("the file that is read")), (Some(2), true), "{line} {told}");
    }
    assert!(std::fs::read(scene.path("a.npz")).unwrap() == bytes);
    assert!(!scene.path("new.npz").exists());
}

#[test]
fn what_cannot_be_done_is_said() {
    let scene = Scene::new(&[("a.pkl", &sample("tests/data/arrays/p4.pkl")), ("a.txt", b"some text")]);
    for (line, word) in [
        ("convert a.pkl -o out.txt", ".safetensors"),
        ("convert a.pkl -o out", "--to"),
        ("convert a.pkl -o missing/out.npz", "missing/out.npz"),
        ("convert a.pkl -o out.npz --report out.npz", "one file"),
        ("convert gone.pkl -o out.npz", "gone.pkl"),
        ("convert a.txt -o out.npz", "text"),
    ] {
        let (code, told) = exit(&scene, line);
        assert_eq!((code, told.contains(word)), (Some(2), true), "{line}: {told}");
    }
    assert_eq!(names(&scene.path(".")), ["a.pkl", "a.txt"]);
    let (code, told) = exit(&scene, "convert a.pkl -o out --to npz");
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn safetensors_are_read_as_what_they_hold() {
    use safetensors::tensor::{Dtype, TensorView, serialize};
    let (floats, brain) = ([1.0_f32.to_le_bytes(), 2.5_f32.to_le_bytes()].concat(), [0x80, 0x3f]);
    let tensors = [
        ("layer.0.weight", TensorView::new(Dtype::F32, vec![1, 2], &floats).unwrap()),
        ("../b", TensorView::new(Dtype::BF16, vec![1], &brain).unwrap()),
    ];
    let note = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
    let bytes = serialize(tensors, Some(note)).unwrap();
    let scene = Scene::new(&[("a.safetensors", &bytes), ("a.pkl", &sample("tests/data/arrays/p4.pkl"))]);
    insta::assert_snapshot!(
        [
            scene.show("show a.safetensors"),
            scene.show("arrays a.safetensors --hash --stats"),
            scene.show("about a.safetensors"),
            scene.show("extract a.safetensors -o out"),
            scene.show("convert a.safetensors -o again.safetensors"),
            scene.show("diff a.safetensors again.safetensors"),
        ]
        .join("\n")
    );
    assert_eq!(names(&scene.path("out")), ["layer.0.weight.npy"]);
    // What convert wrote is what it was of, by the same paths.
    assert_eq!(exit(&scene, "convert a.pkl -o b.safetensors").0, Some(0));
    let listed = |line: &str| {
        let (code, told) = exit(&scene, line);
        (code, told.lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let (source, written) = (listed("arrays a.pkl"), listed("arrays b.safetensors"));
    assert_eq!((written.0, written.1.len()), (Some(0), source.1.len()));
}

#[test]
fn safetensors_that_lie_are_refused() {
    let file = |header: &str, data: &[u8]| {
        let length = u64::try_from(header.len()).unwrap().to_le_bytes();
        [&length, header.as_bytes(), data].concat()
    };
    let told = |header: &str| {
        let scene = Scene::new(&[("a.safetensors", &file(header, &[0; 8]))]);
        exit(&scene, "arrays a.safetensors")
    };
    let row = |dtype: &str, shape: &str, end: u8| {
        format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{end}]}}}}"#)
    };
    assert_eq!(told(&row("F32", "[2]", 8)).0, Some(0));
    for (header, why) in [
        (row("F32", "[3]", 8), "has not the bytes of its type and shape"),
        (row("F32", "[4611686018427387904,4]", 8), "has not the bytes of its type and shape"),
        (row("F32", "[1]", 4), "do not reach to the end"),
        ("{\"a\":1}".to_owned(), "its header"),
    ] {
        let (code, told) = told(&header);
        assert!(code == Some(2) && told.contains(why), "{header}: {told}");
    }
    let (code, told) = told(&row("F4", "[16]", 8));
    assert!(code == Some(3) && told.contains("share bytes, or are of an unknown type"), "{told}");
    let content = r#"{"__metadata__":{"depickle":"{}"},"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#;
    let scene = Scene::new(&[("a.safetensors", &file(content, &[0; 8]))]);
    let (code, told) = exit(&scene, "arrays a.safetensors");
    assert!(code == Some(3) && told.contains("root[\"a\"]: Tensor float64 (1,)"), "{told}");
    assert!(told.contains("what stands beside its tensors cannot be read"), "{told}");
}

#[test]
fn what_was_converted_is_not_taken_for_judged() {
    let call = r#"{"schema":"depickle.content/1","format":"pickle","root":{"$object":{"made":"call","class":"os:system","args":{"$tuple":[""]}}}}"#;
    let header = format!(r#"{{"__metadata__":{{"depickle":{}}}}}"#, serde_json::to_string(call).unwrap());
    let tensors = [&u64::try_from(header.len()).unwrap().to_le_bytes(), header.as_bytes()].concat();
    let scene = Scene::new(&[("a.json", call.as_bytes()), ("a.safetensors", &tensors)]);
    for name in ["a.json", "a.safetensors"] {
        assert!(exit(&scene, &format!("show {name}")).1.contains("call os.system('')"));
        for format in ["json", "npz", "safetensors", "pkl", "skops"] {
            let (code, told) = exit(&scene, &format!("convert {name} -o out.{format}"));
            assert!(code == Some(2) && told.contains("nobody has judged what it says"), "{told}");
        }
    }
    assert_eq!(names(&scene.path("")), ["a.json", "a.safetensors"]);
}
