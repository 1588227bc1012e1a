//! Full disks, targets that cannot be written, interruptions: the input stays, and nothing is half-written.
#![cfg(unix)]

use crate::support::{Scene, depickle};
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A pickle of an array of this many bytes.
fn pickle(len: u32) -> Vec<u8> {
    let mut bytes = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01(J".to_vec();
    bytes.extend(len.to_le_bytes());
    bytes.extend(b"tcnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89B");
    bytes.extend(len.to_le_bytes());
    bytes.resize(bytes.len() + usize::try_from(len).unwrap(), 7);
    [b"\x80\x03", &bytes[..], b"tb."].concat()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const LARGE: u32 = 300_000;

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let scene = Scene::new(&[("a.pkl", &pickle(LARGE)), ("old.npz", b"mine")]);
    for line in [
        "convert a.pkl -o out.safetensors",
        "convert a.pkl -o out.npz",
        "convert a.pkl -o out.json",
        "convert a.pkl -o out.pkl --arrays list",
        "convert a.pkl -o old.npz --force",
        "extract a.pkl -o out.npz",
        "extract a.pkl -o out.npy",
    ] {
        // No file may grow beyond some blocks; without the trap the process would be killed, here it is told.
        let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"";
        let mut command = Command::new("sh");
        command.current_dir(scene.path(".")).args(["-c", script, env!("CARGO_BIN_EXE_depickle")]);
        let output = command.args(line.split(' ')).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), told.contains("nothing is half-written")), (Some(2), true), "{line} {told}");
        assert_eq!(names(&scene.path(".")), ["a.pkl", "old.npz"], "{line}");
    }
    assert_eq!(std::fs::read(scene.path("old.npz")).unwrap(), b"mine");
    assert!(std::fs::read(scene.path("a.pkl")).unwrap() == pickle(LARGE));
    if Path::new("/dev/full").exists() {
        let output = scene.run_with("convert a.pkl -o /dev/full --to npz --force", &[], b"");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn a_target_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new(&[("a.pkl", &pickle(9)), ("closed/b", b""), ("taken.npz/c", b"")]);
    std::fs::set_permissions(scene.path("closed"), std::fs::Permissions::from_mode(0o555)).unwrap();
    // Who may write everywhere is told nothing.
    let closed = std::fs::write(scene.path("closed/probe"), b"").is_err();
    for place in ["taken.npz", "a.pkl/out.npz"].into_iter().chain(closed.then_some("closed/out.npz")) {
        let output = scene.run_with(&format!("convert a.pkl --force -o {place}"), &[], b"");
        assert_eq!(output.status.code(), Some(2), "{place}");
    }
    assert_eq!(names(&scene.path(".")), ["a.pkl", "closed", "taken.npz"]);
    assert_eq!(names(&scene.path("taken.npz")), ["c"]);
}

#[test]
fn an_interruption_leaves_nothing_behind() {
    for signal in ["-INT", "-TERM"] {
        let scene = Scene::new(&[("a.pkl", &pickle(LARGE))]);
        // The arrays go into a pipe that nobody empties, so that the conversion stands still with its file open.
        assert!(Command::new("mkfifo").arg(scene.path("out.npz")).status().unwrap().success());
        let mut child = depickle(&scene.path("."))
            .args(["convert", "a.pkl", "-o", "out.json", "--arrays", "npz", "--force"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pipe = std::fs::File::open(scene.path("out.npz")).unwrap();
        pipe.read_exact(&mut [0]).unwrap();
        assert_eq!(names(&scene.path(".")).len(), 3, "what is written stands beside its place");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(names(&scene.path(".")), ["a.pkl", "out.npz"]);
        assert!(std::fs::read(scene.path("a.pkl")).unwrap() == pickle(LARGE));
    }
}
