//! Reports made by hand.

use depickle::error::{Error, ErrorKind};
use depickle::facts::{Certainty, Component, Hazard, Model, Package, Place, Range, Step, Values};
use depickle::finding::{
    Accepted, Class, Companion, Completeness, Confidence, Decision, DirectoryReport, FileReport, Finding, Import,
    Level, LoaderOutcome, Location, Severity, Stream,
};
use depickle::glance::{Array, Glance, Numbers, Part, Row, Tree};
use depickle::report::{Report, Tool};

pub(crate) fn file(path: &str, format: &str, findings: Vec<Finding>) -> FileReport {
    FileReport {
        path: path.to_owned(),
        size: 1234,
        sha256: None,
        format: format.to_owned(),
        completeness: Completeness::Full,
        loaders: Vec::new(),
        companions: Vec::new(),
        regions: Vec::new(),
        streams: Vec::new(),
        imports: Vec::new(),
        findings,
        facts: depickle::facts::Facts::default(),
        gate: None,
        glance: None,
        grounds: None,
        policy_items: std::collections::BTreeSet::new(),
        error: None,
    }
}

pub(crate) fn finding(level: Level, rule: &'static str, message: &str) -> Finding {
    Finding {
        rule,
        level,
        class: Class::Structure,
        severity: Severity::Low,
        confidence: Confidence::Medium,
        message: message.to_owned(),
        why: "A reason.".to_owned(),
        help: "A way out.".to_owned(),
        symbol: None,
        location: Location { offset: Some(7), file_offset: Some(7), ..Location::default() },
        loaders: Vec::new(),
        count: 1,
        accepted: None,
    }
}

pub(crate) fn call() -> Finding {
    Finding {
        class: Class::Code,
        severity: Severity::Critical,
        confidence: Confidence::High,
        symbol: Some("posix.system".to_owned()),
        location: Location {
            member: "data.pkl".to_owned(),
            stream: 1,
            offset: Some(34),
            file_offset: Some(134),
            length: Some(1),
            object_path: Some("root.steps[1][1].func".to_owned()),
        },
        loaders: vec!["pickle.load", "joblib.load"],
        count: 3,
        why: "Runs a command of the shell.".to_owned(),
        help: "Do not load this file.".to_owned(),
        ..finding(Level::Dangerous, "dangerous-call", "loading calls posix.system('')")
    }
}

/// One file of every kind, in an order that is not that of the report.
pub(crate) fn every_kind() -> Report {
    let accepted =
        Accepted { by: "depickle.toml".to_owned(), reason: "ours".to_owned(), expires: Some("2027-01-31".to_owned()) };
    let accepted =
        Finding { accepted: Some(accepted), ..finding(Level::Suspicious, "unlisted-import", "imports ours.Model") };
    let mut bad = file(
        "d/evil.joblib",
        "joblib+zlib",
        vec![call(), finding(Level::Suspicious, "trailing-bytes", "5 bytes follow")],
    );
    bad.loaders = vec![
        LoaderOutcome { name: "joblib.load", loads: true, offset: None },
        LoaderOutcome { name: "pickle.load", loads: false, offset: Some(99) },
    ];
    bad.companions = vec![Companion { path: "evil_01.npy".to_owned(), size: 80, sha256: "00ff".to_owned() }];
    let at = Location { offset: Some(0), length: Some(40), ..Location::default() };
    bad.streams = vec![Stream { location: at.clone(), protocol: 4, opcodes: 11 }];
    bad.imports = vec![Import {
        module: "os".to_owned(),
        name: "system".to_owned(),
        symbol: "posix.system".to_owned(),
        decision: Decision::Dangerous,
        entry: None,
        uses: vec!["import", "call"],
        loaders: vec!["pickle.load"],
        location: at,
        count: 3,
    }];
    let many =
        (0..12).map(|number| finding(Level::Suspicious, "unlisted-import", &format!("imports m{number}.f"))).collect();
    let mut partial =
        file("d/cut.pkl", "pickle", vec![finding(Level::Incomplete, "truncated", "the file ends in an argument")]);
    partial.completeness = Completeness::Partial;
    Report {
        tool: Tool { version: "0.0.0", ..Tool::builtin() },
        files: vec![
            bad,
            file("d/b.pkl", "pickle", vec![]),
            partial,
            file("d/accepted.pkl", "pickle", vec![accepted]),
            file("d/a.pkl", "pickle", vec![finding(Level::Note, "opaque-native", "a blob for a native parser")]),
            FileReport::unreadable("d/secret.pkl".to_owned(), &Error::new(ErrorKind::Io, "permission denied")),
            file("d/many.pkl", "pickle", many),
        ],
        not_pickle: 2,
        directories: vec![DirectoryReport {
            path: "d/models".to_owned(),
            findings: vec![finding(Level::Incomplete, "not-walked", "a link to a directory is not followed")],
        }],
        ..Report::default()
    }
}

