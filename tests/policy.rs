//! The user's policy on whole files: what it allows, what it never allows, and what is learned.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside of test functions")]

use depickle::finding::{Decision, FileReport, Verdict};
use depickle::policy::Policy;
use depickle::policy::user::{Context, Day, KEYS, Kind, Section};
use depickle::rules::RULES;
use depickle::{audit, input::Source, limits::Limits};

fn text(text: &str) -> Vec<u8> {
    [b"\x8c", [u8::try_from(text.len()).unwrap()].as_slice(), text.as_bytes()].concat()
}

fn import(symbol: &str) -> Vec<u8> {
    let (module, name) = symbol.rsplit_once('.').unwrap();
    [text(module), text(name), b"\x93".to_vec()].concat()
}

/// A pickle of protocol 4 of these opcodes.
fn pickle(opcodes: &[&[u8]]) -> Vec<u8> {
    [b"\x80\x04", opcodes.concat().as_slice(), b"."].concat()
}

/// `object.__new__` and a state with a name and some more attributes.
fn object(class: &str, name: &str, more: &[&[u8]]) -> Vec<u8> {
    pickle(&[&import(class), b")\x81}(", &text("name"), &text(name), &more.concat(), b"ub"])
}

/// The same class, called.
fn called(class: &str) -> Vec<u8> {
    pickle(&[&import(class), b")R}(", &text("name"), &text("a"), b"ub"])
}

const CHURN: &str = "acme.models.Churn";

/// Five files of one class, as a project would vet them: attributes come and go.
fn vetted() -> Vec<Vec<u8>> {
    let rate = |value: &[u8]| [text("rate").as_slice(), value].concat();
    vec![
        object(CHURN, "a", &[&rate(b"G?\xe0\0\0\0\0\0\0")]),
        object(CHURN, "b", &[&rate(b"N")]),
        object(CHURN, "c", &[&rate(b"N"), &text("sizes"), b"](K\x01K\x02e"]),
        object(CHURN, "d", &[]),
        object(CHURN, "e", &[&text("sizes"), b"]"]),
    ]
}

fn learned(files: &[Vec<u8>]) -> audit::Learned {
    let sources: Vec<Source<'_>> = files.iter().map(|bytes| Source::from_bytes("model.pkl", bytes)).collect();
    audit::learn(&sources, "reviewed", &Limits::default())
}

fn policy_on(day: &str, toml: &str) -> Policy {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let today = Day::parse(day).unwrap();
    let context = Context { file: "depickle.toml", section: Section::Whole, today, rules: &rules };
    Policy::parse(toml, &context).unwrap_or_else(|problems| panic!("{toml}\n{problems:#?}")).unwrap()
}

fn policy(toml: &str) -> Policy {
    policy_on("2026-06-01", toml)
}

fn scan_as(name: &str, bytes: &[u8], policy: &Policy) -> FileReport {
    audit::scan(&Source::from_bytes(name, bytes), policy, &Limits::default())
}

fn verdict(bytes: &[u8], policy: &Policy) -> Verdict {
    scan_as("model.pkl", bytes, policy).verdict()
}

#[test]
fn every_word_for_a_kind_is_a_shape() {
    for word in ["None", "bool", "True", "int", "float", "str", "bytes", "bytearray", "tuple", "list", "dict", "set"] {
        policy(&format!("[[allow]]\nsymbol = \"my.code.Model\"\nreason = \"ours\"\nbuild = \"{{a: {word}}}\"\n"));
    }
}

#[test]
fn what_is_learned_from_five_files_holds_for_their_class_as_they_use_it_and_for_nothing_else() {
    let files = vetted();
    assert!(files.iter().all(|file| verdict(file, &Policy::builtin()) == Verdict::Suspicious));
    let learned = learned(&files);
    assert_eq!(
        learned.policy.lines().skip(3).map(|line| line.to_owned() + "\n").collect::<String>(),
        "[[allow]]\nsymbol = \"acme.models.Churn\"\nreason = \"reviewed\"\nnew = \"()\"\n\
         build = \"{name: str, rate?: None | float, sizes?: [int*]}\"\n"
    );
    assert!(learned.reports.iter().all(|report| report.verdict() == Verdict::Clean));
    let policy = policy(&learned.policy);
    assert!(files.iter().all(|file| verdict(file, &policy) == Verdict::Clean));
    for other in [
        object("acme.models.Other", "a", &[]),
        object(CHURN, "a", &[&text("__setstate__"), b"N"]),
        object(CHURN, "a", &[&text("rate"), &text("text")]),
        object(CHURN, "a", &[&text("more"), b"N"]),
        object(CHURN, "a", &[&text("rate"), &import("builtins.len")]),
        called(CHURN),
        pickle(&[&import(CHURN)]),
        pickle(&[&import("acme.models.Churn.fit")]),
    ] {
        assert_eq!(verdict(&other, &policy), Verdict::Suspicious, "{:?}", String::from_utf8_lossy(&other));
    }
}

