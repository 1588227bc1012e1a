"""Records 7z archives of py7zr, packed in each way that it knows, and what it hands over of them.

    python sevenz_cases.py OUT.json

Each member imports a name of its own (`member_7.found`). Nothing is unpickled.
"""

import base64
import io
import sys

import py7zr

from named_members import NAME, pickle_of, write

FILTERS = {
    "copy": [{"id": py7zr.FILTER_COPY}],
    "lzma": [{"id": py7zr.FILTER_LZMA}],
    "lzma2": [{"id": py7zr.FILTER_LZMA2, "preset": 1}],
    "bzip2": [{"id": py7zr.FILTER_BZIP2}],
    "deflate": [{"id": py7zr.FILTER_DEFLATE}],
    "zstd": [{"id": py7zr.FILTER_ZSTD, "level": 3}],
    "ppmd": [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}],
    "x86+lzma2": [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 1}],
    "delta+lzma2": [{"id": py7zr.FILTER_DELTA}, {"id": py7zr.FILTER_LZMA2, "preset": 1}],
    "encrypted": [{"id": py7zr.FILTER_LZMA2, "preset": 1}, {"id": py7zr.FILTER_CRYPTO_AES256_SHA256}],
}


def main():
    cases = []
    for name, filters in FILTERS.items():
        for count in [1, 3]:
            for packed_header in [True, False]:
                password = "x" if name == "encrypted" else None
                out = io.BytesIO()
                with py7zr.SevenZipFile(out, "w", filters=filters, password=password) as file:
                    file.set_encoded_header_mode(packed_header)
                    for number in range(count):
                        data = pickle_of(number, 2) + bytes(200 * number)
                        file.writef(io.BytesIO(data), f"folder/{number}.pkl")
                        file.writef(io.BytesIO(b""), f"empty{number}")
                data = out.getvalue()
                with py7zr.SevenZipFile(io.BytesIO(data), password=password) as file:
                    factory = py7zr.io.BytesIOFactory(1 << 20)
                    file.extractall(factory=factory)
                found = set()
                for member in factory.products.values():
                    member.seek(0)
                    found |= {match.decode() for match in NAME.findall(member.read())}
                row = {"packed": name, "data": base64.b64encode(data).decode(), "names": sorted(found)}
                cases.append(row)
    write(sys.argv[1], cases)
    print(len(cases), "archives")


main()
