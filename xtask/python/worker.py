"""Reads pickle streams the way this interpreter does, imports nothing, and says what each stream asked for.

A long-lived process: requests on standard input, answers on standard output, both binary. `find_class` is replaced in
every reader, so no name that a stream chooses is ever imported; each name becomes a class that records what is done
with it. Runs on CPython 2.7 and 3.6 to 3.14; the protocol is described at `serve`.
"""
import io
import itertools
import os
import resource
import struct
import sys

MEMORY = 512 << 20  # bytes of address space
SECONDS = 20  # of processor time for one stream
STREAMS = 8  # pickles read from one file, at most

# Extension codes that are registered here; they stand in the cache, so `find_class` is not asked.
CODES = [1, 2, 3, 255, 256, 65535, 65536, 2147483647]

# What happened, in order: (kind, text, text). Cleared before each load.
LOG = []

IMPORT, CALL, NEW, BUILD, APPEND, EXTEND, ADD, SETITEM, PERSID, BUFFER = range(10)


def recorder(kind):
    """A method that records `kind` with its object, and does nothing."""

    def method(self, *args, **kwargs):
        LOG.append((kind, self._symbol, self._role))

    return method


class OnClass(object):
    """What is found when a class itself, not an instance, is built upon or appended to."""

    def __init__(self, kind):
        self.kind = kind

    def __get__(self, cls, meta=None):
        return self if cls is None else lambda *args: LOG.append((self.kind, cls._symbol, ""))

    def __set__(self, cls, value):
        # A data descriptor, so that it is found before the method of the same name in the class.
        raise AttributeError("recorded classes do not change")


class Meta(type):
    """The class of recording classes: tells a full call from `__new__` alone."""

    __setstate__ = OnClass(BUILD)
    append = OnClass(APPEND)
    extend = OnClass(EXTEND)
    add = OnClass(ADD)

    def __call__(cls, *args, **kwargs):
        LOG.append((CALL, cls._symbol, ""))
        return object.__new__(cls)

    def __setitem__(cls, key, value):
        LOG.append((SETITEM, cls._symbol, ""))


def new(cls, *args, **kwargs):
    LOG.append((NEW, cls._symbol, ""))
    return object.__new__(cls)


def call_result(self, *args, **kwargs):
    LOG.append((CALL, self._symbol, "()"))
    return object.__new__(type(self))


METHODS = {
    "__new__": staticmethod(new),
    "__call__": call_result,
    "__setstate__": recorder(BUILD),
    "__setitem__": recorder(SETITEM),
    "append": recorder(APPEND),
    "extend": recorder(EXTEND),
    "add": recorder(ADD),
    "_role": "()",
    "__slots__": (),
}
CLASSES = {}


def recorded(module, name):
    """The recording class of a name; the same class for the same name, as with real imports."""
    key = (module, name)
    found = CLASSES.get(key)
    if found is None:
        if len(CLASSES) > 10000:
            CLASSES.clear()
        found = CLASSES[key] = Meta("Recorded", (object,), dict(METHODS, _symbol=symbol(module, name)))
    return found


def symbol(module, name):
    return module + (b":" if isinstance(module, bytes) else ":") + name


class Recorder(object):
    """Mixed into each engine's Unpickler."""

    def find_class(self, module, name):
        LOG.append((IMPORT, module, name))
        return recorded(module, name)


class Hooked(Recorder):
    """A recorder that knows persistent ids too."""

    def persistent_load(self, pid):
        LOG.append((PERSID, pid if isinstance(pid, (str, bytes)) else "", ""))
        return recorded("persistent", "id")


def buffers():
    """Out-of-band buffers without end, writable and read-only in turn."""
    for number in itertools.count():
        LOG.append((BUFFER, "", ""))
        yield bytearray(b"buffer") if number % 2 == 0 else b"buffer"


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


def readers(hooks):
    """(make file, make unpickler(file, encoding)) per reader, in the order of the bits of a request.

    With `hooks`, persistent ids, buffers and extension codes are answered, so that more of a stream runs; without, a
    stream that needs them is refused there, as by a plain `load`.
    """
    if sys.version_info[0] == 2:
        return readers_of_2(hooks)
    import _pickle
    import pickle

    with_buffers = hooks and sys.version_info >= (3, 8)

    def maker(base):
        # Plain functions in the class itself: an engine that looks only at the type still finds them.
        cls = type("Unpickler", (Hooked if hooks else Recorder, base), {})
        assert cls.find_class is Recorder.find_class

        def make(file, encoding):
            options = {"buffers": buffers()} if with_buffers else {}
            return cls(file, encoding=encoding, **options)

        return make

    c, python = maker(_pickle.Unpickler), maker(pickle._Unpickler)
    return [(Peeked, c), (io.BytesIO, c), (io.BytesIO, python), (small_peek, c)]


