#!/usr/bin/env python3
"""Record what the files of a corpus ask of a loader, without importing anything.

    python observe.py -o OUT.json ENV=DIRECTORY [ENV=DIRECTORY ...]

A subclass of CPython's pure-Python ``pickle._Unpickler`` runs each file with ``find_class`` and every opcode
that can run code replaced by a recorder: names become ``Symbol``, results of calls become ``Made``. The raw
bytes behind joblib's array wrappers are skipped by their exact size. Standard library only (``lz4`` if a file
needs it). The result is the fact base from which the policy tables are written and reviewed.
"""
import _compat_pickle
import argparse
import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import re
import zlib

GETATTR = ('builtins.getattr', '__builtin__.getattr')
MAX_SHAPES = 40      # distinct argument shapes kept for one symbol and use
MAX_LITERALS = 24    # distinct literals kept for one position
MAX_WALK = 20000     # elements looked at when searching a value for symbols
MAX_FILES = 3        # example files kept for one symbol


class Symbol:
    """An imported name, after the Python 2 mapping."""
    def __init__(self, name):
        self.name = name


class Made:
    """An object that a call, a constructor or a joblib wrapper would have made."""
    def __init__(self, kind, symbol, how):
        self.kind, self.symbol, self.how = kind, symbol, how
        self.builds, self.consumed, self.state, self.args = 0, None, None, ()


