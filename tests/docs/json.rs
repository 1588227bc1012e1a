//! JSON, laid out for a page.

/// Lines no longer than this where values allow it.
const WIDTH: usize = 112;

/// The same JSON: an object or array on one line where it fits, else one line for each of its values.
pub(crate) fn indented(json: &str) -> String {
    assert!(serde_json::from_str::<serde_json::Value>(json).is_ok());
    let mut rest = json;
    value(&mut rest, 0) + "\n"
}

fn value(rest: &mut &str, indent: usize) -> String {
    *rest = rest.trim_start();
    let (open, close) = match rest.chars().next().unwrap() {
        '{' => ('{', '}'),
        '[' => ('[', ']'),
        '"' => return string(rest),
        _ => return take(rest, rest.find([',', ']', '}']).unwrap()).trim_end().to_owned(),
    };
    let mut items = Vec::new();
    take(rest, 1);
    loop {
        *rest = rest.trim_start_matches([',', ' ', '\n']);
        if rest.starts_with(close) {
            take(rest, 1);
            break;
        }
        let mut item = String::new();
        if open == '{' {
            item = string(rest) + ": ";
            take(rest, 1);
        }
        item += &value(rest, indent + 2);
        items.push(item);
    }
    let line = items.join(", ");
    if line.len() + indent < WIDTH && !line.contains('\n') {
        return format!("{open}{line}{close}");
    }
    let lines: Vec<String> = items.iter().map(|item| format!("{:indent$}  {item}", "")).collect();
    format!("{open}\n{}\n{:indent$}{close}", lines.join(",\n"), "")
}

fn string(rest: &mut &str) -> String {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, char)| {
        let closing = *char == '"' && !escaped;
        escaped = *char == '\\' && !escaped;
        closing
    });
    take(rest, end.unwrap().0 + 1).to_owned()
}

fn take<'a>(rest: &mut &'a str, count: usize) -> &'a str {
    let (taken, behind) = rest.split_at(count);
    *rest = behind;
    taken
}
