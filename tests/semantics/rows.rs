//! Reads `streams.txt`.

/// A tiny stream.
pub(crate) struct Row {
    /// Its name, unique together with the encoding.
    pub(crate) name: String,
    /// What the reader is told about strings of Python 2.
    pub(crate) encoding: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Row {
    /// The name as it stands in `recorded.json`.
    pub(crate) fn key(&self) -> String {
        if self.encoding == "ASCII" { self.name.clone() } else { format!("{} [{}]", self.name, self.encoding) }
    }

    /// Whether all pickles of the file are read by one unpickler: what is fresh each time is the simpler half.
    pub(crate) fn one_memo(&self) -> bool {
        self.name.contains("memo")
    }
}

/// All rows, in order.
///
/// # Errors
/// The line that is not a row.
pub(crate) fn rows(text: &str) -> Result<Vec<Row>, String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| row(line).ok_or_else(|| format!("not a row: {line}"))).collect()
}

fn row(line: &str) -> Option<Row> {
    let (head, stream) = line.split_once(':')?;
    let (name, encoding) = match head.split_once(" [") {
        Some((name, encoding)) => (name, encoding.strip_suffix(']')?),
        None => (head, "ASCII"),
    };
    let bytes = bytes(stream.strip_prefix(' ').unwrap_or(stream))?;
    Some(Row { name: name.to_owned(), encoding: encoding.to_owned(), bytes })
}

/// The bytes that a text of `streams.txt` stands for.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        bytes.push(match letter {
            '\\' => match letters.next()? {
                'n' => b'\n',
                'r' => b'\r',
                't' => b'\t',
                '0' => 0,
                '\\' => b'\\',
                'x' => {
                    let (high, low) = (letters.next()?.to_digit(16)?, letters.next()?.to_digit(16)?);
                    u8::try_from(high * 16 + low).ok()?
                }
                _ => return None,
            },
            _ => u8::try_from(letter).ok().filter(u8::is_ascii)?,
        });
    }
    Some(bytes)
}