#[test]
fn what_is_known_to_do_harm_is_not_learned() {
    let call = pickle(&[&import("os.system"), &text(""), b"\x85R"]);
    let learned = learned(&[vetted().remove(0), call]);
    assert!(!learned.policy.contains("os") && learned.policy.contains(CHURN));
    assert_eq!(learned.reports[1].verdict(), Verdict::Dangerous);
}

/// What a function is given is learned to the letter: it may do anything with it.
#[test]
fn arguments_are_learned_exactly() {
    let call = |kind: &str| pickle(&[&import("acme.make"), &text(kind), b"K\x03\x86R"]);
    let learned = learned(&[call("fast"), call("slow")]);
    let policy = policy(&learned.policy);
    assert!(learned.policy.contains("call = \"('fast' | 'slow', 3) -> shared\""), "{}", learned.policy);
    assert_eq!(verdict(&call("fast"), &policy), Verdict::Clean);
    assert_eq!(verdict(&call("rm -rf"), &policy), Verdict::Suspicious);
}

#[test]
fn files_that_need_no_policy_teach_none() {
    let learned = learned(&[pickle(&[b"N"])]);
    assert_eq!((learned.policy.as_str(), learned.reports[0].verdict()), ("", Verdict::Clean));
}

const ALLOW: &str = "[[allow]]\nsymbol = 'acme.models.Churn'\nreason = 'ours'\nnew = '()'\nbuild = '{*: any}'\n";

#[test]
fn an_item_holds_until_its_day_and_for_its_files() {
    let file = object(CHURN, "a", &[]);
    let sha256 = scan_sha256(&file);
    let judge = |more: &str, name: &str| scan_as(name, &file, &policy(&format!("{ALLOW}{more}"))).verdict();
    for (more, name, wanted) in [
        ("", "a.pkl", Verdict::Clean),
        ("expires = '2026-06-01'", "a.pkl", Verdict::Clean),
        ("expires = 2026-05-31", "a.pkl", Verdict::Suspicious),
        ("files = ['models/*.pkl']", "models/a.pkl", Verdict::Clean),
        ("files = ['models/*.pkl']", "./models/a.pkl", Verdict::Clean),
        ("files = ['models/*.pkl']", "a.pkl", Verdict::Suspicious),
        ("files = ['models/**']", "models/../a.pkl", Verdict::Suspicious),
        (&format!("sha256 = ['{}']", sha256.to_uppercase()), "a.pkl", Verdict::Clean),
        (&format!("sha256 = ['{}']", "0".repeat(64)), "a.pkl", Verdict::Suspicious),
    ] {
        assert_eq!(judge(more, name), wanted, "{more} {name}");
    }
}

fn scan_sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    depickle::finding::hex(&Sha256::digest(bytes))
}

#[test]
fn what_is_denied_is_denied_under_all_its_names() {
    let deny = policy("[[deny]]\nsymbol = 'collections.OrderedDict'\nreason = 'not here'");
    let dtype = policy("[[deny]]\nsymbol = 'numpy.core.multiarray._reconstruct'\nreason = 'not here'");
    for (symbol, policy) in [
        ("collections.OrderedDict", &deny),
        ("numpy.core.multiarray._reconstruct", &dtype),
        ("numpy._core.multiarray._reconstruct", &dtype),
    ] {
        let file = pickle(&[&import(symbol), b"0N"]);
        assert_eq!(verdict(&file, &Policy::builtin()), Verdict::Clean);
        let report = scan_as("a.pkl", &file, policy);
        assert_eq!((report.verdict(), report.imports[0].decision), (Verdict::Suspicious, Decision::Denied));
        assert_eq!(report.findings[0].rule, "denied-import");
        assert_eq!(report.policy_items.len(), 1);
    }
}

#[test]
fn an_entry_of_the_user_never_widens_a_built_in_one() {
    let wide = policy("[[allow]]\nsymbol = 'numpy.dtype'\nreason = 'x'\ninit = '(any*)'\nbuild = 'any'");
    let file = pickle(&[&import("numpy.dtype"), &text("f8"), b"\x85RN", b"b"]);
    assert_eq!(verdict(&file, &wide), verdict(&file, &Policy::builtin()));
    assert_ne!(verdict(&file, &wide), Verdict::Clean);
}