def literal(value):
    """The text of a short literal, or None."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)[:40]
    if isinstance(value, (str, bytes)) and len(value) <= 40:
        return repr(value)
    if isinstance(value, tuple) and not value:
        return '()'
    return None


def kind(value, depth=3):
    """A bounded description of a value: its type, and the kinds of its elements."""
    if isinstance(value, Symbol):
        return 'sym:' + value.name
    if isinstance(value, Made):
        return value.kind
    name = type(value).__name__
    if depth and isinstance(value, tuple) and len(value) <= 12:
        return '(' + ', '.join(kind(v, depth - 1) for v in value) + ')'
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return '%s[%s]' % (name, some(value, depth))
    if depth and isinstance(value, dict):
        return 'dict{%s: %s}' % (some(value.keys(), depth), some(value.values(), depth))
    return 'NoneType' if value is None else name


def some(values, depth):
    seen = set()
    for n, value in enumerate(values):
        seen.add(kind(value, depth - 1))
        if len(seen) > 6 or n > MAX_WALK:
            return '|'.join(sorted(seen)[:6]) + '|...'
    return '|'.join(sorted(seen))


def parts(value):
    """Yields (path, element) for a value and what its plain containers hold."""
    queue, seen, count = [('', value)], set(), 0
    while queue and count < MAX_WALK:
        path, item = queue.pop()
        count += 1
        yield path, item
        if isinstance(item, (list, tuple, set, frozenset, dict)):
            if id(item) in seen:
                continue
            seen.add(id(item))
            if isinstance(item, dict):
                for key, inner in item.items():
                    queue.append((path + '{key}', key))
                    queue.append((path + ('[%r]' % key if isinstance(key, str) and len(path) < 60 else '{}'), inner))
            elif isinstance(item, tuple) and len(item) <= 12:
                queue.extend((path + '(%d)' % i, inner) for i, inner in enumerate(item))
            else:
                queue.extend((path + '[]', inner) for inner in item)


class Facts:
    """What was seen of each symbol, over all files."""
    def __init__(self):
        self.symbols, self.env, self.path, self.failures = {}, '', '', []

    def of(self, name):
        fact = self.symbols.get(name)
        if fact is None:
            fact = self.symbols[name] = {
                'envs': set(), 'written': set(), 'files': [], 'count': 0, 'uses': {}, 'args': {}, 'literals': {},
                'build_on': set(), 'builds': set(), 'state': {}, 'state_literals': {}, 'slots': {}, 'state_shapes': set(),
                'references': {}, 'items': set(), 'notes': set()}
        return fact

    def use(self, name, use):
        uses = self.of(name)['uses']
        uses[use] = uses.get(use, 0) + 1

    def add(self, bag, key, value, limit):
        values = bag.setdefault(key, set())
        if len(values) < limit:
            values.add(value)
        elif value not in values:
            values.add('...')

    def call(self, name, use, args):
        self.use(name, use)
        fact = self.of(name)
        if isinstance(args, (tuple, list)):
            self.add(fact['args'], use, kind(tuple(args)), MAX_SHAPES)
            for i, arg in enumerate(args):
                text = literal(arg)
                if text is not None and i < 12:
                    self.add(fact['literals'], '%s %d' % (use, i), text, MAX_LITERALS)
        else:
            self.add(fact['args'], use, 'NOT A TUPLE ' + kind(args), MAX_SHAPES)
        self.refer('%s %s arg' % (use, name), args, top=True)

    def refer(self, where, value, top=False):
        """Notes where symbols stand inside ``value`` and marks what it holds as consumed."""
        for path, item in parts(value):
            if isinstance(item, Symbol):
                refs = self.of(item.name)['references']
                key = where + path
                if key in refs or len(refs) < 200:
                    refs[key] = refs.get(key, 0) + 1
            elif isinstance(item, Made):
                item.consumed = item.consumed or where + path
                if '{key}' in path:
                    self.use(item.symbol, 'key')

    def build(self, made, state):
        fact = self.of(made.symbol)
        self.use(made.symbol, 'build')
        fact['build_on'].add(made.how)
        made.builds += 1
        if made.builds > 1:
            fact['notes'].add('built more than once')
        if made.consumed:
            self.add(fact, 'notes', 'built after it stood in: ' + made.consumed, 12)
        slots = None
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict) and (state[0] is None or isinstance(state[0], dict)):
            fact['state_shapes'].add('(%s, slots dict)' % kind(state[0], 0))
            state, slots = state
        for values, bag in ((state, 'state'), (slots, 'slots')):
            if isinstance(values, dict):
                for key, value in values.items():
                    label = key if isinstance(key, str) else 'KEY ' + kind(key)
                    self.add(fact[bag], label, kind(value), MAX_SHAPES)
                    if isinstance(value, str):
                        self.add(fact['state_literals'], label, literal(value) or 'long str', 12)
                    self.refer('%s %s.%s' % (bag, made.symbol, label), value)
                    if value is made:
                        fact['notes'].add('recursive')
        if not isinstance(state, dict):
            self.add(fact, 'state_shapes', kind(state), MAX_SHAPES)
            self.refer('state %s' % made.symbol, state)
        made.state = state


ITEM = re.compile(r'[<>|=]?([biufcmMSUVOT?])(\d*)$')


def item_size(dtype):
    """(item size, has objects) of a recorded ``numpy.dtype`` call and its state."""
    if dtype.symbol.endswith('_convert_to_stringdtype_kwargs'):
        return 0, True
    spec = dtype.args[0]
    state = dtype.state
    flags = state[7] if isinstance(state, tuple) and len(state) > 7 and isinstance(state[7], int) else 0
    if isinstance(state, tuple) and len(state) > 5 and state[5] not in (-1, None):
        return state[5], bool(flags & 1)
    match = ITEM.match(spec)
    if not match:
        raise ValueError('dtype %s %r' % (dtype.symbol, spec))
    size = int(match.group(2) or 1)
    return size * (4 if match.group(1) == 'U' else 1), match.group(1) == 'O'


class Recorder(pickle._Unpickler):
    """CPython's own machine with a recorder wherever it would run code."""
    dispatch = dict(pickle._Unpickler.dispatch)

    def __init__(self, stream, facts, joblib):
        super().__init__(stream, encoding='latin-1')
        self.stream, self.facts, self.joblib = stream, facts, joblib

    def find_class(self, module, name):
        written = module + ' ' + name
        if self.proto < 3:
            if (module, name) in _compat_pickle.NAME_MAPPING:
                module, name = _compat_pickle.NAME_MAPPING[(module, name)]
            elif module in _compat_pickle.IMPORT_MAPPING:
                module = _compat_pickle.IMPORT_MAPPING[module]
        symbol = module + '.' + name
        fact = self.facts.of(symbol)
        fact['count'] += 1
        fact['envs'].add(self.facts.env)
        fact['written'].add(written)
        if len(fact['files']) < MAX_FILES and self.facts.path not in fact['files']:
            fact['files'].append(self.facts.path)
        return Symbol(symbol)

    def persistent_load(self, pid):
        self.facts.use('<persistent id>', 'persid')
        return Made('persistent', '<persistent id>', 'persid')

    def get_extension(self, code):
        self.append(Made('extension', '<extension>', 'ext'))

    def made(self, func, use, args):
        if not isinstance(func, Symbol):
            self.facts.call('<not a symbol> ' + kind(func), use, args)
            return Made('result', '<not a symbol>', use)
        self.facts.call(func.name, use, args)
        if use == 'call' and func.name in GETATTR and len(args) == 2 and isinstance(args[0], Symbol):
            symbol = '%s.%s' % (args[0].name, args[1])
            self.facts.use(symbol, 'by getattr')
            self.facts.of(symbol)['envs'].add(self.facts.env)
            return Symbol(symbol)
        if use == 'call' and func.name in GETATTR and len(args) == 2 and isinstance(args[0], Made) and args[0].how != 'call':
            symbol = '%s.%s' % (args[0].symbol, args[1])
            self.facts.use(symbol, 'bound')
            return Symbol(symbol)
        if use == 'call' and func.name == 'copyreg._reconstructor' and isinstance(args[0], Symbol):
            self.facts.call(args[0].name, 'reconstructor', args[1:])
            return Made('obj:' + args[0].name, args[0].name, 'reconstructor')
        if func.name.endswith('multiarray._reconstruct') and isinstance(args[0], Symbol):
            return Made('obj:' + args[0].name, args[0].name, '_reconstruct')
        if func.name.endswith('multiarray.scalar') and isinstance(args[0], Made) and args[0].args:
            return Made('scalar:%s' % (args[0].args[0],), func.name, use)
        made = Made(('obj:' if use != 'call' else 'res:') + func.name, func.name, use)
        made.args = args
        return made

    def load_reduce(self):
        args = self.stack.pop()
        self.stack[-1] = self.made(self.stack[-1], 'call', args)
    dispatch[pickle.REDUCE[0]] = load_reduce

    def load_newobj(self):
        args = self.stack.pop()
        self.stack[-1] = self.made(self.stack[-1], 'new', args)
    dispatch[pickle.NEWOBJ[0]] = load_newobj

    def load_newobj_ex(self):
        kwargs = self.stack.pop()
        args = self.stack.pop()
        self.stack[-1] = self.made(self.stack[-1], 'new_ex', tuple(args) + (kwargs,))
    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex

    def _instantiate(self, klass, args):
        self.append(self.made(klass, 'init', tuple(args)))

    def load_build(self):
        state = self.stack.pop()
        target = self.stack[-1]
        if not isinstance(target, Made):
            self.facts.use('<build on %s>' % kind(target, 0), 'build')
            return
        self.facts.build(target, state)
        if self.joblib and target.symbol.endswith('joblib.numpy_pickle.NumpyArrayWrapper'):
            self.stack[-1] = self.skip_array(state)
    dispatch[pickle.BUILD[0]] = load_build

    def skip_array(self, state):
        dtype = state['dtype']
        size, objects = item_size(dtype)
        if objects:
            nested = Recorder(self.stream, self.facts, self.joblib)
            self.facts.refer('joblib object array', nested.load())
            return Made('joblib array O', state['subclass'].name, 'wrapper')
        if state.get('numpy_array_alignment_bytes') is not None:
            pad = self.stream.read(1)[0]
            self.stream.read(pad)
        for n in state['shape']:
            size *= n if isinstance(n, int) else 1
        if len(self.stream.read(size)) != size:
            raise EOFError('array bytes')
        return Made('joblib array ' + str(dtype.args[0]), state['subclass'].name, 'wrapper')

    def item(self, use, target, items):
        if isinstance(target, Made):
            self.facts.use(target.symbol, use)
            fact = self.facts.of(target.symbol)
            fact['items'].add('%s on %s after %d build: %s' % (use, target.how, target.builds, some(items, 2)))
            self.facts.refer('%s %s' % (use, target.symbol), items)
            if use == 'setitem':
                for key, _ in items:
                    if isinstance(key, Made):
                        self.facts.use(key.symbol, 'key')
            return True
        return False

    def load_append(self):
        value = self.stack.pop()
        if not self.item('append', self.stack[-1], [value]):
            self.stack[-1].append(value)
    dispatch[pickle.APPEND[0]] = load_append

    def load_appends(self):
        values = self.pop_mark()
        if not self.item('append', self.stack[-1], values):
            self.stack[-1].extend(values)
    dispatch[pickle.APPENDS[0]] = load_appends

    def load_setitem(self):
        value = self.stack.pop()
        key = self.stack.pop()
        if not self.item('setitem', self.stack[-1], [(key, value)]):
            self.stack[-1][key] = value
    dispatch[pickle.SETITEM[0]] = load_setitem

    def load_setitems(self):
        values = self.pop_mark()
        pairs = list(zip(values[::2], values[1::2]))
        if not self.item('setitem', self.stack[-1], pairs):
            self.stack[-1].update(pairs)
    dispatch[pickle.SETITEMS[0]] = load_setitems

    def load_additems(self):
        values = self.pop_mark()
        if not self.item('add', self.stack[-1], values):
            self.stack[-1].update(values)
    dispatch[pickle.ADDITEMS[0]] = load_additems


