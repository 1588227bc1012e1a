#!/usr/bin/env python3
"""Arrays as numpy has them: what ``depickle arrays`` and ``depickle extract`` have to give.

    python arrays.py record tests/data/arrays
        writes one array of every kind by every protocol and by joblib, and what numpy says of each (arrays.json);
        recorded by numpy 2.4.6 and joblib 1.6.0
    python arrays.py check DEPICKLE CORPUS [EVERY]
        loads every EVERY-th file of a corpus of benign files (xtask/python/corpus.py) and compares its arrays with
        those that DEPICKLE finds, by type, shape and sha256; then reads back what it extracts

Never give ``check`` a file that you would not load.
"""
import collections
import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import warnings

try:
    import joblib
except ImportError:
    joblib = None
import numpy as np


def kinds():
    """Name and array of every kind."""
    for spec in 'b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16'.split():
        yield spec, (np.arange(12) % 5).astype(spec).reshape(3, 4)
    for spec in '>i2 >i4 >u8 >f2 >f4 >f8 >c16'.split():
        yield 'big ' + spec[1:], (np.arange(6) - 2).astype(spec.replace('u', 'i')).astype(spec).reshape(2, 3)
    yield 'long double', np.zeros(3, 'g')
    yield 'bytes', np.array([b'ab', b'', b'\xff\0c'], 'S5')
    yield 'text', np.array(['ab', '', '\u00e9\U0001f600'], 'U3')
    yield 'big text', np.array(['ab', '\u03b1'], '>U2')
    yield 'void', np.array([b'abc', b'\0\x80\xff'], 'V3')
    yield 'dates', np.array(['2020-01-01', 'NaT', '1969-12-31T23:59:59.5'], 'M8[ns]')
    yield 'big dates', np.array(['2020-01-01', 'NaT'], '>M8[D]')
    yield 'spans', np.array([1, -2, 3], 'm8[25s]')
    yield 'no unit', np.array([1, 2], 'm8')
    packed = np.zeros(3, [('a', 'u1'), ('b', '<f8'), ('c', '>i4', (2, 2)), ('d', [('x', 'U2'), ('y', 'S1')])])
    packed['a'], packed['b'], packed['c'] = [1, 2, 3], [.5, np.nan, -np.inf], 7
    yield 'structure', packed
    aligned = np.zeros(2, np.dtype({'names': ['a', 'b'], 'formats': ['u1', 'f8'], 'titles': ["it's", None]}, align=True))
    aligned['b'] = [1, 2]
    yield 'aligned structure', aligned
    yield 'greek field', np.zeros(2, [('\u03b1', 'f4')])
    yield 'latin field', np.zeros(2, [('\u00e9', 'f4')])
    yield 'record', np.rec.array([(1, 2.0), (3, 4.0)], dtype=[('i', 'i4'), ('f', 'f8')])
    yield 'matrix', np.asmatrix([[1.0, 2.0], [3.0, 4.0]])
    yield 'single', np.array(3.5)
    yield 'empty', np.zeros((0, 3))
    yield 'no dimension but none', np.zeros(0, 'i2')
    yield 'Fortran', np.asfortranarray(np.arange(35.0).reshape(5, 7))
    yield 'Fortran cube', np.asfortranarray(np.arange(24, dtype='>i2').reshape(2, 3, 4))
    yield 'turned', np.arange(24, dtype='i2').reshape(2, 3, 4).transpose(1, 2, 0)
    yield 'turned pairwise', np.arange(120, dtype='i2').reshape(2, 3, 4, 5).transpose(2, 0, 3, 1)
    yield 'every third', np.arange(30.0)[::3]
    yield 'backwards', np.arange(5)[::-1]
    yield 'spread', np.broadcast_to(np.array([1.0, 2.0]), (3, 2))
    read_only = np.arange(4.0)
    read_only.flags.writeable = False
    yield 'read-only', read_only
    yield 'long', np.arange(300, dtype='u1').repeat(5)
    yield 'specials', np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1.7976931348623157e308])


def of(array):
    """What numpy says of an array."""
    saved = io.BytesIO()
    np.save(saved, np.asarray(array) if not isinstance(array, np.matrix) else array, allow_pickle=False)
    return {
        'descr': np.lib.format.dtype_to_descr(array.dtype), 'shape': array.shape,
        'sha256': hashlib.sha256(array.tobytes('C')).hexdigest(),
        'npy': hashlib.sha256(saved.getvalue()).hexdigest(),
    }