#[test]
fn a_name_within_an_allowed_class_is_not_allowed_with_it() {
    let policy = policy(ALLOW);
    for name in ["Churn.fit", "Churn.__init__.__globals__"] {
        let file = pickle(&[&text("acme.models"), &text(name), b"\x93"]);
        assert_ne!(verdict(&file, &policy), Verdict::Clean, "{name}");
    }
}

#[test]
fn accepted_findings_stay_in_the_report_and_harm_only_where_the_file_is_pinned() {
    let call = pickle(&[&import("os.system"), &text(""), b"\x85R"]);
    let sha256 = scan_sha256(&call);
    let accept = |more: &str| {
        let item = format!("[[accept]]\nrule = 'dangerous-call'\nreason = 'looked at'\nexpires = '2026-12-31'\n{more}");
        scan_as("a.pkl", &call, &policy(&item))
    };
    for more in ["symbol = 'os.system'", "files = ['**']"] {
        assert_eq!(accept(more).verdict(), Verdict::Dangerous, "{more}");
    }
    let report = accept(&format!("symbol = 'os.system'\nsha256 = ['{sha256}']"));
    assert_eq!(report.verdict(), Verdict::Clean);
    let accepted = report.findings[0].accepted.as_ref().unwrap();
    assert_eq!((accepted.by.as_str(), accepted.reason.as_str()), ("depickle.toml:1", "looked at"));
    assert_eq!(accepted.expires.as_deref(), Some("2026-12-31"));
    let other = accept(&format!("symbol = 'os.popen'\nsha256 = ['{sha256}']"));
    assert_eq!(other.verdict(), Verdict::Dangerous);
}

/// What could not be analysed stays incomplete, whoever accepts it.
#[test]
fn nothing_unknown_is_accepted() {
    let cut = b"\x80\x04\x8c\x05ab";
    let accept = policy("[[accept]]\nrule = 'refused-stream'\nreason = 'x'\nfiles = ['**']");
    assert_eq!(verdict(cut, &Policy::builtin()), Verdict::Incomplete);
    assert_eq!(verdict(cut, &accept), Verdict::Incomplete);
}

#[test]
fn paths_have_limits_and_a_gate_of_their_own() {
    let toml = "[[path]]\nfiles = ['big/**']\nreason = 'x'\nlimits = { opcodes = 2 }\n\
                [[path]]\nfiles = ['notebooks/**']\nreason = 'x'\nfail-on = 'dangerous'";
    let policy = policy(toml);
    let file = pickle(&[b"]N", b"a"]);
    assert_eq!(scan_as("a.pkl", &file, &policy).verdict(), Verdict::Clean);
    assert_eq!(scan_as("big/a.pkl", &file, &policy).verdict(), Verdict::Incomplete);
    assert_eq!(policy.fail_on("notebooks/a.pkl"), Some(Verdict::Dangerous));
    assert_eq!(policy.fail_on("a.pkl"), None);
}

#[test]
fn a_clean_verdict_says_what_it_rests_on() {
    let grounds = |bytes: &[u8], policy: &Policy| {
        let source = Source::from_bytes("a.pkl", bytes);
        assert_eq!(audit::scan(&source, policy, &Limits::default()).grounds, None);
        audit::scan_with_grounds(&source, policy, &Limits::default()).grounds.unwrap()
    };
    let ours = grounds(&object(CHURN, "a", &[]), &policy(ALLOW));
    assert_eq!(ours.len(), 1);
    assert_eq!((ours[0].entry.as_str(), ours[0].by.as_deref()), (CHURN, Some("depickle.toml:1")));
    assert_eq!(ours[0].uses, ["import", "new", "build"]);
    let builtin = grounds(&pickle(&[&import("collections.OrderedDict"), b")R"]), &Policy::builtin());
    assert_eq!((builtin[0].by.as_deref(), builtin[0].reason.is_empty()), (None, false));
}

/// Every use has its key, under the word that reports have for it.
#[test]
fn every_use_of_the_report_is_a_key() {
    for used in ["call", "new", "init", "build", "setitem", "append", "add", "slots", "key"] {
        let key = KEYS.iter().find(|key| key.table == "allow" && key.name == used);
        assert!(key.is_some_and(|key| matches!(key.kind, Kind::Clause | Kind::Flag)), "{used}");
    }
}

/// A file that `pickle` wrote.
fn written(name: &str) -> Vec<u8> {
    std::fs::read(format!("tests/data/own_classes/{name}.pkl")).unwrap()
}

