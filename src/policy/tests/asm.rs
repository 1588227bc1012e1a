//! A small assembler: a line of text, much like Python, becomes a pickle.
//!
//! | written | makes |
//! |---|---|
//! | `mod.sub:name.attr` | an import |
//! | `1` `-2` `1.5` `'text'` (`\n` a newline, `\q` a quote) `b'bytes'` `ba'bytes'` `None` `True` `(a, b)` `[a]` `{k: v}` | plain values |
//! | `f(a, b)` | REDUCE |
//! | `new f(a)` | NEWOBJ |
//! | `x << state` | BUILD |
//! | `x += [a]` `x += {k: v}` `x |= [a]` | APPENDS, SETITEMS, ADDITEMS |
//! | `x as 7`, `$7` | PUT, GET |
//! | `a; b` | both, the first is popped |
//! | `pid x`, `ext 5`, `buffer`, `view x` | BINPERSID, EXT1, NEXT_BUFFER, READONLY_BUFFER |

/// By which opcode names are imported.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Global,
    StackGlobal,
}

pub(super) struct Assembler<'t> {
    rest: &'t str,
    route: Route,
    out: Vec<u8>,
}

/// The pickle of a line at a protocol.
pub(super) fn assemble(line: &str, protocol: u8, route: Route) -> Vec<u8> {
    let mut assembler = Assembler { rest: line, route, out: vec![0x80, protocol] };
    loop {
        assembler.expression();
        if !assembler.take(";") {
            break;
        }
        assembler.out.push(b'0');
    }
    assembler.blank();
    assert!(assembler.rest.is_empty(), "{line:?}: cannot read {:?}", assembler.rest);
    assembler.out.push(b'.');
    assembler.out
}

impl Assembler<'_> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, mark: &str) -> bool {
        self.blank();
        let found = self.rest.strip_prefix(mark);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn word(&mut self, of: impl Fn(char) -> bool) -> String {
        self.blank();
        let end = self.rest.find(|letter| !of(letter)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn quoted(&mut self) -> String {
        let (text, rest) = self.rest.split_once('\'').unwrap();
        self.rest = rest;
        text.replace("\\n", "\n").replace("\\q", "'")
    }

    fn text(&mut self, text: &str) {
        self.out.push(b'X');
        self.out.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        self.out.extend(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &str, opcode: u8) {
        self.out.push(opcode);
        if opcode == 0x96 {
            self.out.extend((bytes.len() as u64).to_le_bytes());
        } else {
            self.out.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        }
        self.out.extend(bytes.as_bytes());
    }

    fn import(&mut self, symbol: &str) {
        let (module, name) = symbol.split_once(':').unwrap_or_else(|| panic!("{symbol:?} is no symbol"));
        match self.route {
            Route::Global => self.out.extend(format!("c{module}\n{name}\n").bytes()),
            Route::StackGlobal => {
                self.text(module);
                self.text(name);
                self.out.push(0x93);
            }
        }
    }

    /// Expressions up to an end, with marks between them; how many.
    fn list(&mut self, end: &str, marks: &[&str]) -> usize {
        let mut count = 0;
        while !self.take(end) {
            self.expression();
            count += 1;
            assert!(
                marks.iter().any(|mark| self.take(mark)) || self.rest.trim_start().starts_with(end),
                "{}",
                self.rest
            );
        }
        count
    }

    fn tuple(&mut self) {
        self.out.push(b'(');
        self.list(")", &[","]);
        self.out.push(b't');
    }

    fn expression(&mut self) {
        self.primary();
        loop {
            if self.take("(") {
                self.tuple();
                self.out.push(b'R');
            } else if self.take("<<") {
                self.primary();
                self.out.push(b'b');
            } else if self.take("+= [") {
                self.out.push(b'(');
                self.list("]", &[","]);
                self.out.push(b'e');
            } else if self.take("+= {") {
                self.out.push(b'(');
                self.list("}", &[",", ":"]);
                self.out.push(b'u');
            } else if self.take("|= [") {
                self.out.push(b'(');
                self.list("]", &[","]);
                self.out.push(0x90);
            } else if self.take("as ") {
                let index: u8 = self.word(|letter| letter.is_ascii_digit()).parse().unwrap();
                self.out.extend([b'q', index]);
            } else {
                return;
            }
        }
    }

    fn primary(&mut self) {
        self.blank();
        if self.take("(") {
            self.tuple();
        } else if self.take("[") {
            self.out.extend(b"](");
            self.list("]", &[","]);
            self.out.push(b'e');
        } else if self.take("{") {
            self.out.extend(b"}(");
            self.list("}", &[",", ":"]);
            self.out.push(b'u');
        } else if self.take("$") {
            let index: u8 = self.word(|letter| letter.is_ascii_digit()).parse().unwrap();
            self.out.extend([b'h', index]);
        } else if self.take("'") {
            let text = self.quoted();
            self.text(&text);
        } else if self.take("b'") {
            let text = self.quoted();
            self.bytes(&text, b'B');
        } else if self.take("ba'") {
            let text = self.quoted();
            self.bytes(&text, 0x96);
        } else if self.rest.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-') {
            self.number();
        } else {
            self.name();
        }
    }

    fn number(&mut self) {
        let word = self.word(|letter| letter.is_ascii_digit() || "-.".contains(letter));
        match word.parse::<i64>() {
            Ok(value) => {
                self.out.extend([0x8a, 8]);
                self.out.extend(value.to_le_bytes());
            }
            Err(_) => {
                self.out.push(b'G');
                self.out.extend(word.parse::<f64>().unwrap().to_be_bytes());
            }
        }
    }

    fn name(&mut self) {
        let word = self.word(|letter| letter.is_ascii_alphanumeric() || "._:".contains(letter));
        match word.as_str() {
            "None" => self.out.push(b'N'),
            "True" => self.out.push(0x88),
            "False" => self.out.push(0x89),
            "buffer" => self.out.push(0x97),
            "view" => {
                self.primary();
                self.out.push(0x98);
            }
            "pid" => {
                self.primary();
                self.out.push(b'Q');
            }
            "ext" => {
                let code: u8 = self.word(|letter| letter.is_ascii_digit()).parse().unwrap();
                self.out.extend([0x82, code]);
            }
            "new" => {
                self.primary();
                assert!(self.take("("), "{}", self.rest);
                self.tuple();
                self.out.push(0x81);
            }
            symbol => self.import(symbol),
        }
    }
}
