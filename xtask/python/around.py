"""Puts random streams into the containers that loaders open, has the loaders open them, and says which names were asked for.

Runs where joblib, numpy, pandas or torch are; what is not there is left out. One stream in hex for each line of standard
input; for each of them lines of JSON, one for each container and loader, and an empty line.

Nothing that a stream names is imported: both engines and every function of `pickle` are replaced by recorders (worker.py)
once the libraries are imported, and should one of them reach the stock `find_class` all the same, an audit hook ends
the process before it looks anything up.
"""
import _pickle
import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import sys
import tarfile
import warnings
import zipfile
import zlib

import worker

try:
    import numpy
    import numpy.lib.format
except ImportError:
    numpy = None
try:
    import joblib
    import joblib.numpy_pickle
except ImportError:
    joblib = None
try:
    import pandas
    import pandas.compat.pickle_compat
    import pandas.io.pickle
except ImportError:
    pandas = None
try:
    import torch
    import torch.serialization
except ImportError:
    torch = None


MEMORY = 2 << 30  # bytes


class CRecorder(worker.Recorder, _pickle.Unpickler):
    """The C engine; a class, so that libraries can derive from it."""


def forbid(event, arguments):
    if event == "pickle.find_class":
        os.write(2, b"a loader reached the stock find_class\n")
        os._exit(3)


def replace():
    """From here on, nobody in this process unpickles for real."""
    def load(file, **options):
        return CRecorder(file, **options).load()

    def loads(data, **options):
        return CRecorder(io.BytesIO(data), **options).load()

    for module in (pickle, _pickle):
        module.load, module.loads, module.Unpickler = load, loads, CRecorder
    pickle._load, pickle._loads = load, loads
    pickle._Unpickler.find_class = worker.Recorder.find_class
    if pandas is not None:
        # It maps names of old versions, and asks the engine: what is recorded is what the file says.
        pandas.compat.pickle_compat.Unpickler.find_class = worker.Recorder.find_class
    if joblib is not None:
        joblib.numpy_pickle.NumpyUnpickler = worker.joblib_class(worker.Recorder)
    sys.addaudithook(forbid)


def zipped(members, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compress_type=method)
    return out.getvalue()


def tarred(data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("model.pkl")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def npy(data):
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }"
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def numpy_load(file):
    found = numpy.load(file, allow_pickle=True)
    if hasattr(found, "files"):
        for name in found.files:
            found[name]


def joblib_load(file):
    joblib.load(file)


def pandas_load(compression):
    return lambda file: pandas.read_pickle(file, compression=compression)


def torch_load(file):
    try:
        torch.load(file, weights_only=False)
    except TypeError as error:
        if "weights_only" not in str(error):
            raise
        file.seek(0)
        torch.load(file)


def torch_zip(data):
    return zipped([("archive/data.pkl", data), ("archive/version", b"3\n")])


# Container, how it is made, loader, the library that has to be there.
WAYS = [
    ("plain", bytes, joblib_load, joblib),
    ("zlib", zlib.compress, joblib_load, joblib),
    ("gzip", gzip.compress, joblib_load, joblib),
    ("bz2", bz2.compress, joblib_load, joblib),
    ("xz", lzma.compress, joblib_load, joblib),
    ("lzma", lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE), joblib_load, joblib),
    ("plain", bytes, numpy_load, numpy),
    ("npy", npy, numpy_load, numpy),
    ("npz", lambda data: zipped([("a.npy", npy(data)), ("b", data)]), numpy_load, numpy),
    ("npz, deflated", lambda data: zipped([("a.npy", npy(data))], zipfile.ZIP_DEFLATED), numpy_load, numpy),
    ("plain", bytes, pandas_load(None), pandas),
    ("gzip", gzip.compress, pandas_load("gzip"), pandas),
    ("bz2", bz2.compress, pandas_load("bz2"), pandas),
    ("xz", lzma.compress, pandas_load("xz"), pandas),
    ("zip", lambda data: zipped([("model.pkl", data)], zipfile.ZIP_DEFLATED), pandas_load("zip"), pandas),
    ("tar", tarred, pandas_load("tar"), pandas),
    ("torch zip", torch_zip, torch_load, torch),
    ("plain", bytes, torch_load, torch),
]
NAMES = {joblib_load: "joblib.load", numpy_load: "numpy.load", torch_load: "torch.load"}


def asked(load, data):
    """The names that a loader asks for, and how it ends."""
    del worker.LOG[:]
    worker.NUMBERS.__init__()
    failure = ""
    try:
        load(io.BytesIO(data))
    except Exception as error:
        failure = type(error).__name__
    words = [worker.sent(line[len("import "):]).decode() for line in worker.LOG if line.startswith("import ")]
    return sorted(set(words)), failure


def main():
    warnings.simplefilter("ignore")
    worker.resource.setrlimit(worker.resource.RLIMIT_CORE, (0, 0))
    worker.resource.setrlimit(worker.resource.RLIMIT_DATA, (MEMORY, MEMORY))
    replace()
    for line in sys.stdin:
        data = bytes.fromhex(line.strip())
        for container, make, load, library in WAYS:
            if library is None:
                continue
            file = make(data)
            names, failure = asked(load, file)
            loader = NAMES.get(load, "pandas.read_pickle")
            print(json.dumps({"container": container, "loader": loader, "file": file.hex(), "names": names, "failure": failure}))
        print(flush=True)


if __name__ == "__main__":
    main()