def record(directory):
    os.makedirs(directory, exist_ok=True)
    arrays = dict(kinds())
    facts = {'root["%s"]' % name: of(array) for name, array in arrays.items()}
    members = {name + '.npy:root': of(array) for name, array in arrays.items()}
    np.savez(os.path.join(directory, 'stored.npz'), **arrays)
    np.savez_compressed(os.path.join(directory, 'deflated.npz'), **arrays)
    masked = np.ma.masked_array([[1.5, 2.5], [3.5, 4.5]], [[True, False], [False, True]])
    arrays['masked'] = masked
    facts['root["masked"]'] = of(masked.data)
    facts['root["masked"].<state>[5]'] = of(masked.mask)
    arrays['objects'] = np.array([[1, 'a'], [None, 2.5]], object)
    arrays['strings'] = np.array(['a', 'long text that is not short'], np.dtypes.StringDType())
    objects = ['root["objects"]', 'root["strings"]']
    files = []
    for protocol in range(6):
        files.append('p%d.pkl' % protocol)
        with open(os.path.join(directory, files[-1]), 'wb') as out:
            pickle.dump(arrays, out, protocol)
    for name, compress in (('plain', 0), ('zlib', ('zlib', 3)), ('gzip', ('gzip', 3))):
        files.append(name + '.joblib')
        joblib.dump(arrays, os.path.join(directory, files[-1]), compress)
    with open(os.path.join(directory, 'arrays.json'), 'w') as out:
        json.dump({'numpy': np.__version__, 'files': files, 'objects': objects, 'arrays': facts,
                   'archives': ['stored.npz', 'deflated.npz'], 'members': members}, out, indent=1)
        out.write('\n')


class Seen(pickle.Pickler):
    """Meets every array of an object as pickle does."""
    def __init__(self):
        super().__init__(io.BytesIO(), 4)
        self.arrays, self.kept, self.padded, self.turned = [], [], set(), {}
        self.objects, self.unfilled, self.raw = set(), [], set()

    def persistent_id(self, value):
        if isinstance(value, np.ma.core.MaskedConstant):
            return 'masked'  # A name in the file, whatever it has for elements.
        if isinstance(value, np.ma.MaskedArray):
            self.arrays.append(key(np.ma.getmaskarray(value)))
            if is_unfilled(value):
                # Loading or pickling makes one, which the file does not have.
                self.unfilled.append(value)
        if 'KDTree' in type(value).__name__ and type(value).__module__.startswith('scipy.'):
            state = value.__getstate__()
            if isinstance(state, tuple) and isinstance(state[0], np.ndarray):
                # Structures of C with bytes between their fields, which are different each time.
                self.raw.add(state[0].shape)
        if isinstance(value, np.ndarray) and (value.dtype.hasobject or value.dtype.char == 'T'):
            # What their elements hold is met on its own.
            self.objects.add(tuple(value.shape))
            self.kept.append(value)
        elif isinstance(value, np.ndarray):
            if isinstance(value, np.ma.MaskedArray):
                self.arrays.append(key(value.data))
            elif is_padded(value) or value.shape in self.raw and value.dtype == 'S1':
                self.padded.add(value.shape)
            else:
                self.arrays.append(key(value))
                # Big-endian elements are turned when they are loaded.
                self.turned[key(value)] = key(value.byteswap())
            self.kept.append(value)
        return None


def key(array):
    return tuple(array.shape), hashlib.sha256(array.tobytes('C')).hexdigest()


def is_unfilled(masked):
    if masked._fill_value is None:
        return True
    default = np.ma.default_fill_value(masked)
    fill = np.asarray(masked._fill_value).tobytes()
    return fill in (np.asarray(default).tobytes(), np.full((), default, masked.dtype).tobytes())


def is_padded(array):
    """Whether there are bytes between fields, which numpy does not keep."""
    fields = array.dtype.fields
    return fields is not None and sum(field[0].itemsize for field in fields.values()) < array.dtype.itemsize


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def loaded(archive, name):
    try:
        return archive[name]
    except ValueError:
        if np.lib.NumpyVersion(np.__version__) >= '1.20.0':
            raise
        return None  # Structures without fields.


