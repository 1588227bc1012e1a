//! Reads `divergences.txt`.

/// A way in which readers part.
pub(crate) struct Divergence {
    /// Who parts from the C engine over memory.
    pub(crate) who: String,
    /// What the C engine does.
    pub(crate) c: String,
    /// What the other one does.
    pub(crate) other: String,
    /// The rows that show it.
    pub(crate) rows: Vec<String>,
}

/// All of them, in order.
///
/// # Errors
/// The line that is none.
pub(crate) fn divergences(text: &str) -> Result<Vec<Divergence>, String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| divergence(line).ok_or_else(|| format!("not a divergence: {line}"))).collect()
}

fn divergence(line: &str) -> Option<Divergence> {
    let mut fields = line.split(" | ");
    let mut field = || fields.next().map(str::to_owned);
    let (who, c, other, rows) = (field()?, field()?, field()?, field()?);
    Some(Divergence { who, c, other, rows: rows.split(' ').map(str::to_owned).collect() })
}