def readers_of_2(hooks):
    import cPickle
    import pickle

    recorder = Hooked()

    class Python(Hooked if hooks else Recorder, pickle.Unpickler):
        def __init__(self, file):
            pickle.Unpickler.__init__(self, file)

    def c(file, encoding):
        unpickler = cPickle.Unpickler(file)
        unpickler.find_global = recorder.find_class
        if hooks:
            unpickler.persistent_load = recorder.persistent_load
        return unpickler

    def python(file, encoding):
        return Python(file)

    # cPickle never looks ahead: three of the four are one.
    return [(io.BytesIO, c), (io.BytesIO, c), (io.BytesIO, python), (io.BytesIO, c)]


def register_codes(hooks):
    """Empties the extension registry; with `hooks`, fills its cache."""
    if sys.version_info[0] == 2:
        import copy_reg as copyreg
    else:
        import copyreg
    for registry in (copyreg._extension_registry, copyreg._inverted_registry, copyreg._extension_cache):
        registry.clear()
    for code in CODES if hooks else ():
        copyreg._extension_cache[code] = recorded("extension", str(code))


ATOMS = (type(None), bool, int, float, str, bytes, type(u""), type(1 << 99))


def plain(value, depth=0):
    """A text for a value that is the same on every version: sets sorted, recorded objects by name, bounded in depth."""
    if depth > 12:
        return "..."
    kind = type(value)
    if kind in ATOMS:
        return ascii_of(value)
    if isinstance(kind, Meta):
        return "<%s()>" % text(value._symbol)
    if kind is Meta:
        return "<%s>" % text(value._symbol)
    if kind is list:
        return "[%s]" % ", ".join(plain(item, depth + 1) for item in value)
    if kind is tuple:
        return "(%s)" % "".join(plain(item, depth + 1) + ", " for item in value).strip()
    if kind is dict:
        return "{%s}" % ", ".join(plain(k, depth + 1) + ": " + plain(v, depth + 1) for k, v in value.items())
    if kind in (set, frozenset):
        return "%s{%s}" % (kind.__name__, ", ".join(sorted(plain(item, depth + 1) for item in value)))
    if kind is bytearray:
        return "bytearray(%s)" % ascii_of(bytes(value))
    if kind is memoryview:
        return "memoryview(%s, readonly=%s)" % (ascii_of(value.tobytes()), value.readonly)
    return "<unknown %s>" % kind.__name__


def ascii_of(value):
    if type(value) is type(1 << 99) and value.bit_length() > 2000:
        return hex(value)
    return ascii(value) if sys.version_info[0] > 2 else repr(value)


def text(name):
    return name if isinstance(name, str) else name.encode("ascii", "backslashreplace")


def pack(name):
    data = name if isinstance(name, bytes) else name.encode("utf-8", "backslashreplace")
    return struct.pack("<I", len(data)) + data


def run(data, reader, encoding, values, inherit):
    """Loads from one file until something fails or nothing is left; the answer's bytes."""
    make_file, make = reader
    file = make_file(data)
    unpickler = None
    loads = []
    while len(loads) < STREAMS and (not loads or file.tell() < len(data)):
        del LOG[:]
        value = ""
        try:
            if unpickler is None or not inherit:
                unpickler = make(file, encoding)
            result = unpickler.load()
            failure = ""
            if values:
                value = plain(result)
            del result
        except Exception as error:
            failure = type(error).__name__
        answer = [pack(failure), struct.pack("<I", file.tell()), pack(value), struct.pack("<I", len(LOG))]
        for kind, first, second in LOG:
            answer.append(struct.pack("<B", kind) + pack(first) + pack(second))
        loads.append(b"".join(answer))
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

    Answers: for each stream, for each reader asked for: u32 loads, then for each of them: exception (empty if it
    loads), u32 position after it, value as text, u32 events, then for each of them u8 kind and two texts. A text is
    u32 length and UTF-8, a lone surrogate written as `\\ud800`. One write per stream: if this process dies, the first stream without an
    answer is the one that killed it. The first answer of all is the version, as a text.
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
            answers.write(b"".join(run(data, reader, encoding, flags & 1, flags & 2) for reader in chosen))
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
