"""Members of archives that import a name of their own, and what was found of them: shared by those who record what
readers hand over."""

import json
import re

NAME = re.compile(rb"c(member_\d+)\nfound\n")


def pickle_of(number, protocol):
    """A pickle that imports `member_7.found`, and nothing else."""
    body = b"cmember_%d\nfound\n." % number
    return body if protocol == 0 else b"\x80\x02" + body


def begun(got):
    """Names that unpickling would import: only those at the beginning."""
    match = NAME.match(got.removeprefix(b"\x80\x02"))
    return {match.group(1).decode()} if match else set()


def as_far_as_it_goes(file):
    """What can be read of a file before it fails, byte by byte."""
    got = b""
    try:
        while byte := file.read(1):
            got += byte
    except Exception:
        pass
    return got


def write(path, cases):
    """Writes one case on each line."""
    with open(path, "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(row) for row in cases) + "\n]\n")
