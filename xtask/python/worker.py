"""Reads pickle streams the way this interpreter does, imports nothing, and says what each stream did.

A long-lived process: requests on standard input, answers on standard output, both binary. `find_class` is replaced in
every reader, so no name that a stream chooses is ever imported; each name becomes a class that records what is done
with it. Runs on CPython 3.8 and later; the protocol is described at `serve`, what recording changes in docs/oracle.md.

A trace is lines. `import m:n` is a name that was asked for; it answers a class, `m:n` in later lines. What comes of
calling anything is an instance, and instances are numbered in the order in which they came to be: `#0`. `persid` is a
persistent id, answered by a class `persistent:0`, `persistent:1`, ...; `buffer ~0` a buffer. The others are methods:
`call`, `new` (`__new__`), `build` (`__setstate__`), `append`, `extend`, `add`, `setitem`, each with its target.
"""
import _pickle
import copyreg
import io
import itertools
import os
import pickle
import re
import resource
import struct
import sys

MEMORY = 512 << 20  # bytes of address space
SECONDS = 20  # of processor time for 64 streams
STREAMS = 8  # pickles read from one file, at most
ITEMS = 4000  # of a value that are described, at most

# Extension codes that are registered here, as `extension:CODE`.
CODES = [1, 2, 3, 255, 256, 65535, 65536, 2147483647]

# What happened, in order. Cleared before each load.
LOG = []


class Numbers(object):
    """The numbers that the next instance, buffer and persistent id of a file get."""

    def __init__(self):
        self.instance, self.buffer, self.persistent = itertools.count(), itertools.count(), itertools.count()


NUMBERS = Numbers()


def recorder(word):
    """A method that records itself with its object, and does nothing."""

    def method(self, *args, **kwargs):
        LOG.append(word + self._ref)

    return method


class OnClass(object):
    """What is found when a class itself, not an instance, is built upon or appended to."""

    def __init__(self, word):
        self.word = word

    def __get__(self, cls, meta=None):
        return self if cls is None else lambda *args: LOG.append(self.word + cls._name)

    def __set__(self, cls, value):
        # A data descriptor, so that it is found before the method of the same name in the class.
        raise AttributeError("recorded classes do not change")


class Meta(type):
    """The class of recording classes: tells a full call from `__new__` alone."""

    __setstate__ = OnClass("build ")
    append = OnClass("append ")
    extend = OnClass("extend ")
    add = OnClass("add ")

    def __call__(cls, *args, **kwargs):
        LOG.append("call " + cls._name)
        if cls._name.endswith((":_reconstructor", ":__newobj__")) and args and is_wrapper(args[0]):
            # How protocols 0 and 1 write an instance.
            return instance(args[0])
        made = instance(cls)
        made._args = args
        return made

    def __setitem__(cls, key, value):
        LOG.append("setitem " + cls._name)


def instance(cls):
    made = object.__new__(cls)
    made._ref = "#%d" % next(NUMBERS.instance)
    return made


def new(*args, **kwargs):
    # No name for the first argument: a stream may give any keyword.
    cls = args[0]
    # The Python engine looks `__new__` up on instances, too.
    LOG.append("new " + (cls._name if type(cls) is Meta else cls._ref))
    return instance(cls)


def call(*args, **kwargs):
    LOG.append("call " + args[0]._ref)
    return instance(recorded("result", "result"))


def build(self, state):
    LOG.append("build " + self._ref)
    self._state = state


METHODS = {
    "__new__": staticmethod(new),
    "__call__": call,
    "__setstate__": build,
    "__setitem__": recorder("setitem "),
    "append": recorder("append "),
    "extend": recorder("extend "),
    "add": recorder("add "),
    "__hash__": object.__hash__,
    "__eq__": object.__eq__,
}
CLASSES = {}


def recorded(module, name):
    """The recording class of a name; the same class for the same name, as with real imports."""
    key = (module, name)
    found = CLASSES.get(key)
    if found is None:
        if len(CLASSES) > 10000:
            CLASSES.clear()
        members = dict(METHODS, _name=symbol(module, name), __slots__=("_ref", "_args", "_state"))
        found = CLASSES[key] = Meta("Recorded", (object,), members)
    return found


