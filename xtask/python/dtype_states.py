"""Records what numpy's dtype.__reduce__ writes: one JSON line per distinct (spec, state).

    python dtype_states.py record > numpy-VERSION.jsonl      under each numpy
    python dtype_states.py merge numpy-*.jsonl > tests/data/dtype_states.jsonl

tests/dtype.rs replays the merged file. A line: numpy versions, spec, state, itemsize, hasobject.
"""
from __future__ import print_function

import json
import sys


def encode(value, np):
    if isinstance(value, np.dtype):
        spec, state = reduce_of(value, np)
        return {"dtype": [spec, state]}
    if isinstance(value, tuple):
        return {"tuple": [encode(item, np) for item in value]}
    if hasattr(value, "items"):
        return {"dict": [[encode(k, np), encode(v, np)] for k, v in value.items()]}
    if isinstance(value, bytes):
        return {"bytes": value.decode("ascii")}
    if value is None or isinstance(value, (int, str)):
        return value
    return {"other": True}


def reduce_of(dtype, np):
    reduced = dtype.__reduce__()
    spec, align, copy = reduced[1]
    assert reduced[0] is np.dtype and not align and copy, reduced
    if not isinstance(spec, str):
        assert spec is np.record, spec
        spec = {"record": True}
    return spec, encode(reduced[2], np)


def dtypes(np):
    def make(*args, **kwargs):
        try:
            made.append(np.dtype(*args, **kwargs))
        except (TypeError, ValueError, SyntaxError) as error:
            print(np.__version__, args, kwargs, error, file=sys.stderr)

    made = []
    for code in "?bhilqpBHILQPefdgFDGSUVOMm":
        for order in ("", ">", "<"):
            make(order + code)
    for text in ("S5", "U3", "V16", "S0", "U0", "V0", ">U7", "M8[ns]", "m8[D]", ">M8[25s]", "M8[10ms/1]", "M8[Y]",
                 "m8[W]", "M8[generic]", "m8[7as]", "m8[h]", "M8[us]", "i4,f4", "i4,(2,)f8", "(2,3)f8", "(2,)f8,S3"):
        make(text)
    inner = np.dtype([("x", "u1"), ("y", ">i8")], align=True)
    record = np.dtype((np.record, [("x", "i4")]))
    fields = [
        [("a", "i4"), ("b", "f8")], [("a", "i1"), ("b", ">f8")], [(("title", "a"), "i4"), ("b", "f8")],
        [("a", "i4", (2, 3)), ("b", "S3")], [("a", [("x", "u1"), ("y", ">i2", (3,))], (2,))],
        [("a", inner), ("z", "i1")], [("o", "O"), ("b", "f8")], [("o", "i1"), ("b", "O")],
        [("m", "M8[us]"), ("b", "U4")], [("a", "g"), ("b", "G"), ("c", "e"), ("d", "?")], [("a", "F"), ("b", "D")],
        [("a", "V0"), ("b", "S0")], [("a", ("i4", (0,)))], [("s", ("S3", (2,)))], [("s", "O", (3,))],
        [("s", [("o", "O")], (3,))], [("r", record)], [(u"\xe9", "i4"), (u"\u4e2d", "f8")], [],
        {"names": ["a", "b"], "formats": ["i4", "f8"], "offsets": [8, 0], "itemsize": 32},
        {"names": ["a", "b"], "formats": ["i4", "f4"], "offsets": [0, 2]},
        {"names": ["a", "b"], "formats": ["i4", "f4"], "offsets": [0, 2], "titles": ["T", "Q"]},
        {"names": ["a", "b"], "formats": ["i1", "i4"], "offsets": [0, 4], "itemsize": 16},
        {"names": ["a"], "formats": ["i1"], "offsets": [5]},
        {"names": [], "formats": [], "offsets": [], "itemsize": 8},
        {"names": ["a", "b", "c"], "formats": ["i4", "f8", (np.record, [("x", "O")])]},
    ]
    old = tuple(map(int, np.__version__.split(".")[:2])) < (1, 20)
    for descr in fields:
        make(descr)
        if made[-1].names or not old:  # numpy 1.17 divides by the number of fields
            make(descr, align=True)
        if made[-1].itemsize or not old:
            make((np.record, descr))
    for descr in [("i4", (2,)), ("i4", (1,)), (("i4", (2,)), (3,)), ("V8", (2,)), ("O", (2,)), (">U3", (2, 0)),
                  ("M8[D]", (2,)), (inner, (2,)), (record, (2,)), (np.record, 8), np.record, np.void]:
        make(descr)
    for metadata in ({"x": 1}, {"k": [1, 2]}):
        for base in ("f8", ">i4", "S3", "U3", "O", "M8[ns]", "V4", [("a", "i4")], ("i4", (2,))):
            make(base, metadata=metadata)
    make([("a", np.dtype("i4", metadata={"u": 1}))])
    # Selections of fields keep the flags of the whole.
    for align in (False, True):
        whole = np.dtype([("a", "i1"), ("b", "O"), ("c", "f8"), ("d", "U2")], align=align)
        for names in (["a", "c"], ["b", "c"], ["c"], ["a", "d"], ["d", "b"]):
            made.append(np.zeros(2, whole)[names].dtype)
    whole = np.dtype([("a", "i4"), ("b", "U2")], align=True)
    made.append(np.zeros(2, whole)[["a"]].dtype)
    made.append(np.rec.array([(1, 2.0)], names="a,b").dtype)
    for dtype in list(made):
        made.append(dtype.newbyteorder(">"))
    return made


def record_all():
    import numpy as np

    for dtype in dtypes(np):
        spec, state = reduce_of(dtype, np)
        row = {"numpy": [np.__version__], "spec": spec, "state": state, "itemsize": dtype.itemsize,
               "hasobject": dtype.hasobject}
        print(json.dumps(row, sort_keys=True))


def merge(paths):
    rows = {}
    for path in paths:
        with open(path) as lines:
            for line in lines:
                row = json.loads(line)
                version = row.pop("numpy")[0]
                versions = rows.setdefault(json.dumps(row, sort_keys=True), [])
                if version not in versions:
                    versions.append(version)
    for text, versions in rows.items():
        print(json.dumps(dict(json.loads(text), numpy=versions), sort_keys=True, separators=(",", ":")))


if __name__ == "__main__":
    if sys.argv[1] == "record":
        record_all()
    else:
        merge(sys.argv[2:])
