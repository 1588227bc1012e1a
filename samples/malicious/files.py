"""Malicious plain pickles: (file, bytes, symbols that must be named, what it shows)."""
import struct

from assembler import *  # noqa: F403

OS_SYSTEM = name('os', 'system')
SYSTEM = call(OS_SYSTEM, text(''))
SYSTEM_P0 = b"cos\nsystem\n(S''\ntR."
SYSTEM_P2 = proto(2) + OS_SYSTEM + text('') + TUPLE1 + REDUCE + STOP
P2, P4 = proto(2), proto(4)
MODEL = name('sklearn.linear_model._base', 'LinearRegression')


def end(*parts):
    return b''.join(parts) + STOP


def eval0(prefix=P4, module='builtins'):
    return end(prefix, call(name(module, 'eval'), text('0')))


def framed(body):
    return P4 + frame(body + STOP)


def called(symbol, *arguments):
    module, _, attribute = symbol.rpartition('.')
    return end(P4, call(name(module, attribute), *arguments))


def straddle_name():
    """A frame that ends inside the text of a GLOBAL."""
    tail = b'tem\n' + text('') + TUPLE1 + REDUCE + STOP
    return P4 + frame(b'cos\nsys') + tail


def straddle_bytes():
    """A BINBYTES that claims more than its frame holds: one reader goes on after the frame, another after the claim."""
    head = b'B' + struct.pack('<I', 20) + b'AAAA'
    return P4 + frame(head) + b'A' * 16 + POP + NONE + STOP + b'A' + POP + SYSTEM + STOP


def pipeline(function):
    """A scikit-learn pipeline, as it looks in a real file, whose second step holds a function."""
    version = ('_sklearn_version', short('1.9.1'))
    scaler = built(stack_name('sklearn.preprocessing._data', 'StandardScaler'), ('with_mean', TRUE), ('with_std', TRUE), ('copy', TRUE), version)
    step = built(stack_name('sklearn.preprocessing._function_transformer', 'FunctionTransformer'), ('func', function), ('inverse_func', NONE), ('validate', FALSE),
                 ('accept_sparse', FALSE), ('check_inverse', TRUE), ('feature_names_out', NONE), ('kw_args', NONE), ('inv_kw_args', NONE), version)
    steps = EMPTY_LIST + many(APPENDS, short('scale') + scaler + TUPLE2, short('clean') + step + TUPLE2)
    return built(stack_name('sklearn.pipeline', 'Pipeline'), ('steps', steps), ('transform_input', NONE), ('memory', NONE), ('verbose', FALSE), version)


def hash_bomb(depth):
    """A tuple of two times the tuple before it, as a dict key: hashing it takes 2^depth steps."""
    return end(P2, EMPTY_DICT, EMPTY_TUPLE, (DUP + TUPLE2) * depth, NONE, SETITEM)


FORGED = call(name('numpy', 'dtype'), text('O8'), FALSE, TRUE) + many(TUPLE, int1(3), text('|'), NONE, NONE, NONE, int4(-1), int4(-1), int1(0)) + BUILD
LOADS = 'pickle.loads'

