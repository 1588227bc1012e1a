//! The rooms of the library, as the architecture page lists them.

/// The rooms in the first column of the table, in its order.
pub(crate) fn listed(page: &str) -> Vec<String> {
    let (_, table) = page.split_once("| room | what happens there |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('|').nth(1).unwrap().split(','))
        .map(|room| room.trim().trim_matches('`').to_owned())
        .collect()
}
