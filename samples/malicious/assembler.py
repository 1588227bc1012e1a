"""A small assembler of pickle bytes: every function returns the bytes of one opcode or of a few. Nothing is pickled or loaded."""
import struct

MARK, STOP, POP, POP_MARK, DUP = b'(', b'.', b'0', b'1', b'2'
REDUCE, BUILD, INST, OBJ, NEWOBJ, NEWOBJ_EX, STACK_GLOBAL, MEMOIZE = b'R', b'b', b'i', b'o', b'\x81', b'\x92', b'\x93', b'\x94'
NONE, TRUE, FALSE, EMPTY_TUPLE, EMPTY_DICT, EMPTY_LIST, EMPTY_SET = b'N', b'\x88', b'\x89', b')', b'}', b']', b'\x8f'
TUPLE, TUPLE1, TUPLE2, TUPLE3, LIST, DICT = b't', b'\x85', b'\x86', b'\x87', b'l', b'd'
APPEND, APPENDS, SETITEM, SETITEMS, ADDITEMS, BINPERSID = b'a', b'e', b's', b'u', b'\x90', b'Q'


def proto(version):
    return b'\x80' + bytes([version])


def name(module, attribute):
    """GLOBAL: two lines of text."""
    return b'c' + module.encode() + b'\n' + attribute.encode() + b'\n'


def text(value):
    """BINUNICODE: protocol 1 and up."""
    data = value.encode()
    return b'X' + struct.pack('<I', len(data)) + data


def short(value):
    """SHORT_BINUNICODE: protocol 4."""
    data = value.encode()
    return b'\x8c' + bytes([len(data)]) + data


def text8(value):
    """BINUNICODE8."""
    data = value.encode()
    return b'\x8d' + struct.pack('<Q', len(data)) + data


def stack_name(module, attribute):
    """STACK_GLOBAL with both operands just before it."""
    return short(module) + short(attribute) + STACK_GLOBAL


def blob(value):
    """BINBYTES: protocol 3 and up."""
    return b'B' + struct.pack('<I', len(value)) + value


def int1(value):
    return b'K' + bytes([value])


def int4(value):
    return b'J' + struct.pack('<i', value)


def number(value):
    """INT: text, protocol 0."""
    return b'I%d\n' % value


def put(index):
    return b'q' + bytes([index])


def get(index):
    return b'h' + bytes([index])


def far_put(index):
    return b'r' + struct.pack('<I', index)


def far_get(index):
    return b'j' + struct.pack('<I', index)


def frame(body):
    return b'\x95' + struct.pack('<Q', len(body)) + body


def many(opcode, *items):
    """A mark, the items, and the opcode that takes them."""
    return MARK + b''.join(items) + opcode


def call(function, *arguments):
    """REDUCE on a tuple made by MARK and TUPLE."""
    return function + many(TUPLE, *arguments) + REDUCE


def items(*pairs):
    """An exact dict: EMPTY_DICT and SETITEMS."""
    return EMPTY_DICT + many(SETITEMS, *[part for pair in pairs for part in (text(pair[0]), pair[1])])


def built(cls, *pairs):
    """NEWOBJ without arguments and BUILD with a dict state."""
    return cls + EMPTY_TUPLE + NEWOBJ + items(*pairs) + BUILD


def dtype(spec, order='<', flags=0):
    """numpy.dtype as numpy writes it."""
    state = many(TUPLE, int1(3), text(order), NONE, NONE, NONE, int4(-1), int4(-1), int1(flags))
    return call(name('numpy', 'dtype'), text(spec), FALSE, TRUE) + state + BUILD


def wrapper(spec, shape, raw, position=None, order='<', flags=0, extra=()):
    """joblib's array wrapper and the bytes that follow its BUILD.

    Without ``position`` in the stream there is no alignment (joblib before 1.2). With it, padding is written as joblib does:
    one byte that says how many, then that many bytes 0xFF.
    """
    pairs = [('subclass', name('numpy', 'ndarray')), ('shape', many(TUPLE, *map(int1, shape))), ('order', text('C')), ('dtype', dtype(spec, order, flags)),
             ('allow_mmap', FALSE)] + list(extra)
    if position is None:
        return built(name('joblib.numpy_pickle', 'NumpyArrayWrapper'), *pairs) + raw
    head = built(name('joblib.numpy_pickle', 'NumpyArrayWrapper'), *(pairs + [('numpy_array_alignment_bytes', int1(16))]))
    pad = 16 - (position + len(head) + 1) % 16
    return head + bytes([pad]) + b'\xff' * pad + raw


def object_array(*elements):
    """The nested pickle that joblib writes for an array of objects: a whole stream."""
    empty = call(name('numpy._core.multiarray', '_reconstruct'), name('numpy', 'ndarray'), many(TUPLE, int1(0)), blob(b'b'))
    values = EMPTY_LIST + many(APPENDS, *elements)
    state = many(TUPLE, int1(1), many(TUPLE, int1(len(elements))), dtype('O8', '|', 63), FALSE, values)
    return proto(4) + empty + state + BUILD + STOP