def symbol(module, name):
    return (module + ":" + name).replace("\n", "\\n")


class Recorder(object):
    """Mixed into each engine's Unpickler."""

    def find_class(self, module, name):
        LOG.append("import " + symbol(module, name))
        return recorded(module, name)


class Hooked(Recorder):
    """A recorder that knows persistent ids too."""

    def persistent_load(self, pid):
        LOG.append("persid " + leaf(pid))
        return recorded("persistent", str(next(NUMBERS.persistent)))


# Buffers, writable and read-only.
BUFFERS = [type("Buffer", (base,), dict(METHODS)) for base in (bytearray, bytes)]


def buffers():
    """Out-of-band buffers without end, writable and read-only in turn."""
    while True:
        number = next(NUMBERS.buffer)
        cls = BUFFERS[number % 2]
        buffer = cls.__base__.__new__(cls, b"buffer")
        if number % 2 == 0:
            bytearray.__init__(buffer, b"buffer")
        buffer._ref = "~%d" % number
        LOG.append("buffer " + buffer._ref)
        yield buffer


try:
    import joblib.numpy_pickle as joblib
    import numpy
except ImportError:
    joblib = numpy = None
if not hasattr(joblib, "NumpyArrayWrapper"):
    # Before 0.10 arrays stood in files of their own.
    joblib = None
# Before 1.2 it knew no padding, and read what later ones write from the wrong place.
PADDED = hasattr(getattr(joblib, "NumpyArrayWrapper", None), "safe_get_numpy_array_alignment_bytes")

# Data types of which arrays are read; the recorder's `numpy.dtype` answers an instance like any other.
DTYPES = re.compile(r"[<>|=]?([?bBhHiIlLqQefdgFDGO]|[biufcSUVO][0-9]{1,3})\Z")


class Wrapper(object):
    """Mixed into joblib's wrapper: it reads its array by joblib's own code, and stays where the array would stand."""

    def read(self, unpickler, *rest):
        state = self._state
        self.shape, self.order, self.dtype = state["shape"], state["order"], data_type(state["dtype"])
        if "numpy_array_alignment_bytes" in state:
            self.numpy_array_alignment_bytes = state["numpy_array_alignment_bytes"]
        self.read_array(unpickler, *rest)
        return self


def data_type(recorded):
    """The data type that a recorded one stands for: with the state that numpy writes, or with none."""
    spec, state = recorded._args[0], getattr(recorded, "_state", None)
    assert type(recorded)._name == "numpy:dtype" and type(spec) is str and DTYPES.match(spec)
    found = numpy.dtype(spec) if state is None else numpy.dtype(spec).newbyteorder(state[1])
    assert state is None or state == found.__reduce__()[2]
    return found


def is_wrapper(cls):
    return joblib is not None and type(cls) is Meta and issubclass(cls, joblib.NumpyArrayWrapper)


def joblib_class(base):
    """joblib's unpickler with a recorder for a `find_class`. Arrays of objects are read by a recorder, too."""
    members = dict(METHODS, _name="joblib.numpy_pickle:NumpyArrayWrapper")
    wrapper = Meta("RecordedWrapper", (Wrapper, joblib.NumpyArrayWrapper), members)

    class Nested(object):
        """`pickle` as joblib up to 1.5 uses it."""

        @staticmethod
        def load(file):
            return type("Unpickler", (Recorder, _pickle.Unpickler), {})(file).load()

    joblib.pickle = Nested
    # What an array of objects is here has no byte order.
    joblib._ensure_native_byte_order = lambda array: array

    def find_class(self, module, name):
        found = Recorder.find_class(self, module, name)
        return wrapper if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper") else found

    return type("Unpickler", (base, joblib.NumpyUnpickler), {"find_class": find_class})


def joblib_unpickler(base):
    """How an unpickler of joblib's is made."""
    if joblib is None:
        return None
    cls = joblib_class(base)
    arguments = [False] * (joblib.NumpyUnpickler.__init__.__code__.co_argcount > 4)

    def make(file, encoding):
        unpickler = cls("stream", file, *arguments)
        unpickler.encoding = encoding
        unpickler._buffers = buffers() if base is Hooked else None
        return unpickler

    return make


