use super::*;
use std::io::Read as _;

/// `b'A' * 50` by Python 3.11: `gzip.compress(data, mtime=0)`, `bz2.compress`, `lzma.compress` in both formats,
/// `lz4.frame.compress`, and `zlib.compress`.
const MEMBERS: [(Codec, &[u8]); 6] = [
    (Codec::Zlib, b"x\x9cst$\x15\x00\x00C\xfc\x0c\xb3"),
    (Codec::Gzip, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03st$\x15\x00\x004\xf9NX2\x00\x00\x00"),
    (Codec::Bzip2, b"BZh91AY&SYRn(\x09\x00\x00\x02\x14\x00\x00\x01 \x00 \x00!\x00\x82\x0b\x17rE8P\x90Rn(\x09"),
    (Codec::Lzma, b"]\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00 \xee;\x07\xff\xff\xff\xff\x80\x00\x00\x00"),
    (Codec::Xz, b"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4F\x02\x00!\x01\x16\x00\x00\x00t/\xe5\xa3\xe0\x001\x00\x06]\x00 \xee:\x00\x00\x00\x00\x00\x00\xa1\xf7\xbe\xd5\xba\xf0\xcf\x17\x00\x01\x222\x8b\xa2\xe3O\x1f\xb6\xf3}\x01\x00\x00\x00\x00\x04YZ"),
    (Codec::Lz4, b"\x04\x22M\x18|@2\x00\x00\x00\x00\x00\x00\x00\xf2\x0b\x00\x00\x00\x1fA\x01\x00\x19PAAAAAj%\xfd0\x00\x00\x00\x00\xd6\xb5\xe5\xf0"),
];

/// Everything that comes out, how it ended, and what was left.
fn inflate(codec: Codec, data: &[u8], step: usize) -> (Vec<u8>, Ending, usize) {
    let mut decoder = Decoder::new(codec, data);
    let (mut all, mut buffer) = (Vec::new(), vec![0; step]);
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(written) => all.extend_from_slice(&buffer[..written]),
        }
    }
    assert_eq!(decoder.inflated(), all.len() as u64);
    (all, decoder.ending().unwrap(), decoder.trailing().len())
}

#[test]
fn a_member_is_inflated() {
    for (codec, member) in MEMBERS {
        for step in [1, 7, 4096] {
            assert_eq!(inflate(codec, member, step), (vec![b'A'; 50], Ending::Complete, 0), "{}", codec.name());
        }
    }
}

#[test]
fn members_are_read_on_but_for_zlib() {
    for (codec, member) in MEMBERS {
        let two = [member, member].concat();
        let expected = match codec {
            Codec::Zlib => (vec![b'A'; 50], Ending::Complete, member.len()),
            _ => (vec![b'A'; 100], Ending::Complete, 0),
        };
        assert_eq!(inflate(codec, &two, 64), expected, "{}", codec.name());
        let mut decoder = Decoder::new(codec, &two);
        while decoder.read(&mut [0; 64]).unwrap() > 0 {}
        let boundary = Boundary { compressed: member.len() as u64, inflated: 50 };
        assert_eq!(decoder.first_member(), Some(boundary), "{}", codec.name());
    }
}

#[test]
fn trailing_bytes_are_kept_apart() {
    for (codec, member) in MEMBERS {
        for trailing in [&b"garbage!"[..], b"\0\0\0\0", b"\x1f\x8b\x08 cut", b"BZh9 not", b"\xfd7zXZ\0 not!"] {
            let data = [member, trailing].concat();
            let (out, ending, left) = inflate(codec, &data, 64);
            assert_eq!((out.len(), ending, left), (50, Ending::Complete, trailing.len()), "{}", codec.name());
        }
    }
}

#[test]
fn a_cut_member_is_truncated_at_every_byte() {
    for (codec, member) in MEMBERS {
        for end in 0..member.len() {
            let (out, ending, _) = inflate(codec, &member[..end], 64);
            assert_eq!(ending, Ending::Truncated, "{} at {end}", codec.name());
            assert!(out.iter().all(|byte| *byte == b'A'));
        }
    }
    let (out, ..) = inflate(Codec::Gzip, &MEMBERS[1].1[..MEMBERS[1].1.len() - 1], 64);
    assert_eq!(out.len(), 50, "a cut trailer costs no data");
}

