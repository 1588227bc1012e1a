//! Policies as a user meets them: where they are found, what is said of them, how commands end.

use crate::support::Scene;
use insta::assert_snapshot;

/// An object of `acme.models.NAME` with one attribute.
fn object(name: &str) -> Vec<u8> {
    let import = format!("cacme.models\n{name}\n)");
    [b"\x80\x04", import.as_bytes(), b"\x81}\x8c\x04rateK\x01sb."].concat()
}

const ALLOW: &str = "[[allow]]\nsymbol = 'acme.models.Churn'\nreason = 'ours'\nnew = '()'\nbuild = '{rate: int}'\n";
const DAY: &str = "--today 2026-06-01";

#[test]
fn init_learn_and_check() {
    let files: &[(&str, &[u8])] = &[
        ("churn.pkl", &object("Churn")),
        ("tree.pkl", &object("Tree")),
        ("evil.pkl", b"cos\nsystem\n(S''\ntR."),
        ("plain.pkl", b"N."),
    ];
    let scene = Scene::new(files);
    let lines = [
        "policy check",
        "policy init",
        "policy init",
        "policy check",
        "policy learn churn.pkl -o learned.toml",
        "policy learn churn.pkl tree.pkl -o -",
        "policy learn churn.pkl evil.pkl -f",
        "policy learn plain.pkl",
        "policy learn missing.pkl",
        "scan churn.pkl tree.pkl --policy learned.toml --why",
        "scan churn.pkl --policy missing.toml",
    ];
    assert_snapshot!(lines.map(|line| scene.show(line)).join("\n"));
}

#[test]
fn a_policy_is_found_from_the_current_directory_upward_and_never_beside_the_file() {
    let scene = Scene::new(&[
        ("project/pyproject.toml", b"[project]\nname = 'acme'\n"),
        ("project/depickle.toml", ALLOW.as_bytes()),
        ("project/sub/pyproject.toml", b"[tool.other]\n"),
        ("project/sub/churn.pkl", &object("Churn")),
        ("elsewhere/churn.pkl", &object("Churn")),
        ("elsewhere/depickle.toml", ALLOW.as_bytes()),
    ]);
    let scan = |from: &str, line: &str| {
        let output = crate::support::depickle(&scene.path(from)).args(line.split(' ')).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (exit, report) = scan("project/sub", "scan churn.pkl");
    assert!(exit == 0 && report.ends_with("policy: ../depickle.toml\n"), "{report}");
    assert_eq!(scan("project/sub", "scan churn.pkl --no-policy").0, 1);
    assert_eq!(scan("", "scan elsewhere/churn.pkl").0, 1);
    assert_eq!(scan("", "scan elsewhere/churn.pkl --policy project/depickle.toml").0, 0);
    assert_eq!(scan("", "scan elsewhere/churn.pkl --policy project/pyproject.toml").0, 2);
}

#[test]
fn everything_that_is_wrong_is_said_before_anything_is_scanned() {
    let scene = Scene::new(&[
        ("depickle.toml", b"[[allow]]\nsymbol = 'os.system'\nreason = 'x'\n[[alow]]\n[[deny]]\nsymbol = '\x1b[2J'\n"),
        ("a.pkl", b"N."),
    ]);
    assert_snapshot!(["scan a.pkl", "policy check"].map(|line| scene.show(line)).join("\n"));
}

#[test]
fn items_that_did_nothing_are_told() {
    let policy = format!(
        "{ALLOW}expires = '2026-05-31'\n[[allow]]\nsymbol = 'numpy.dtype'\nreason = 'x'\n\
         [[accept]]\nrule = 'trailing-data'\nreason = 'x'\nfiles = ['*.bin']\n"
    );
    let scene = Scene::new(&[("depickle.toml", policy.as_bytes()), ("churn.pkl", &object("Churn"))]);
    let scan = |line: &str| scene.show(&format!("{line} {DAY}"));
    let said = [scan("scan churn.pkl"), scan("policy check")].join("\n");
    assert_snapshot!(said);
    let json = scan("scan churn.pkl --format json --why");
    let [expired, shadowed, unmatched] =
        ["expired", "shadowed", "unmatched"].map(|kind| json.contains(&format!("\"kind\":\"{kind}\"")));
    assert!(expired && shadowed && unmatched, "{json}");
}

#[test]
fn the_day_is_the_one_asked_for_or_that_of_the_build() {
    let policy = format!("{ALLOW}expires = '2026-05-31'\n");
    let scene = Scene::new(&[("depickle.toml", policy.as_bytes()), ("churn.pkl", &object("Churn"))]);
    let exit = |line: &str, epoch: &str| scene.run_with(line, &[("SOURCE_DATE_EPOCH", epoch)], b"").status.code();
    assert_eq!(exit("scan churn.pkl", "1780185600"), Some(0), "2026-05-31");
    assert_eq!(exit("scan churn.pkl", "1780272000"), Some(1), "2026-06-01");
    assert_eq!(exit("scan churn.pkl --today 2026-05-31", "1780272000"), Some(0));
    assert_eq!(exit("scan churn.pkl", "soon"), Some(2));
    assert_eq!(exit("scan churn.pkl --today 2026-02-30", "0"), Some(2));
}

#[test]
fn paths_have_their_own_gate() {
    let policy = "[[path]]\nfiles = ['notebooks/**']\nreason = 'x'\nfail-on = 'dangerous'\n";
    let scene = Scene::new(&[
        ("depickle.toml", policy.as_bytes()),
        ("notebooks/churn.pkl", &object("Churn")),
        ("churn.pkl", &object("Churn")),
    ]);
    let exit = |line: &str| scene.run_with(line, &[], b"").status.code();
    assert_eq!((exit("scan notebooks"), exit("scan notebooks churn.pkl")), (Some(0), Some(1)));
}

#[test]
fn explain() {
    let scene = Scene::new(&[(
        "depickle.toml",
        format!("{ALLOW}[[deny]]\nsymbol = 'numpy.dtype'\nreason = 'not here'\n").as_bytes(),
    )]);
    let lines = [
        "explain acme.models.Churn",
        "explain acme.models.Churn --no-policy",
        "explain numpy.dtype",
        "explain numpy.core.multiarray._reconstruct",
        "explain collections.defaultdict",
        "explain os.system",
        "explain subprocess.anything",
        "explain built-twice",
        "explain nothing",
    ];
    assert_snapshot!(lines.map(|line| scene.show(line)).join("\n"));
}