def inflate(data):
    """The pickle stream inside joblib's compressors, told apart by content."""
    if data[:2] == b'ZF':
        start = 22 if data[21:22] == b' ' else 21
        return zlib.decompress(data[start:])
    if data[:1] == b'\x78':
        return zlib.decompress(data)
    if data[:2] == b'\x1f\x8b':
        return gzip.decompress(data)
    if data[:2] == b'BZ':
        return bz2.decompress(data)
    if data[:2] in (b'\x5d\x00', b'\xfd7'):
        return lzma.decompress(data)
    if data[:4] == b'\x04\x22\x4d\x18':
        import lz4.frame
        return lz4.frame.decompress(data)
    return data


def observe(path, facts):
    with open(path, 'rb') as handle:
        data = inflate(handle.read())
    stream = io.BytesIO(data)
    root = Recorder(stream, facts, path.endswith('.joblib')).load()
    facts.refer('root', root)
    if stream.read(1):
        raise ValueError('bytes after STOP')


def plain(value):
    """Sets become sorted lists, so that the report is stable."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in sorted(value.items()) if inner not in ({}, set(), [])}
    return sorted(value) if isinstance(value, set) else value


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('-o', '--output', required=True)
    parser.add_argument('environments', nargs='+', metavar='ENV=DIRECTORY')
    parser.add_argument('--match', default='', help='only files whose path has a match for this expression')
    options = parser.parse_args()
    facts, files = Facts(), 0
    for environment in options.environments:
        facts.env, _, top = environment.partition('=')
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                if not name.endswith(('.pkl', '.joblib')) or not re.search(options.match, name):
                    continue
                path = os.path.join(folder, name)
                facts.path = facts.env + '/' + os.path.relpath(path, top)
                files += 1
                try:
                    observe(path, facts)
                except Exception as error:
                    facts.failures.append('%s: %s: %s' % (facts.path, type(error).__name__, error))
    positions = {}
    for name, fact in facts.symbols.items():
        for where in fact['references']:
            positions.setdefault(where, set()).add(name)
    report = {'files': files, 'failures': facts.failures, 'symbols': plain(facts.symbols), 'positions': plain(positions)}
    with open(options.output, 'w') as handle:
        json.dump(report, handle, indent=1, sort_keys=True)
        handle.write('\n')
    print('%d files, %d symbols, %d failures' % (files, len(facts.symbols), len(facts.failures)))


if __name__ == '__main__':
    main()
