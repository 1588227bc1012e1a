//! The documentation, put to the test: every command that it shows runs, and every block between
//! `<!-- generated: NAME -->` and `<!-- end -->` is what the library gives.
//!
//! `BLESS=1 cargo test --test docs` writes pages anew where they differ; read the difference before you commit it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test helpers outside of test functions")]

mod bars;
mod compared;
mod console;
mod generated;
mod json;
mod page;
mod policies;
#[path = "../rooms/mod.rs"]
mod present;
mod readers;
mod rooms;
mod trace;

use page::Page;

#[test]
fn every_command_shown_prints_what_is_shown() {
    let shown: usize = page::names().iter().map(|name| page::rewrite(name, "output of a command", console::run)).sum();
    assert!(shown >= 8, "{shown} commands were found: do blocks still begin with ```console?");
}

#[test]
fn every_generated_block_is_what_the_library_gives() {
    let mut found = Vec::new();
    for name in page::names() {
        page::rewrite(&name, "generated block", |page| generated::blocks(page, &mut found));
    }
    found.sort();
    assert_eq!(found, generated::sorted_names(), "each block stands once, in one page");
}

#[test]
fn the_snippet_for_ci_fails_on_a_malicious_file_only() {
    let readme = Page::read("README.md");
    let commands = console::in_ci_snippet(&readme.text);
    assert!(!commands.is_empty(), "the README shows no `run: depickle ...`");
    for command in commands {
        assert_eq!(console::gate(&command, &["samples/model.pkl"]), 0, "{command}");
        assert_eq!(console::gate(&command, &["samples/model.pkl", "samples/malicious/reduce_p4.pkl"]), 1, "{command}");
    }
}

#[test]
fn every_policy_shown_is_one() {
    let shown = policies::examples(&Page::read("docs/policy.md"));
    assert!(shown >= 5, "{shown} policies were found: do blocks still begin with ```toml?");
}

#[test]
fn every_rule_has_its_page_and_the_schema_is_that_of_the_reader() {
    let files = policies::files();
    policies::bless(&files);
    let there = std::fs::read_dir(page::root().join("docs/rules")).unwrap();
    let mut stray = there.map(|entry| format!("docs/rules/{}", entry.unwrap().file_name().to_str().unwrap()));
    assert_eq!(stray.find(|name| !files.iter().any(|(known, _)| known == name)), None, "a page of no rule");
}

#[test]
fn links_lead_somewhere() {
    for page in page::names().iter().map(|name| Page::read(name)) {
        for target in page.links() {
            assert!(page.directory().join(&target).exists(), "{}: no file {target}", page.name);
        }
    }
}

#[test]
fn the_table_of_rooms_lists_every_room_below_those_that_it_uses() {
    let page = Page::read("docs/architecture.md");
    let rooms = rooms::listed(&page.text);
    let mut listed = rooms.clone();
    listed.sort();
    assert_eq!(listed, present::present());
    for (user, used) in present::arrows() {
        let place = |room: &String| rooms.iter().position(|listed| listed == room);
        assert!(place(&used) <= place(&user), "{user} uses {used}, which stands below it in the table");
    }
}