#[test]
fn a_wrong_checksum_costs_no_data() {
    for codec in [Codec::Zlib, Codec::Gzip, Codec::Lz4] {
        let (_, member) = MEMBERS.into_iter().find(|row| row.0 == codec).unwrap();
        let mut wrong = member.to_vec();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(inflate(codec, &wrong, 7), (vec![b'A'; 50], Ending::BadChecksum, 0), "{}", codec.name());
    }
    for codec in [Codec::Bzip2, Codec::Xz] {
        let (_, member) = MEMBERS.into_iter().find(|row| row.0 == codec).unwrap();
        let mut wrong = member.to_vec();
        *wrong.last_mut().unwrap() ^= 1;
        let (out, ending, _) = inflate(codec, &wrong, 7);
        assert_eq!((out.len(), ending), (50, Ending::Corrupt), "{}", codec.name());
    }
}

#[test]
fn an_error_is_told_again() {
    let mut decoder = Decoder::new(Codec::Gzip, b"\x1f\x8b");
    let mut buffer = [0; 8];
    for _ in 0..3 {
        assert_eq!(decoder.read(&mut buffer).unwrap_err().kind(), ErrorKind::Truncated);
    }
}

/// An lz4 frame of a stored empty block, then a stored one: an empty block does not end a frame.
#[test]
fn an_empty_lz4_block_does_not_end_the_frame() {
    let frame = b"\x04\x22\x4d\x18\x60\x40\x82\0\0\0\x80\x03\0\0\x80abc\0\0\0\0";
    assert_eq!(inflate(Codec::Lz4, frame, 64), (b"abc".to_vec(), Ending::Complete, 0));
}

#[test]
fn a_huge_dictionary_is_refused() {
    let mut file = MEMBERS[3].1.to_vec();
    file[1..5].copy_from_slice(&0x8000_0000_u32.to_le_bytes());
    assert_eq!(inflate(Codec::Lzma, &file, 64).1, Ending::Refused);
}

/// What a cut member still determines comes out: a payload is not hidden by dropping the last byte of its file.
#[test]
fn a_cut_member_costs_little() {
    for (codec, member) in MEMBERS {
        if matches!(codec, Codec::Bzip2) {
            continue; // whole blocks only, in the real reader as here
        }
        let (out, ending, _) = inflate(codec, &member[..member.len() - 1], 64);
        assert_eq!((out.len(), ending), (50, Ending::Truncated), "{}", codec.name());
    }
}

/// `lzma.compress(bytes(100000), format=lzma.FORMAT_ALONE)`, cut: continued with anything it would never end.
#[test]
fn a_cut_file_of_zeros_ends() {
    let file = b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\x6f\xfd\xff\xff\xa3\xb7\x80";
    let mut decoder = Decoder::new(Codec::Lzma, file);
    let mut total = 0;
    while let Ok(written @ 1..) = decoder.read(&mut [0; 4096]) {
        total += written;
        assert!(total < 10_000_000);
    }
    assert_eq!(decoder.ending(), Some(Ending::Truncated));
}

#[test]
fn many_tiny_members_are_refused() {
    let (codec, member) = MEMBERS[1];
    let few = member.repeat(usize::try_from(FREE_MEMBERS).unwrap());
    assert_eq!(inflate(codec, &few, 4096).1, Ending::Complete);
    assert_eq!(inflate(codec, &[&few, member].concat(), 4096).1, Ending::Refused);
}

/// What `Ppmd7.c` packs, without a mark at the end.
fn ppmd(data: &[u8], order: u8, memory: u32) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = ppmd_rust::Ppmd7Encoder::new(&mut packed, order.into(), memory).unwrap();
    std::io::Write::write_all(&mut encoder, data).unwrap();
    encoder.finish(false).unwrap();
    packed
}

/// A text that repeats itself, but not always in the same way.
fn text(len: usize) -> Vec<u8> {
    (0_u64..).flat_map(|at| format!("{} and {}, ", at % 7, (at / 3) % 31).into_bytes()).take(len).collect()
}