def check(depickle, corpus, every):
    tally, told = collections.Counter(), 0
    paths = sorted(os.path.join(top, name) for top, _, names in os.walk(corpus) for name in names)
    for path in paths[::every]:
        if path.endswith('.json'):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                if path.endswith(('.joblib', '.z')):
                    value = joblib.load(path)
                else:
                    with open(path, 'rb') as file:
                        value = pickle.load(file)
                seen = Seen()
                seen.dump(value)
        except Exception as error:
            tally['not loaded or not pickled again: ' + type(error).__name__] += 1
            continue
        with tempfile.TemporaryDirectory() as scratch:
            target = os.path.join(scratch, 'out.npz')
            listed = run(depickle, 'arrays', '--hash', '--format', 'json', path)
            run(depickle, 'extract', path, '-o', target)
            report = json.loads(listed.stdout)
            padded = [a for a in report['arrays'] if 'sha256' in a and isinstance(a['descr'], list) and ['', '|V'] in [[f[0], f[1][:2]] for f in a['descr']
                      if isinstance(f, list) and isinstance(f[1], str)]
                      or 'sha256' in a and a['dtype'] == '|S1' and tuple(a['shape']) in seen.raw]
            ours = {(tuple(a['shape']), a['sha256']) for a in report['arrays'] if 'sha256' in a and a not in padded}
            made = {key(np.asarray(value._fill_value)) for value in seen.unfilled} - ours
            seen.arrays = [one for one in seen.arrays if one not in made]
            theirs = {one if one in ours else seen.turned.get(one, one) for one in seen.arrays}
            tally['padded, compared by shape'] += len({tuple(a['shape']) for a in padded} & seen.padded)
            tally['padded, only in one'] += len({tuple(a['shape']) for a in padded} ^ seen.padded)
            read = []
            if os.path.exists(target):
                with np.load(target, allow_pickle=False) as archive:
                    everything = [one for one in (loaded(archive, name) for name in archive.files) if one is not None]
                    tally['not read back by a numpy this old'] += len(archive.files) - len(everything)
                    read = [key(one) for one in everything
                            if not is_padded(one) and not (one.shape in seen.raw and one.dtype == 'S1')]
        tally['files'] += 1
        tally['arrays'] += len(theirs)
        objects = {tuple(a['shape']) for a in report['arrays'] if (a['dtype'] in ('object', 'StringDType()') or '|O' in a['dtype']) and not a['error']}
        tally['arrays of objects'] += len(seen.objects)
        tally['arrays of objects, only in one'] += len(seen.objects ^ objects)
        tally['exit %d' % listed.returncode] += 1
        tally['found by both'] += len(theirs & ours)
        tally['only in memory'] += len(theirs - ours)
        tally['only in the file'] += len(ours - theirs)
        tally['read back from .npz'] += len(read)
        # Of types without a descr, such as those with fields that overlap, numpy itself writes no file.
        written = {(tuple(a['shape']), a['sha256']) for a in report['arrays']
                   if 'sha256' in a and a not in padded and a['descr'] is not None}
        # What lies between fields is a field of its own to numpy before 1.14.
        unsure = {tuple(a['shape']) for a in padded}
        wrong = sorted(one for one in set(read) ^ written if one[0] not in unsure)
        tally['read back wrong'] += bool(wrong)
        for error in [a for a in report['arrays'] if a['error']]:
            tally['errors: ' + error['error']] += 1
        if wrong and told < 40:
            told += 1
            print(path, 'read back wrong:', wrong[:3], file=sys.stderr)
        if (theirs ^ ours or seen.objects ^ objects) and told < 40:
            told += 1
            print(path, 'only in memory:', sorted(theirs - ours)[:3], 'only in the file:', sorted(ours - theirs)[:3],
                  'objects:', sorted(seen.objects ^ objects)[:3], file=sys.stderr)
    for name, count in sorted(tally.items()):
        print('%8d  %s' % (count, name))


if __name__ == '__main__':
    if sys.argv[1] == 'record':
        record(sys.argv[2])
    else:
        check(sys.argv[2], sys.argv[3], int((sys.argv + ['1'])[4]) if len(sys.argv) > 4 else 1)
