"""Records what Python's tarfile, gzip, bz2 and lzma hand over of archives and compressed files that are not as they
should be.

    python tar_cases.py OUT.json

Each member imports a name of its own (`member_7.found`), so that whatever a reader hands over can be told by that name.
Archives are written by tarfile in each of its formats, then changed: fields of headers, blocks put between, parts cut
off, whole archives one behind the other; some are compressed, and then changed again. Nothing is unpickled.
"""

import base64
import bz2
import gzip
import io
import lzma
import random
import sys
import tarfile
import zlib

from named_members import as_far_as_it_goes, begun, pickle_of, write

CASES = 300
BLOCK = 512


def archive(rng, first):
    """An archive of a few members; answers its bytes."""
    out = io.BytesIO()
    kind = rng.choice([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    with tarfile.open(fileobj=out, mode="w", format=kind) as file:
        for number in range(first, first + rng.randint(1, 3)):
            name = rng.choice(["data.pkl", "a/x", "x" * 90, "long/" * 30 + "name", "xgb/model.bin", "BZ.pkl", "config.json"])
            info = tarfile.TarInfo(name)
            data = pickle_of(number, rng.choice([0, 2])) + bytes(rng.choice([0, 0, 600]))
            info.size = len(data)
            if kind == tarfile.PAX_FORMAT and rng.random() < 0.3:
                info.pax_headers = {rng.choice(["size", "path", "comment"]): rng.choice(["0", "9", "700", str(len(data))])}
            file.addfile(info, io.BytesIO(data))
            if rng.random() < 0.2:
                link = tarfile.TarInfo("link")
                link.type = rng.choice([tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
                link.linkname = name[:90] if rng.random() < 0.5 else "../../outside"
                file.addfile(link)
    data = out.getvalue()
    # The zeros at the end, or only some of them.
    end = len(data.rstrip(b"\0")) + BLOCK - 1
    return data if rng.random() < 0.5 else data[: end // BLOCK * BLOCK + rng.choice([0, BLOCK])]


# Offset and width of name, mode, size, sum, kind, magic, prefix.
FIELDS = [(0, 1), (100, 8), (124, 12), (148, 8), (156, 1), (257, 6), (345, 4)]


def changed(rng, data):
    """The same with one field of one header changed, and its sum put right or not."""
    headers = [at for at in range(0, len(data) - BLOCK, BLOCK) if data[at + 257 : at + 262] == b"ustar"]
    if not headers:
        return data
    at = rng.choice(headers)
    offset, width = rng.choice(FIELDS)
    new = {
        1: lambda: rng.choice([b"0", b"\0", b"1", b"2", b"5", b"7", b"L", b"x", b"g", b"S", b"D", b"Z"]),
        12: lambda: rng.choice([b"%011o\0", b"%011o ", b" %10o\0", b"%o\0", b"%08o99 \0"])
        % rng.choice([0, 1, 20, 30, 512, 700, 1 << 20]),
    }.get(width, lambda: rng.randbytes(width))()
    if width == 12 and rng.random() < 0.3:
        new = b"\x80" + rng.choice([0, 25, 700]).to_bytes(11, "big")
    block = bytearray(data[at : at + BLOCK])
    block[offset : offset + len(new)] = new
    if offset != 148 and rng.random() < 0.9:
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return data[:at] + bytes(block[:BLOCK]) + data[at + BLOCK :]


COMPRESSORS = [lambda data: gzip.compress(data, mtime=0), bz2.compress, lzma.compress,
               lambda data: lzma.compress(data, lzma.FORMAT_ALONE)]


def case(rng, number):
    data = archive(rng, number * 10)
    for _ in range(rng.randint(0, 3)):
        how = rng.random()
        if how < 0.5:
            data = changed(rng, data)
        elif how < 0.6:
            at = rng.randrange(len(data)) // BLOCK * BLOCK
            data = data[:at] + rng.choice([bytes(BLOCK), rng.randbytes(BLOCK), b"x"]) + data[at:]
        elif how < 0.7:
            data = data[: rng.randrange(1, len(data) + 1)]
        elif how < 0.85:
            data = data + archive(rng, number * 10 + 5)
        else:
            data = data + rng.choice([b"x", b"\n", bytes(30), rng.randbytes(BLOCK)])
    if rng.random() < 0.3:
        press = rng.choice(COMPRESSORS)
        at = rng.randrange(len(data) + 1)
        data = press(data) if rng.random() < 0.6 else press(data[:at]) + press(data[at:])
        how = rng.random()
        if how < 0.3:
            data = data[: rng.randrange(len(data) // 2, len(data) + 1)]
        elif how < 0.5:
            data += rng.choice([b"x", bytes(4), b"\n"])
        elif how < 0.7:
            at = rng.randrange(len(data))
            data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    return data


def by_tarfile(data, zeros):
    """Names of members that tarfile hands over, whole or in part."""
    found = set()
    try:
        with tarfile.open(fileobj=io.BytesIO(data), ignore_zeros=zeros) as file:
            for info in file:
                member = file.extractfile(info)
                if member is not None:
                    found |= begun(as_far_as_it_goes(member))
    except Exception:
        pass
    return found


def main():
    rng = random.Random(11)
    cases = []
    number = 0
    while len(cases) < CASES:
        number += 1
        data = case(rng, number)
        plain, zeros = by_tarfile(data, False), by_tarfile(data, True)
        if plain or zeros:
            # Archives are mostly zeros.
            packed = base64.b64encode(zlib.compress(data, 9)).decode()
            cases.append({"data": packed, "tarfile": sorted(plain), "ignore_zeros": sorted(zeros)})
    write(sys.argv[1], cases)
    told = sum(row["tarfile"] != row["ignore_zeros"] for row in cases)
    print(len(cases), "archives,", told, "of which are something else with ignore_zeros")


main()
