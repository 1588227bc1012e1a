#!/usr/bin/env python3
"""What ``depickle convert`` writes, read back by the libraries of each format and compared with what was pickled.

    python convert_check.py DEPICKLE FILE|DIRECTORY... [--every N]

Files are loaded as their own libraries load them, so give only files that you would load: the samples but for the
malicious ones, or a corpus (xtask/python/corpus.py). Each that depickle calls clean is converted to every format, read
back (numpy, safetensors, json by the reader in docs/convert.md, pickle), and compared value by value and bit by bit.
Prints how many were compared and what differs; ends with 1 if anything does.
"""
import argparse
import collections
import datetime
import io
import json
import os
import pickle
import re
import struct
import subprocess
import sys
import tempfile
import warnings

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def reader():
    """The reader that docs/convert.md shows."""
    with open(os.path.join(HERE, '..', '..', 'docs', 'convert.md'), encoding='utf-8') as page:
        code = re.search(r'```python\n(.*?)```', page.read(), re.S).group(1)
    names = {}
    exec(compile(code, 'docs/convert.md', 'exec'), names)
    return names


READER = reader()
Object = READER['Object']


class Differs(Exception):
    """Two values that ought to be the same."""


def require(good, path, what):
    if not good:
        raise Differs('%s: %s' % (path, what))


def same_array(one, two, path):
    require(isinstance(two, np.ndarray), path, 'no array but %r' % type(two))
    require(one.shape == two.shape, path, 'shape %s and %s' % (one.shape, two.shape))
    if one.dtype.kind == 'T':  # text of any length
        one = one.astype(object)
    if one.dtype.char in 'gG':  # long doubles have bytes that mean nothing
        require(np.array_equal(one, two.astype(one.dtype), equal_nan=True), path, 'elements')
        return []
    if one.dtype.hasobject:
        require(two.dtype == object, path, 'dtype %s' % two.dtype)
        return [(a, b, '%s[%d]' % (path, i)) for i, (a, b) in enumerate(zip(one.ravel().tolist(), two.ravel().tolist()))]
    require(one.dtype.newbyteorder('=') == two.dtype.newbyteorder('='), path, 'dtype %s and %s' % (one.dtype, two.dtype))
    if one.dtype.byteorder != two.dtype.byteorder:
        two = two.byteswap().view(two.dtype.newbyteorder())
    if one.dtype.fields is None:
        require(one.tobytes() == two.tobytes(), path, 'elements')
    else:  # padding between fields is nobody's
        require(one.dtype.names == two.dtype.names, path, 'fields')
        return [(one[name], two[name], '%s[%r]' % (path, name)) for name in one.dtype.names]
    return []


PLAIN = (str, bytes, bytearray, int, bool, type(None))
skipped = collections.Counter()


def parts(one, two, path, plain):
    """Pairs of values that have to be the same, if two values are to be."""
    if plain:
        if isinstance(one, np.ndarray):
            one = one.tolist()
        elif isinstance(one, np.generic):
            one = one.item()
        elif isinstance(one, (collections.OrderedDict, collections.defaultdict)):
            one = dict(one)
        elif isinstance(one, bytearray):
            one = bytes(one)
    if isinstance(two, Object):
        return of_object(one, two, path)
    if isinstance(one, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(two)
        return [(one.data.view(np.ndarray), two.data, path + '.data'), (np.ma.getmaskarray(one), mask, path + '.mask'),
                (np.asarray(one.fill_value), np.asarray(two.fill_value), path + '.fill')]
    if isinstance(one, np.ndarray):
        return same_array(one.view(np.ndarray), two, path)
    if isinstance(one, np.generic):
        require(type(one) is type(two) or isinstance(one, np.void), path, 'types %s and %s' % (type(one), type(two)))
        return same_array(np.asarray(one), np.asarray(two), path)
    if isinstance(one, np.dtype):
        require(one.newbyteorder('=') == two.newbyteorder('='), path, 'dtype')
        return []
    if isinstance(two, str) and not isinstance(one, str):
        name = getattr(one, '__qualname__', None)
        if name and getattr(one, '__module__', None):
            require(two.split(':')[1].split('.')[-1] == name.split('.')[-1], path, 'names %s and %s' % (two, name))
        else:
            skipped['name'] += 1
        return []
    if type(one) is not type(two):
        raise Differs('%s: types %s and %s' % (path, type(one), type(two)))
    if isinstance(one, float):
        require(struct.pack('>d', one) == struct.pack('>d', two), path, '%r and %r' % (one, two))
    elif isinstance(one, PLAIN):
        require(one == two, path, 'values')
    elif isinstance(one, (list, tuple)):
        require(len(one) == len(two), path, 'lengths')
        return [(a, b, '%s[%d]' % (path, index)) for index, (a, b) in enumerate(zip(one, two))]
    elif isinstance(one, dict):
        require(len(one) == len(two), path, 'lengths')
        pairs = zip(one.items(), two.items())
        return [pair for (a, b), (c, d) in pairs for pair in ((a, c, path + '<key>'), (b, d, '%s[%.40r]' % (path, a)))]
    elif isinstance(one, (set, frozenset)):
        require(len(one) == len(two), path, 'lengths')
        if all(isinstance(item, PLAIN) for item in one):
            require(one == two, path, 'members')
        else:
            skipped['members of a set'] += 1
    else:
        skipped['type %s' % type(one).__name__] += 1
    return []


def of_object(one, two, path):
    """The parts of an object that can be compared without knowing what its class makes of them."""
    kind = type(one)
    name = two.name if isinstance(two.name, str) else ''
    if isinstance(one, collections.OrderedDict) and two.items is not None and not two.args:
        return [(dict(one), two.items, path)]
    state = two.state
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], dict):
        state = state[0]
    if name.endswith(':' + kind.__qualname__) and isinstance(state, dict) and hasattr(one, '__dict__'):
        mine = vars(one)
        custom = getattr(kind, '__setstate__', None)
        trusted = custom is None or custom.__qualname__ in ('BaseEstimator.__setstate__', 'object.__setstate__')
        if trusted:
            return [(mine[key], state[key], '%s.%s' % (path, key)) for key in state if key in mine]
    skipped['object'] += 1
    return []


