"""Records what Python's zipfile and torch's reader hand over of archives that contradict themselves.

    python zip_cases.py OUT.json

Each member of an archive imports a name of its own (`member_7.found`), so that whatever a reader hands over can be told
by that name. Archives are written by zipfile, then changed: fields of headers, the order of parts, bytes put before,
behind and between. Nothing is unpickled. With torch at hand its reader is asked, too.
"""

import base64
import io
import random
import re
import struct
import sys
import tempfile
import warnings
import zipfile

from named_members import as_far_as_it_goes, begun, pickle_of, write

try:
    import torch
except ImportError:
    torch = None

CASES = 300


def archive(rng, first):
    """An archive of a few members; answers its bytes."""
    out = io.BytesIO()
    target = out
    if rng.random() < 0.3:
        # zipfile writes sizes behind the data where it cannot go back.
        class Forward(io.RawIOBase):
            def writable(self):
                return True

            def write(self, data):
                return out.write(data)

        target = Forward()
    method = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
    with zipfile.ZipFile(target, "w", method) as file:
        for number in range(first, first + rng.randint(1, 3)):
            name = rng.choice(["archive/data.pkl", "archive/x", "archive/y.pkl", "archive/Data.pkl", f"archive/m{number}"])
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with file.open(info, "w", force_zip64=rng.random() < 0.3) as member:
                member.write(pickle_of(number, rng.choice([0, 2])))
        # torch reads no archive without it.
        file.writestr("archive/version", b"3\n", zipfile.ZIP_STORED)
        if rng.random() < 0.3:
            file.comment = b"a comment"
    return out.getvalue()


FIELDS = {
    # Signature: (offset, width) of version, flags, method, crc, sizes, lengths of name and extra field, place.
    b"PK\x03\x04": [(4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2), (30, 1)],
    b"PK\x01\x02": [(6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (42, 4), (46, 1)],
    b"PK\x05\x06": [(4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)],
}
WIDTHS = {1: "<B", 2: "<H", 4: "<I"}


def changed(rng, data):
    """The same with one field of one header changed."""
    places = [(found.start(), sig) for sig in FIELDS for found in re.finditer(re.escape(sig), data)]
    at, sig = rng.choice(places)
    offset, width = rng.choice(FIELDS[sig])
    field = slice(at + offset, at + offset + width)
    if len(data[field]) < width:
        return data
    old = struct.unpack(WIDTHS[width], data[field])[0]
    new = rng.choice([0, 1, 8, 9, 99, old ^ 1, old + 1, old - 1, old + rng.randint(-60, 60), old | 8, 0xFFFFFFFF])
    new %= 1 << 8 * width
    return data[: field.start] + struct.pack(WIDTHS[width], new) + data[field.stop :]


def case(rng, number):
    data = archive(rng, number * 10)
    for _ in range(rng.randint(0, 3)):
        how = rng.random()
        if how < 0.6:
            data = changed(rng, data)
        elif how < 0.7:
            data = rng.choice([b"x", b"#!/bin/sh\n", bytes(30)]) + data
        elif how < 0.8:
            data = data + rng.choice([b"x", b"\n", bytes(30)])
        elif how < 0.9:
            other = archive(rng, number * 10 + 5)
            data = rng.choice([data + other, other + data])
        else:
            at = rng.randrange(len(data))
            data = data[:at] + rng.choice([b"\0", b"PK\x05\x06"]) + data[at:]
    return data


def by_zipfile(data):
    """Names of members that zipfile hands over, whole or in part."""
    found = set()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            for info in file.infolist():
                try:
                    with file.open(info) as member:
                        found |= begun(as_far_as_it_goes(member))
                except Exception:
                    pass
    except Exception:
        pass
    return found


def by_torch(data):
    """The same for torch's reader, asked for each name that zipfile or the raw bytes know."""
    found = set()
    names = {name.decode("latin-1") for name in re.findall(rb"archive/([\w.]+)", data)}
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            reader = torch._C.PyTorchFileReader(file.name)
        except Exception:
            return found
        for name in sorted(names):
            try:
                found |= begun(reader.get_record(name))
            except Exception:
                pass
    return found


def main():
    warnings.simplefilter("ignore")
    rng = random.Random(7)
    cases = []
    number = 0
    while len(cases) < CASES:
        number += 1
        data = case(rng, number)
        zipped, torched = by_zipfile(data), by_torch(data) if torch else set()
        if zipped or torched:
            row = {"data": base64.b64encode(data).decode(), "zipfile": sorted(zipped), "torch": sorted(torched)}
            cases.append(row)
    write(sys.argv[1], cases)
    told = sum(row["zipfile"] != row["torch"] for row in cases)
    print(len(cases), "archives,", told, "of which the two readers make something else")


main()