FILES = [
    # How a call can be written.
    ('reduce_p0.pkl', SYSTEM_P0, 'os.system', 'GLOBAL and REDUCE at protocol 0'),
    ('reduce_p1.pkl', end(OS_SYSTEM, b'U\0', TUPLE1, REDUCE), 'os.system', 'the same at protocol 1'),
    ('reduce_p2.pkl', eval0(P2, '__builtin__'), 'builtins.eval', 'protocol 2 and the Python 2 name of builtins'),
    ('reduce_p4.pkl', framed(stack_name('subprocess', 'check_output') + EMPTY_LIST + short('true') + APPEND + TUPLE1 + REDUCE), 'subprocess.check_output', 'STACK_GLOBAL in a frame, protocol 4'),
    ('reduce_p5.pkl', proto(5) + frame(stack_name('posix', 'system') + short('') + TUPLE1 + REDUCE + MEMOIZE + STOP), 'posix.system', 'what pickling os.system gives on Linux'),
    ('inst.pkl', b"(S''\nios\nsystem\n.", 'os.system', 'INST imports and calls'),
    ('obj.pkl', end(MARK, OS_SYSTEM, b"S''\n", OBJ), 'os.system', 'OBJ'),
    ('newobj.pkl', end(P4, name('subprocess', 'Popen'), many(TUPLE, EMPTY_LIST + text('true') + APPEND), NEWOBJ), 'subprocess.Popen', 'NEWOBJ of a dangerous class'),
    ('newobj_ex.pkl', end(P4, name('subprocess', 'Popen'), EMPTY_TUPLE, items(('args', text('true'))), NEWOBJ_EX), 'subprocess.Popen', 'NEWOBJ_EX'),
    ('stack_global.pkl', framed(stack_name('os', 'system') + short('') + TUPLE1 + REDUCE), 'os.system', 'STACK_GLOBAL'),
    ('import_only.pkl', end(P4, name('antigravity', 'fly')), 'antigravity.fly', 'an import alone runs the module'),
    ('exec.pkl', called('builtins.exec', text('0')), 'builtins.exec', 'exec'),
    ('popen.pkl', called('os.popen', text('')), 'os.popen', 'os.popen'),
    ('popen_init.pkl', called('subprocess.Popen', EMPTY_LIST + text('true') + APPEND), 'subprocess.Popen', 'the constructor, called'),
    ('runpy.pkl', called('runpy.run_path', text('')), 'runpy.run_path', 'runs a file'),
    ('open.pkl', called('builtins.open', text('/dev/null')), 'builtins.open', 'opens a file'),
    ('rmtree.pkl', called('shutil.rmtree', text(''), TRUE), 'shutil.rmtree', 'removes files'),
    ('url.pkl', called('urllib.request.urlopen', text('')), 'urllib.request.urlopen', 'reaches the network'),
    ('socket.pkl', called('socket.create_connection', EMPTY_TUPLE), 'socket.create_connection', 'reaches the network'),
    ('ctypes.pkl', called('ctypes.CDLL', text('')), 'ctypes.CDLL', 'loads native code'),
    ('pty.pkl', called('pty.spawn', text('true')), 'pty.spawn', 'spawns a program'),
    ('timeit.pkl', called('timeit.timeit', text('0'), text('0')), 'timeit.timeit', 'evaluates text'),
    ('pip.pkl', called('pip.main', EMPTY_LIST), 'pip.main', 'runs an installer'),
    # Names.
    ('dotted.pkl', framed(stack_name('random', '_os.system') + short('') + TUPLE1 + REDUCE), 'random._os.system', 'a dotted name reaches a module inside a harmless one'),
    ('dotted_global.pkl', end(P4, call(name('random', '_os.system'), text(''))), 'random._os.system', 'the same by GLOBAL'),
    ('dotted_modules.pkl', end(P4, name('collections', '_sys.modules'), text('x'), NONE, SETITEM), 'collections._sys.modules', 'SETITEM into the live table of modules'),
    ('protocol_flip.pkl', end(P2, EMPTY_DICT, POP, P4, call(name('random', '_os.system'), text(''))), 'random._os.system', 'a second PROTO turns dotted names on'),
    ('python2_commands.pkl', end(P2, call(name('commands', 'getoutput'), text(''))), 'subprocess.getoutput', 'a Python 2 name'),
    ('python2_cpickle.pkl', end(P2, call(name('cPickle', 'loads'), b'U\x02N.')), 'pickle.loads', 'a Python 2 name'),
    ('python2_reduce.pkl', end(P2, call(name('__builtin__', 'reduce'), name('__builtin__', 'eval'), EMPTY_LIST + many(APPENDS, text('0'), NONE))), 'functools.reduce builtins.eval', 'eval as an argument'),
    ('getattr.pkl', end(P4, call(call(name('builtins', 'getattr'), call(name('builtins', '__import__'), text('os')), text('system')), text(''))), 'builtins.getattr builtins.__import__', 'names that are never written'),
    ('import_module.pkl', called('importlib.import_module', text('os')), 'importlib.import_module', 'imports by text'),
    ('resolve_name.pkl', called('pkgutil.resolve_name', text('os:system')), 'pkgutil.resolve_name', 'resolves any name'),
    ('attrgetter.pkl', end(P4, call(call(name('operator', 'attrgetter'), text('system')), call(name('builtins', '__import__'), text('os')))), 'operator.attrgetter builtins.__import__', 'getattr by another name'),
    ('computed_name.pkl', end(P4, call(name('builtins', 'str'), text('os')), short('system'), STACK_GLOBAL, text(''), TUPLE1, REDUCE), '', 'a module name that a call computes'),
    ('joined_name.pkl', end(P4, call(call(name('builtins', 'getattr'), text(''), text('join')), EMPTY_LIST + many(APPENDS, text('o'), text('s'))), short('system'), STACK_GLOBAL, text(''), TUPLE1, REDUCE), 'builtins.getattr', 'a module name joined from letters'),
    ('escaped_name.pkl', end(P4, b"S'\\x6f\\163'\n", b"S'sys\\x74em'\n", STACK_GLOBAL, text(''), TUPLE1, REDUCE), 'os.system', 'operands with escapes'),
    ('unicode_name.pkl', end(P4, b'V\\u006fs\n', b'Vsyste\\u006d\n', STACK_GLOBAL, text(''), TUPLE1, REDUCE), 'os.system', 'operands with escapes'),
    ('long_name.pkl', end(P4, text8('os'), text8('system'), STACK_GLOBAL, text(''), TUPLE1, REDUCE), 'os.system', 'operands by BINUNICODE8'),
    ('same_operand.pkl', end(P4, short('timeit'), DUP, STACK_GLOBAL, text('0'), text('0'), TUPLE2, REDUCE), 'timeit.timeit', 'both operands are one object'),
    ('main_module.pkl', end(P4, call(name('__main__', 'run'), text(''))), '__main__.run', "whatever the loading script calls 'run'"),
    ('local_module.pkl', end(P4, call(name('model_utils', 'build'), text(''))), 'model_utils.build', 'a module that may lie beside the file'),
    ('extension_code.pkl', end(P4, b'\x82\x01', text(''), TUPLE1, REDUCE), '', 'a name from the registry of extensions'),
    ('persistent_id.pkl', end(P4, text('anything'), BINPERSID), '', 'an object that the loader chooses'),
    ('persistent_id_p0.pkl', b'Panything\n.', '', 'the same as text'),
    # The memo and the stack.
    ('memo_shuffle.pkl', end(P4, text('os'), MARK, text('decoy'), POP_MARK, put(0), POP, text('system'), put(1), POP, get(0), get(1), STACK_GLOBAL, text(''), TUPLE1, REDUCE), 'os.system', 'PUT stores the top of the stack, not the last argument'),
    ('memo_overwrite.pkl', end(P4, text('math'), put(0), POP, text('os'), put(0), POP, get(0), text('system'), STACK_GLOBAL, text(''), TUPLE1, REDUCE), 'os.system', 'a memo entry written twice'),
    ('memo_far.pkl', end(P4, OS_SYSTEM, far_put(100001), POP, far_get(100001), text(''), TUPLE1, REDUCE), 'os.system', 'a far memo index'),
    ('memo_memoize.pkl', end(P4, short('x'), put(5), POP, short('os'), MEMOIZE, POP, short('system'), MEMOIZE, POP, get(1), get(2), STACK_GLOBAL, text(''), TUPLE1, REDUCE), 'os.system', 'MEMOIZE counts entries, PUT does not'),
    ('memo_text.pkl', end(OS_SYSTEM, b'p3\n0', b'g 0_3\n', MARK, b"S''\n", TUPLE, REDUCE), 'os.system', 'a GET with a space, a zero and an underscore'),
    ('popped_call.pkl', end(P4, SYSTEM, POP, items(('accuracy', text('0.9')))), 'os.system', 'the result is thrown away'),
    ('marked_call.pkl', end(P4, MARK, SYSTEM, POP_MARK, EMPTY_LIST), 'os.system', 'the result is thrown away with a mark'),
    ('key_call.pkl', end(P4, EMPTY_DICT, SYSTEM, NONE, SETITEM), 'os.system', 'the result is a dict key'),
    ('deep_call.pkl', end(P4, EMPTY_LIST * 200, SYSTEM, APPEND * 200), 'os.system', 'two hundred lists deep'),
    ('late_call.pkl', end(P4, EMPTY_LIST, many(APPENDS, *[int1(n % 256) for n in range(5000)]), SYSTEM, APPEND), 'os.system', 'after five thousand numbers'),
    # Where a stream ends.
    ('broken_opcode.pkl', P4 + SYSTEM + b'\xff\xff\xff', 'os.system', 'an unknown opcode after the call: it has already run'),
    ('broken_literal.pkl', P4 + SYSTEM + b'X\xff\xff\xff\x7fabc', 'os.system', 'a literal that the file does not hold, after the call'),
    ('broken_underflow.pkl', P4 + SYSTEM + b'000000', 'os.system', 'an empty stack after the call'),
    ('broken_memo.pkl', P4 + SYSTEM + b'h\x63.', 'os.system', 'a GET of nothing after the call'),
    ('no_stop.pkl', P4 + SYSTEM, 'os.system', 'no STOP'),
    ('protocol_99.pkl', SYSTEM + b'0' + proto(99) + NONE + STOP, 'os.system', 'an unsupported protocol, after the call'),
    ('second_stream.pkl', end(P4, items(('epoch', int1(3)))) + SYSTEM_P2, 'os.system', 'a second pickle after STOP'),
    ('second_after_garbage.pkl', end(P4, items(('epoch', int1(3)))) + b'\0' * 37 + SYSTEM_P2, 'os.system', 'a second pickle after bytes that nothing explains'),
    ('seventh_stream.pkl', end(P4, NONE) * 6 + SYSTEM_P2, 'os.system', 'the seventh pickle of the file'),
    ('second_memo.pkl', end(P4, OS_SYSTEM, put(0)) + end(P4, get(0), text(''), TUPLE1, REDUCE), 'os.system', 'the second pickle uses the memo of the first'),
    ('frame_straddle_name.pkl', straddle_name(), 'os.system', 'a frame ends inside a name'),
    ('frame_straddle_bytes.pkl', straddle_bytes(), 'os.system', 'a literal that leaves its frame: readers part'),
    ('frame_stop.pkl', P4 + frame(NONE + STOP + SYSTEM_P2) + SYSTEM_P2, 'os.system', 'STOP before the end of the frame'),
    ('frame_nested.pkl', P4 + frame(frame(SYSTEM + STOP)), 'os.system', 'a frame in a frame'),
    ('frame_past_end.pkl', P4 + b'\x95' + struct.pack('<Q', 1 << 16) + SYSTEM + STOP, 'os.system', 'a frame longer than the file'),
    ('text_after_zero.pkl', b'I1\0junk\n0' + SYSTEM_P0, 'os.system', 'a number that some readers refuse'),
    ('hex_number.pkl', b'I0x1\n0' + SYSTEM_P0, 'os.system', 'a number that some readers refuse'),
    ('latin_string.pkl', b"S'\xe9'\n0" + SYSTEM_P0, 'os.system', 'a string that some encodings refuse'),
    # Objects that call later.
    ('planted_setstate.pkl', end(P4, built(MODEL, ('__setstate__', OS_SYSTEM)), text(''), BUILD), 'os.system', 'BUILD plants __setstate__, the next BUILD calls it'),
    ('planted_append.pkl', end(P4, built(MODEL, ('append', OS_SYSTEM)), text(''), APPEND), 'os.system', 'BUILD plants append, APPEND calls it'),
    ('planted_extend.pkl', end(P4, built(MODEL, ('extend', OS_SYSTEM)), many(APPENDS, text(''))), 'os.system', 'BUILD plants extend, APPENDS calls it'),
    ('planted_add.pkl', end(P4, built(MODEL, ('add', OS_SYSTEM)), many(ADDITEMS, text(''))), 'os.system', 'BUILD plants add, ADDITEMS calls it'),
    ('pipeline_function.pkl', framed(pipeline(stack_name('os', 'system'))), 'os.system', 'a function transformer holds os.system: `root.steps[1][1].func`'),
    ('pipeline_call.pkl', framed(pipeline(stack_name('os', 'system') + short('') + TUPLE1 + REDUCE)), 'os.system', 'a call in the place of a parameter'),
    ('default_factory.pkl', end(P4, call(name('collections', 'defaultdict'), OS_SYSTEM)), 'os.system', 'called for the first missing key'),
    ('partial.pkl', end(P4, call(name('functools', 'partial'), OS_SYSTEM), many(TUPLE, OS_SYSTEM, many(TUPLE, text('')), EMPTY_DICT, NONE), BUILD), 'os.system functools.partial', 'a partial to be called later'),
    ('map_exec.pkl', end(P4, call(name('builtins', 'list'), call(name('builtins', 'map'), name('builtins', 'exec'), EMPTY_LIST + text('0') + APPEND))), 'builtins.map builtins.exec', 'exec as an argument'),
    ('made_class.pkl', end(P4, call(name('builtins', 'type'), text('X'), many(TUPLE, name('builtins', 'object')), items(('__setstate__', OS_SYSTEM)))), 'builtins.type os.system', 'a class made in the stream'),
    ('code_object.pkl', end(P4, call(name('types', 'FunctionType'), call(name('marshal', 'loads'), blob(b'N')), EMPTY_DICT)), 'types.FunctionType marshal.loads', 'a function made from bytes'),
    ('function_defaults.pkl', end(P4, name('collections', 'namedtuple'), many(TUPLE, NONE, items(('__defaults__', EMPTY_TUPLE))), BUILD), 'collections.namedtuple', 'BUILD on a function of the library'),
    ('environ.pkl', end(P4, name('os', 'environ'), text('DEPICKLE'), text(''), SETITEM), 'os.environ', 'SETITEM on a live object'),
    ('random_ctor.pkl', end(P4, call(name('numpy.random._pickle', '__randomstate_ctor'), text(''), OS_SYSTEM)), 'numpy.random._pickle.__randomstate_ctor os.system', 'an allowed function that calls its argument'),
    ('ufunc_reconstruct.pkl', end(P4, call(name('numpy.core', '_ufunc_reconstruct'), text('os'), text('system'))), 'numpy.core._ufunc_reconstruct', 'an allowed function that imports by text'),
    ('new_index.pkl', end(P4, call(name('pandas.core.indexes.base', '_new_Index'), name('numpy', 'memmap'), items(('filename', text('/dev/null')), ('mode', text('r'))))), 'pandas.core.indexes.base._new_Index numpy.memmap', 'an allowed function that constructs any class'),
    ('enum_patch.pkl', end(P4, call(name('http', 'HTTPStatus'), b'M\xc8\x00'), items(('_value_', int1(1))), BUILD), 'http.HTTPStatus', 'BUILD on a member that the process shares'),
    ('forged_dtype.pkl', end(P4, call(name('numpy._core.multiarray', 'scalar'), FORGED, blob(b'AAAAAAAA'))), 'numpy._core.multiarray.scalar', 'a forged dtype turns bytes into a pointer'),
    ('bytearray_size.pkl', end(P4, call(name('builtins', 'bytearray'), b'\x8a\x06' + (10 ** 12).to_bytes(6, 'little'))), 'builtins.bytearray', 'a terabyte in thirty bytes'),
    ('hash_bomb.pkl', hash_bomb(60), '', 'a dict key whose hash takes 2^60 steps: any real reader hangs, even one that imports nothing'),
    # Streams in streams.
    ('nested_loads.pkl', end(P4, call(name('pickle', 'loads'), blob(SYSTEM_P2))), LOADS + ' os.system', 'a pickle in a literal that is loaded'),
    ('nested_twice.pkl', end(P4, call(name('_pickle', 'loads'), blob(end(P4, call(name('pickle', 'loads'), blob(SYSTEM_P2)))))), '_pickle.loads ' + LOADS + ' os.system', 'two levels of it'),
    ('nested_torch.pkl', end(P4, call(name('torch.storage', '_load_from_bytes'), blob(SYSTEM_P2))), 'torch.storage._load_from_bytes', 'the same by torch'),
    ('nested_joblib.pkl', called('joblib.load', text('x.joblib')), 'joblib.load', 'loads another file'),
    ('nested_numpy.pkl', called('numpy.load', text('x.npy'), NONE, TRUE), 'numpy.load', 'loads another file, pickles allowed'),
    ('nested_pandas.pkl', called('pandas.read_pickle', text('x.pkl')), 'pandas.read_pickle', 'loads another file'),
    # What is printed.
    ('terminal_escape.pkl', end(P4, call(name('builtins', 'eval'), text('0 #\x1b[2K\rmodel.pkl: clean\x1b]0;owned\x07\u202e'))), 'builtins.eval', 'text that would repaint a terminal'),
    ('model.joblib', SYSTEM_P2, 'os.system', 'a plain pickle with the name of a joblib file'),
    ('notes.txt', SYSTEM_P0, 'os.system', 'a pickle that is text with the name of a text file'),
]