#[test]
fn ppmd_gives_what_was_packed_and_as_much_as_is_there() {
    for (order, memory, len) in [(6, 1 << 24, 5000), (64, 1 << 22, 3000), (2, 1 << 16, 20_000), (6, 1 << 14, 20_000)] {
        let data = text(len);
        let packed = ppmd(&data, order, memory);
        let codec = Codec::Ppmd(order, memory, len as u64);
        assert_eq!(inflate(codec, &packed, 100), (data.clone(), Ending::Complete, 0), "{order} {memory}");
        let (out, ending, _) = inflate(codec, &packed[..packed.len() / 2], 100);
        assert!(ending == Ending::Truncated && out.len() > len / 4 && data.starts_with(&out), "{order} {memory}");
    }
}

#[test]
fn the_memory_of_ppmd_is_a_claim() {
    let packed = ppmd(&text(1000), 6, 1 << 24);
    // What 1000 bytes can fill, and what is too much for so few packed ones.
    assert!(Codec::Ppmd(6, 1 << 31, 1000).memory() < 2 << 20);
    assert_eq!(inflate(Codec::Ppmd(6, 1 << 31, 1000), &packed, 64).0, text(1000));
    assert_eq!(inflate(Codec::Ppmd(6, 1 << 31, u64::MAX), &packed, 64).1, Ending::Refused);
    assert_eq!(inflate(Codec::Ppmd(99, 1 << 20, 1000), &packed, 64).1, Ending::Corrupt);
}

/// Whatever is in the bytes, a decoder comes to an end.
#[test]
fn changed_bytes_end() {
    // A literal and a match of 1000 bytes, as a fixed block has them.
    let deflate64 = b"\x4b\x1c\x2d\x1f\x00\x00".to_vec();
    assert_eq!(inflate(Codec::Deflate64, &deflate64, 64), (b"a".repeat(1001), Ending::Complete, 0));
    let packed = ppmd(&text(200), 6, 1 << 16);
    for (codec, whole) in [(Codec::Deflate64, deflate64), (Codec::Ppmd(6, 1 << 16, 200), packed)] {
        for at in 0..whole.len() {
            for bit in [1, 0x10, 0x80] {
                let mut bytes = whole.clone();
                bytes[at] ^= bit;
                let (out, ..) = inflate(codec, &bytes, 64);
                assert!(out.len() < 1 << 20);
            }
            inflate(codec, &whole[..at], 64);
        }
    }
}

/// Checksums of blocks and of the content are held against what came out, of blocks that are linked or not.
#[test]
fn what_an_lz4_frame_says_of_itself_is_checked() {
    use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};
    use std::io::Write as _;
    let data: Vec<u8> = (0..60_000_u32).flat_map(|number| (number / 3).to_le_bytes()).collect();
    for mode in [BlockMode::Linked, BlockMode::Independent] {
        let info = FrameInfo::new().block_checksums(true).content_checksum(true).block_mode(mode);
        let mut encoder = FrameEncoder::with_frame_info(info.content_size(Some(data.len() as u64)), Vec::new());
        encoder.write_all(&data).unwrap();
        let frame = encoder.finish().unwrap();
        let (out, ending, _) = inflate(Codec::Lz4, &frame, 4096);
        assert_eq!((out == data, ending), (true, Ending::Complete));
        let spoiled = |at: usize| {
            let mut spoiled = frame.clone();
            spoiled[at] ^= 1;
            inflate(Codec::Lz4, &spoiled, 4096)
        };
        // Behind magic, flags, descriptor, size and checksum stands the length of the first block.
        let block = u32::from_le_bytes(frame[15..19].try_into().unwrap()) as usize;
        for at in [frame.len() - 1, 19 + block] {
            assert_eq!(spoiled(at).1, Ending::BadChecksum, "{at}");
        }
        let (out, ending, _) = inflate(Codec::Lz4, &frame[..frame.len() - 2], 4096);
        assert_eq!((out == data, ending), (true, Ending::Truncated));
    }
}

/// What holds no jumps is left as it is by each filter of machine code, whatever its number.
#[test]
fn filters_of_machine_code_leave_text_alone() {
    let text = b"no jump and no call is in here, only text that is long enough";
    for number in 4..=11 {
        for properties in [b"".as_slice(), &[0, 0, 0, 0]] {
            let filter = Filter::new(number, properties).unwrap();
            let mut out = Vec::new();
            filter.undo(text.as_slice()).read_to_end(&mut out).unwrap();
            assert_eq!(out, text, "{number}");
        }
        assert!(Filter::new(number, b"x").is_none());
    }
    assert!(Filter::new(3, b"").is_none() && Filter::new(12, b"").is_none());
}