#[test]
fn five_vetted_files_make_their_class_clean_at_every_protocol_and_no_other_class_or_call() {
    let vetted: Vec<Vec<u8>> = (0..5).map(|number| written(&format!("vetted-{number}"))).collect();
    let learned = learned(&vetted);
    let policy = policy(&learned.policy);
    for file in &vetted {
        assert_eq!(verdict(file, &Policy::builtin()), Verdict::Suspicious);
        assert_eq!(verdict(file, &policy), Verdict::Clean);
    }
    for other in ["other", "called", "many-4"] {
        assert_eq!(verdict(&written(other), &policy), Verdict::Suspicious, "{other}");
    }
}

/// Subclasses of dict and tuple, enums, slots, keys, cycles, functions: what a file of each kind teaches is enough for it,
/// and what all teach is enough for all.
#[test]
fn every_kind_of_object_can_be_learned() {
    let files = ["many-0", "many-2", "many-4"].map(written);
    for few in [&files[..1], &files[1..2], &files[2..], &files[..]] {
        let learned = learned(few);
        let open: Vec<_> = learned.reports.iter().filter(|report| report.verdict() != Verdict::Clean).collect();
        assert!(open.is_empty(), "{}\n{open:#?}", learned.policy);
        assert!(!learned.policy.contains("harmless"), "{}", learned.policy);
    }
}

/// A digest vouches for the bytes that it is of, not for those of files that they name.
#[test]
fn an_item_that_is_pinned_to_a_file_is_pinned_to_its_companions() {
    let source = Source::open("samples/old/joblib_0.9.pkl".as_ref(), &Limits::default()).unwrap();
    let companions = audit::scan(&source, &Policy::builtin(), &Limits::default()).companions;
    let own = scan_sha256(source.bytes());
    let all: Vec<&str> =
        std::iter::once(own.as_str()).chain(companions.iter().map(|one| one.sha256.as_str())).collect();
    assert!(all.len() > 1);
    let accepts = |digests: &[&str]| {
        let toml = format!(
            "[[deny]]\nsymbol = 'numpy.ndarray'\nreason = 'x'\n\
             [[accept]]\nrule = 'denied-import'\nreason = 'x'\nsha256 = {digests:?}"
        );
        let report = audit::scan(&source, &policy(&toml), &Limits::default());
        report.findings.iter().find(|finding| finding.rule == "denied-import").unwrap().accepted.is_some()
    };
    assert!(accepts(&all));
    assert!(!accepts(&all[..1]) && !accepts(&all[1..]));
}

#[test]
fn a_symbol_is_described_as_it_is_judged() {
    use depickle::policy::{Status, describe};
    let policy = policy("[[deny]]\nsymbol = \"collections.deque\"\nreason = \"ours\"\n");
    let in_force = policy.for_file("x.pkl", Vec::new);
    let status = |symbol: &str| describe(symbol, &in_force).status;
    let Status::Allowed { clauses, shapes, alias_of: None, .. } = status("numpy.random._mt19937.MT19937") else {
        panic!("not allowed")
    };
    assert!(clauses.iter().any(|clause| clause.contains("bit-generator-state")), "{clauses:?}");
    // The shape that a clause names, and the one that this names.
    let named: Vec<&str> = shapes.iter().map(|(name, _)| name.as_str()).collect();
    assert!(named.contains(&"bit-generator-state") && named.contains(&"big-int"), "{named:?}");
    let moved = "numpy.core._internal._convert_to_stringdtype_kwargs";
    assert!(matches!(status(moved), Status::Allowed { alias_of: Some(_), .. }), "{moved}");
    assert!(matches!(status("collections.deque"), Status::Denied { reason, .. } if reason == "ours"));
    assert!(matches!(status("os.system"), Status::Dangerous { .. }));
    assert_eq!(status("my.code.Model"), Status::Unlisted);
}

#[test]
fn what_is_for_built_in_entries_only_is_refused_wherever_it_stands() {
    let context = Context { file: "policy.toml", section: Section::Whole, today: Day::FIRST, rules: &[] };
    for shape in ["listed", "int | listed", "(int, str | newable)", "[None | listed*]", "{a: int | (listed)}"] {
        let toml = format!("[[allow]]\nsymbol = \"my.code.Model\"\nreason = \"ours\"\nbuild = \"{shape}\"\n");
        let Err(problems) = Policy::parse(&toml, &context) else { panic!("{shape} is taken") };
        assert!(format!("{problems:?}").contains("for built-in entries only"), "{shape}: {problems:?}");
    }
}
