"""Records what Python's gzip, bz2 and lzma hand over of compressed files that are not as they should be, and files that
pandas writes in each compression.

    python compressed_cases.py OUT.json

Whole members are put one behind the other, with and without bytes between; then parts are cut off, bytes changed and
put behind. Each file is read byte by byte to its end or to the first error: what came until then is recorded. Nothing is
unpickled. With pandas at hand its files are recorded, too.
"""

import base64
import bz2
import gzip
import io
import json
import lzma
import random
import sys
import tempfile
import zlib
from pathlib import Path

try:
    import pandas
except ImportError:
    pandas = None

CASES = 60


def text(rng):
    """Some bytes: a few that repeat, or many that hardly do."""
    if rng.random() < 0.5:
        return rng.choice([b"cmember\nfound\n.", b"\x80\x02]K\x01a.", b"A"]) * rng.randint(1, 40)
    return bytes(rng.randrange(256) for _ in range(rng.randint(0, 120)))


def gzip_member(rng, data):
    name = rng.choice([b"", b"name.pkl"])
    flags = (8 if name else 0) | rng.choice([0, 0, 2, 4])
    head = b"\x1f\x8b\x08" + bytes([flags]) + bytes(6)
    head += b"\x03\0abc" if flags & 4 else b""
    head += name + b"\0" if name else b""
    head += b"\0\0" if flags & 2 else b""
    press = zlib.compressobj(rng.choice([0, 1, 9]), zlib.DEFLATED, -15)
    body = press.compress(data) + press.flush()
    return head + body + (zlib.crc32(data)).to_bytes(4, "little") + len(data).to_bytes(4, "little")


def lzma_member(rng, data):
    if rng.random() < 0.3:
        return lzma.compress(data, format=lzma.FORMAT_ALONE, preset=rng.choice([0, 6]))
    check = rng.choice([lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_CRC64, lzma.CHECK_SHA256])
    before = rng.choice([[], [{"id": lzma.FILTER_DELTA, "dist": 3}], [{"id": lzma.FILTER_X86}], [{"id": lzma.FILTER_ARM}]])
    return lzma.compress(data, check=check, filters=[*before, {"id": lzma.FILTER_LZMA2, "preset": 0}])


MODULES = {
    "gzip": (gzip_member, lambda file: gzip.GzipFile(fileobj=file)),
    "bz2": (lambda rng, data: bz2.compress(data, rng.choice([1, 9])), bz2.BZ2File),
    "xz": (lzma_member, lzma.LZMAFile),
}


def case(rng, member):
    data = b""
    for _ in range(rng.choice([1, 1, 2, 3])):
        data += member(rng, text(rng))
        data += rng.choice([b"", b"", b"", b"\0", bytes(4), b"x", b"\x1f\x8b", b"BZh"])
    for _ in range(rng.choice([0, 1, 1, 2])):
        how = rng.random()
        at = rng.randrange(len(data))
        if how < 0.4:
            data = data[: max(at, 1)]
        elif how < 0.5:
            data = data[: -rng.randint(1, min(12, len(data) - 1))] or data
        elif how < 0.8:
            data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        else:
            data += rng.choice([b"rubbish", bytes(12), data])
    return data


def handed_over(opened):
    """What comes before the end or the first error, and whether it is the end."""
    got = b""
    try:
        while byte := opened.read(1):
            got += byte
    except Exception:
        return got, False
    return got, True


def pandas_files(directory):
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]})
    for compression in ["infer", "gzip", "bz2", "zip", "xz", "tar", "zstd"]:
        for protocol in [2, 5]:
            path = Path(directory) / "frame.pkl"
            try:
                frame.to_pickle(path, compression=None if compression == "infer" else compression, protocol=protocol)
            except ImportError:
                continue
            yield {"compression": compression, "protocol": protocol, "data": encoded(path.read_bytes())}


def encoded(data):
    return base64.b64encode(data).decode()


def main():
    rng = random.Random(5)
    streams, frames = [], []
    for name, (member, module) in MODULES.items():
        for _ in range(CASES):
            data = case(rng, member)
            # An empty file holds no member: nothing is compressed there.
            plain, ends = handed_over(module(io.BytesIO(data)))
            streams.append({"codec": name, "data": encoded(data), "plain": encoded(plain), "ends": ends})
    if pandas:
        with tempfile.TemporaryDirectory() as directory:
            frames = list(pandas_files(directory))
    rows = [",\n".join(json.dumps(row) for row in part) for part in (streams, frames)]
    Path(sys.argv[1]).write_text('{"streams": [\n' + rows[0] + '\n],\n"pandas": [\n' + rows[1] + "\n]}\n")
    print(len(streams), "files,", sum(not row["ends"] for row in streams), "of which end in an error;", len(frames), "of pandas")


main()
