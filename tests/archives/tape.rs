//! Assembles tar archives, block by block.

/// One header.
pub(crate) struct Header {
    pub(crate) block: [u8; 512],
}

impl Header {
    pub(crate) fn new(name: &[u8], size: usize, kind: u8) -> Self {
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name);
        block[100..108].copy_from_slice(b"0000644\0");
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        block[156] = kind;
        block[257..265].copy_from_slice(b"ustar\x0000");
        Self { block }
    }

    pub(crate) fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.block[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub(crate) fn bytes(mut self) -> Vec<u8> {
        self.block[148..156].fill(b' ');
        let sum: u32 = self.block.iter().map(|byte| u32::from(*byte)).sum();
        self.block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.block.to_vec()
    }
}

/// Data and what fills its last block.
pub(crate) fn filled(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    data.resize(data.len().next_multiple_of(512), 0);
    data
}

pub(crate) fn member(name: &str, data: &[u8]) -> Vec<u8> {
    [Header::new(name.as_bytes(), data.len(), b'0').bytes(), filled(data)].concat()
}

/// A link by another name.
pub(crate) fn linked(name: &str, to: &str) -> Vec<u8> {
    Header::new(name.as_bytes(), 0, b'2').with(157, to.as_bytes()).bytes()
}

pub(crate) fn special(kind: u8, data: &[u8]) -> Vec<u8> {
    [Header::new(b"special", data.len(), kind).bytes(), filled(data)].concat()
}

pub(crate) fn tar(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}

/// A sparse file as GNU tar has written it at one time or another: bytes around a hole.
pub(crate) fn sparse(kind: &str, first: &[u8], hole: u64, second: &[u8]) -> Vec<u8> {
    let (cut, next) = (first.len(), first.len() as u64 + hole);
    let all = next + second.len() as u64;
    let line = |text: String| {
        let len = (text.len() + 3..).find(|len| len.to_string().len() + 2 + text.len() == *len).unwrap();
        format!("{len} {text}\n")
    };
    let pax = |lines: &[String]| special(b'x', lines.iter().cloned().map(line).collect::<String>().as_bytes());
    let mut data = [first, second].concat();
    let lines = match kind {
        "header" => {
            let map = format!("{:011o}\0{cut:011o}\0{next:011o}\0{:011o}\0", 0, second.len());
            let header = Header::new(b"sparse", data.len(), b'S').with(257, b"ustar  \0").with(386, map.as_bytes());
            return [header.with(483, format!("{all:011o}\0").as_bytes()).bytes(), filled(&data)].concat();
        }
        "list" => [format!("GNU.sparse.size={all}"), format!("GNU.sparse.map=0,{cut},{next},{}", second.len())],
        _ => {
            data = [filled(format!("2\n0\n{cut}\n{next}\n{}\n", second.len()).as_bytes()), data].concat();
            [format!("GNU.sparse.realsize={all}"), "GNU.sparse.major=1".to_owned()]
        }
    };
    [pax(&lines), member("sparse", &data)].concat()
}