def compare(one, two, plain=False):
    """Raises where two values are not the same."""
    open_, met, kept = [(one, two, 'root')], set(), []
    while open_:
        one, two, path = open_.pop()
        key = (id(one), id(two))
        if key not in met:
            met.add(key)
            kept.append((one, two))
            open_.extend(parts(one, two, path, plain))


def original(path):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        if path.endswith(('.npz', '.npy')):
            return np.load(path, allow_pickle=True)
        try:
            import joblib
        except ImportError:
            with open(path, 'rb') as file:
                return pickle.load(file)
        return joblib.load(path)


class Check:
    def __init__(self, depickle, scratch):
        self.depickle, self.scratch, self.counts, self.wrong = depickle, scratch, collections.Counter(), []

    def convert(self, path, name, *options):
        out = os.path.join(self.scratch, name)
        done = subprocess.run([self.depickle, 'convert', path, '-o', out, '--force', '--no-policy', *options],
                              capture_output=True, text=True)
        return (out if done.returncode == 0 else None), done

    def formats(self, path, value):
        """Name, outcome, and what to compare with, of each way."""
        def content(name, *options, arrays=None):
            out, done = self.convert(path, name, *options)
            if out is None:
                return None, done
            with open(out) as file:
                beside = np.load(arrays, allow_pickle=False) if arrays else None
                return READER['load'](file, beside), done
        yield 'json', *content('out.json'), False
        yield 'json, lists', *content('out.json', '--arrays', 'list'), False
        yield 'json, npz', *content('beside.json', '--arrays', 'npz', arrays=os.path.join(self.scratch, 'beside.npz')), False
        yield 'safetensors', *self.safetensors(path), False
        out, done = self.convert(path, 'out.npz')
        if out:
            with np.load(out, allow_pickle=False) as file:
                self.counts['arrays in npz'] += len([file[name] for name in file.files])
            yield 'npz', value, done, False
        for options in (), ('--arrays', 'list'):
            out, done = self.convert(path, 'out.pkl', *options)
            if out:
                with open(out, 'rb') as file:
                    yield 'pkl', pickle.load(file), done, True

    def safetensors(self, path):
        from safetensors import safe_open
        out, done = self.convert(path, 'out.safetensors')
        if out is None:
            return None, done
        with safe_open(out, 'numpy') as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            self.counts['arrays in safetensors'] += len(tensors)
            return READER['load'](io.StringIO(file.metadata()['depickle']), tensors), done

    def file(self, path):
        verdict = subprocess.run([self.depickle, 'scan', '--quiet', '--no-policy', path], capture_output=True).returncode
        self.counts['files' if verdict == 0 else 'not clean'] += 1
        if verdict:
            return
        try:
            value = original(path)
        except Exception as error:
            self.counts['not loaded here'] += 1
            return
        for name, read, done, plain in self.formats(path, value):
            if done.returncode:
                self.wrong.append('%s: %s: exit %d: %s' % (path, name, done.returncode, done.stderr[:300]))
                continue
            self.counts[name] += 1
            if '$lost' in done.stderr or 'not carried' in done.stderr and name.startswith(('json', 'safe')):
                self.counts[name + ' with losses'] += 1
                continue
            if name != 'npz':
                try:
                    compare(value, read, plain)
                except Differs as differs:
                    self.wrong.append('%s: %s: %s' % (path, name, differs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('depickle')
    parser.add_argument('paths', nargs='+')
    parser.add_argument('--every', type=int, default=1)
    args = parser.parse_args()
    files = []
    for path in args.paths:
        for directory, _, names in os.walk(path):
            files.extend(os.path.join(directory, name) for name in names)
        if os.path.isfile(path):
            files.append(path)
    files = sorted(name for name in files if name.endswith(('.pkl', '.joblib', '.npy')) and '/malicious/' not in name)
    with tempfile.TemporaryDirectory() as scratch:
        check = Check(os.path.abspath(args.depickle), scratch)
        for path in files[::args.every]:
            try:
                check.file(path)
            except Exception as error:
                check.wrong.append('%s: %s: %s' % (path, type(error).__name__, error))
    for name, count in check.counts.items():
        print('%8d %s' % (count, name))
    for name, count in skipped.most_common(12):
        print('%8d not compared: %s' % (count, name))
    print('%8d differ' % len(check.wrong))
    for line in check.wrong[:60]:
        print('  ' + line)
    return 1 if check.wrong else 0


if __name__ == '__main__':
    sys.exit(main())