class Peeked(io.BytesIO):
    """A file whose buffer holds all of it: the C engine then reads exactly as it does from memory.

    `loads` itself cannot be given a `find_class`; a file that lets the engine look ahead to its end can.
    """

    def peek(self, size=0):
        position = self.tell()
        rest = self.read()
        self.seek(position)
        return rest


def small_peek(data):
    """A file that can look ahead by 16 bytes only."""
    return io.BufferedReader(io.BytesIO(data), 16)


def opened(buffering):
    """A file as `open` gives it."""

    def make(data):
        # In memory, yet a file of the system with a block size of its own.
        descriptor = os.memfd_create("stream")
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return open(descriptor, "rb", buffering=buffering)

    return make


def readers(hooks):
    """(make file, make unpickler(file, encoding)) per reader, in the order of the bits of a request. Without joblib its
    readers read nothing; with it, the one of its version does.

    With `hooks`, persistent ids, buffers and extension codes are answered, so that more of a stream runs; without, a
    stream that needs them is refused there, as by a plain `load`.
    """

    def maker(base):
        # Plain functions in the class itself: an engine that looks only at the type still finds them.
        cls = type("Unpickler", (Hooked if hooks else Recorder, base), {})
        assert cls.find_class is Recorder.find_class

        def make(file, encoding):
            return cls(file, encoding=encoding, buffers=buffers() if hooks else None)

        return make

    c, python = maker(_pickle.Unpickler), maker(pickle._Unpickler)
    by_joblib = joblib_unpickler(Hooked if hooks else Recorder)
    return [
        (Peeked, c),
        (io.BytesIO, c),
        (io.BytesIO, python),
        (small_peek, c),
        (opened(-1), c),
        (opened(0), c),
        (io.BytesIO, by_joblib if PADDED else None),
        (io.BytesIO, None if PADDED else by_joblib),
    ]


def register_codes(hooks):
    """Empties the extension registry; with `hooks`, fills it."""
    for registry in (copyreg._extension_registry, copyreg._inverted_registry, copyreg._extension_cache):
        registry.clear()
    for code in CODES if hooks else ():
        copyreg._inverted_registry[code] = ("extension", str(code))


PLAIN = frozenset(map(chr, range(0x20, 0x7F))) - {"'", "\\"}


def quoted(data):
    return "'%s'" % "".join(chr(byte) if chr(byte) in PLAIN else "\\x%02x" % byte for byte in data)


def text_leaf(value):
    if value.isalnum() and value.isascii():
        return "'%s'" % value
    return quoted(value.encode("utf-8", "surrogatepass"))


def view_leaf(value):
    return "view " + (value.obj._ref if type(value.obj) in BUFFERS else quoted(value.tobytes()))


def ref_leaf(value):
    return value._ref


LEAVES = {
    type(None): str,
    bool: str,
    int: lambda value: str(value) if -(1 << 63) <= value < 1 << 63 else hex(value),
    float: float.hex,
    str: text_leaf,
    bytes: lambda value: "b" + quoted(value),
    memoryview: view_leaf,
    Meta: lambda value: value._name,
    BUFFERS[0]: ref_leaf,
    BUFFERS[1]: ref_leaf,
}


def leaf(value):
    """A value without items; of others the kind."""
    kind = type(value)
    write = LEAVES.get(kind)
    if write is not None:
        return write(value)
    if type(kind) is Meta:
        return value._ref
    # Empty ones are shared by the interpreter as it likes.
    return kind.__name__ if len(value) or kind not in (tuple, frozenset) else kind.__name__ + "()"


