"""Writes files that cost far more than they weigh: bombs.py DIRECTORY

Each holds a call with a harmless argument in front. Nothing here is unpickled or unpacked.
"""

import io
import lzma
import sys
import zipfile
from pathlib import Path

CALL = b"\x80\x02cposix\nsystem\nX\0\0\0\0\x85R."


def archive(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)
    return out.getvalue()


def nested(levels, wide, leaf):
    data = archive([("0.dll", leaf)])
    for _ in range(levels):
        data = archive([(f"lib {number}.zip", data) for number in range(wide)])
    return data


def deep(levels):
    data = archive([("innermost.pkl", CALL)])
    for _ in range(levels):
        data = archive([("next.zip", data)])
    return data


TENSORS = 128


def checkpoint(path, size):
    """An archive of torch with storages of `size` bytes together, none of which is written."""
    text = lambda text: b"X" + len(text).to_bytes(4, "little") + text
    count = b"\x8a\x05" + (size // TENSORS // 4).to_bytes(5, "little")

    def tensor(number):
        key = text(b"%d" % number)
        storage = b"(" + text(b"storage") + b"ctorch\nFloatStorage\n" + key + text(b"cpu") + count + b"tQ"
        hooks = b"ccollections\nOrderedDict\n)R"
        return key + b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0" + count + b"\x85K\1\x85\x89" + hooks + b"tR"

    class Sparse(io.FileIO):
        """Seeks over zeros instead of writing them."""

        def write(self, data):
            if len(data) >= 4096 and not any(data):
                end = self.seek(len(data), io.SEEK_CUR)
                if end > self.seek(0, io.SEEK_END):
                    self.truncate(end)
                self.seek(end)
                return len(data)
            return super().write(data)

    with Sparse(path, "w+") as target, zipfile.ZipFile(target, "w") as file:
        file.writestr("archive/data.pkl", b"\x80\x02}(" + b"".join(map(tensor, range(TENSORS))) + b"u.")
        zeros = bytes(size // TENSORS)
        for number in range(TENSORS):
            file.writestr(f"archive/data/{number}", zeros)
        file.writestr("archive/version", b"3\n")


def main():
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    zeros = bytes(64 << 20)
    call = ("call.pkl", CALL)
    packed = lzma.compress(zeros, preset=1)
    files = {
        "nested.zip": archive([call, ("lib.zip", nested(5, 16, bytes(256 << 20)))]),
        "zeros.xz": lzma.compress(CALL) + packed * 160,
        "zeros.zip": archive([call, ("zeros.xz", packed * 160)], zipfile.ZIP_STORED),
        "members.zip": archive([call] + [(str(number), b"\x80\x02N.") for number in range(100_000)]),
        "deep.zip": archive([call, ("next.zip", deep(30))]),
    }
    for name, data in files.items():
        (directory / name).write_bytes(data)
    checkpoint(directory / "checkpoint.pt", 2 << 30)


main()
