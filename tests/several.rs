//! Honest pickles one after another in one file: each is read with a memo of its own, and what one memo for all would
//! make of them is no alarm.

use depickle::finding::{Completeness, Verdict};
use depickle::{audit, input::Source, limits::Limits, policy::Policy};

#[test]
fn samples_one_after_another_are_clean() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let read = |name: &str| std::fs::read(directory.join(name)).expect("the sample is there");
    for (first, second) in
        [("model.pkl", "data/config.pkl"), ("data/arrays.pkl", "model_p5.pkl"), ("model_p2.pkl", "model_p4.pkl")]
    {
        let bytes = [read(first), read(second), read(first)].concat();
        let source = Source::from_bytes("several.pkl", &bytes);
        let report = audit::scan(&source, &Policy::builtin(), &Limits::default());
        assert_eq!(report.verdict(), Verdict::Clean, "{first} {second}: {:#?}", report.findings);
        assert_eq!(report.completeness, Completeness::Full);
    }
}