def describe(root):
    """A value as text: a leaf, or one line for each thing with items, in the order in which they are met, breadth
    first. A line is the kind and the items: leaves, and `@1` for the thing of line 1. So sharing and cycles are text.
    """
    numbers, things, budget = {}, [], ITEMS
    kinds = (list, tuple, dict, set, frozenset, bytearray)

    def reference(value):
        if type(value) not in kinds or (type(value) in (tuple, frozenset) and not value):
            return leaf(value)
        number = numbers.get(id(value))
        if number is None:
            number = numbers[id(value)] = len(things)
            things.append(value)
        return "@%d" % number

    first = reference(root)
    if not things:
        return first
    lines = []
    for thing in things:
        kind = type(thing)
        budget -= 1 if kind is bytearray else len(thing) + 1
        if budget < 0:
            lines.append("...")
            break
        if kind is bytearray:
            items = [quoted(thing)]
        elif kind is dict:
            items = [reference(item) for pair in thing.items() for item in pair]
        elif kind in (set, frozenset):
            # In no order; where elements have items, none that both sides know.
            simple = not any(type(item) in (tuple, frozenset) and item for item in thing)
            items = sorted(map(leaf, thing), key=sent) if simple else ["of %d" % len(thing)]
        else:
            items = [reference(item) for item in thing]
        lines.append(" ".join([kind.__name__] + items))
    return "\n".join(lines)


def sent(text):
    return text.encode("utf-8", "backslashreplace")


def pack(text):
    data = sent(text)
    return struct.pack("<I", len(data)) + data


def run(data, reader, encoding, values, inherit):
    """Loads from one file until something fails or nothing is left; the answer's bytes."""
    NUMBERS.__init__()
    copyreg._extension_cache.clear()
    make_file, make = reader
    loads = []
    if make is None:
        return struct.pack("<I", 0)
    with make_file(data) as file:
        unpickler = None
        # One unpickler may hold bytes that it took from the file: it is asked until it has no more.
        while len(loads) < STREAMS and (not loads or inherit or file.tell() < len(data)):
            del LOG[:]
            value = ""
            try:
                if unpickler is None or not inherit:
                    unpickler = make(file, encoding)
                result = unpickler.load()
                failure = ""
                if values:
                    value = describe(result)
                del result
            except Exception as error:
                failure = type(error).__name__
            loads.append(pack(failure) + struct.pack("<I", file.tell()) + pack(value) + pack("\n".join(LOG)))
            if failure:
                break
    return struct.pack("<I", len(loads)) + b"".join(loads)


def limit_time():
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def serve(tables, requests, answers):
    """Requests: u32 count, u8 readers as bits, u8 flags (1: values, 2: one unpickler for all pickles of a file,
    4: hooks), u32 length and name of an encoding, then `count` times u32 length and the stream.

    Answers: for each stream, for each reader asked for: u32, either the length of an answer that follows or, with the
    highest bit set, the number of the reader before it whose answer is the same. An answer: u32 loads, then for each
    of them: exception (empty if it loads), u32 position after it, value, trace. A text is u32 length and UTF-8, a lone
    surrogate written as `\\ud800`. One write per stream: if this process dies, the first stream without an answer is
    the one that killed it. The first answer of all is the version, as a text.
    """
    answers.write(pack("%d.%d.%d" % sys.version_info[:3]))
    answers.flush()

    def take(size):
        data = requests.read(size)
        if len(data) < size:
            sys.exit(0)
        return data

    def number():
        return struct.unpack("<I", take(4))[0]

    while True:
        count = number()
        bits, flags = struct.unpack("<BB", take(2))
        encoding = take(number()).decode("ascii")
        streams = [take(number()) for _ in range(count)]
        register_codes(flags & 4)
        chosen = [reader for bit, reader in enumerate(tables[flags >> 2 & 1]) if bits >> bit & 1]
        for number_of, data in enumerate(streams):
            if number_of % 64 == 0:
                limit_time()
            seen, parts = {}, []
            for place, reader in enumerate(chosen):
                answer = run(data, reader, encoding, flags & 1, flags & 2)
                known = seen.setdefault(answer, place)
                if known < place:
                    parts.append(struct.pack("<I", 1 << 31 | known))
                else:
                    parts += [struct.pack("<I", len(answer)), answer]
            answers.write(b"".join(parts))
            answers.flush()


def main():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # Nothing that a stream makes the interpreter print may mix with the answers, and its warnings help nobody.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    tables = readers(False), readers(True)
    os.dup2(nowhere, 2)
    serve(tables, requests, answers)


if __name__ == "__main__":
    main()