pub(crate) fn clean() -> Report {
    let files = vec![file("a.pkl", "pickle", vec![]), file("b.joblib", "joblib", vec![])];
    Report { files, ..Report::default() }
}

/// A clean, a dangerous and an incomplete file, and one that speaks to whatever shows it.
pub(crate) fn four() -> Report {
    let mut report = every_kind();
    report.files.retain(|file| !file.path.ends_with("many.pkl"));
    report.files.push(hostile());
    report.files[1].sha256 = Some("0".repeat(64));
    report
}

/// Text that is markup, a command or a trick in one format or another.
pub(crate) const TRICKS: &[&str] = &[
    "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J",
    "\u{202e}cipaver\u{2066}\u{200b}\u{feff}\u{e0001}",
    "\r\n::error file=x::y\n::stop-commands::t",
    "##[add-mask]x ##vso[task.setvariable variable=a]b",
    "<script>alert(1)</script>\"'&amp;]]>",
    "[click](https://example.com) ![x](y) `code` **bold** @user #1 | cell | <b>",
    "%0A::notice::z %25 a:b,c=d",
    "{0} {{x}} ${{ secrets }} $(id)",
];

/// All tricks at every place that a file can choose text for.
pub(crate) fn hostile() -> FileReport {
    with_text(&TRICKS.join(" "))
}

/// A dangerous file with `text` in every place that a file can choose text for.
pub(crate) fn with_text(text: &str) -> FileReport {
    let own = || text.to_owned();
    let mut bad = call();
    bad.message = own();
    bad.location = Location { member: own(), object_path: Some(own()), ..bad.location };
    bad.symbol = Some(own());
    let accepted = Accepted { by: own(), reason: own(), expires: Some("2030-01-01".to_owned()) };
    let accepted = Finding { accepted: Some(accepted), ..bad.clone() };
    let mut file = file(text, text, vec![bad.clone(), accepted]);
    file.imports = vec![Import {
        module: own(),
        name: own(),
        symbol: own(),
        decision: Decision::Unlisted,
        entry: Some(own()),
        uses: vec!["import"],
        loaders: vec!["pickle.load"],
        location: bad.location,
        count: 1,
    }];
    file.companions = vec![Companion { path: own(), size: 1, sha256: String::new() }];
    let values = Values { items: vec![own()], total: 2 };
    file.facts.contents = own();
    file.facts.packages = vec![Package { module: own(), distribution: None, symbol: own(), place: Place::default() }];
    file.facts.components = vec![Component {
        name: "numpy",
        exact: vec![own()],
        range: Range::default(),
        certainty: Certainty::Certain,
        evidence: Vec::new(),
    }];
    file.facts.hazards = vec![Hazard { kind: "version", message: own(), place: Place::default() }];
    let row = |level| Row { level, label: own(), text: own(), bytes: 9, left_out: 1 };
    let part = Part { path: own(), text: own(), bytes: 5 };
    let numbers = Some(Numbers { text: own(), bins: vec![2, 0, 1] });
    let array = Array { path: own(), class: own(), dtype: own(), shape: own(), bytes: Some(8), numbers };
    file.glance = Some(Glance {
        trees: vec![Tree {
            stream: 0,
            rows: vec![row(0), row(1), row(2), row(1)],
            parts: vec![part.clone(), part],
            error: Some(own()),
        }],
        more_streams: 1,
        arrays: vec![array],
        more_arrays: 1,
        error: Some(own()),
    });
    file.facts.models = vec![Model {
        path: own(),
        class: own(),
        steps: vec![Step { name: own(), class: own() }],
        estimator: Some((own(), own())),
        parameters: vec![(own(), own())],
        n_features_in: Some(own()),
        n_outputs: Some(own()),
        feature_names_in: Some(values.clone()),
        classes: Some(values),
    }];
    file
}
