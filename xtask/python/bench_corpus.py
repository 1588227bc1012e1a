#!/usr/bin/env python3
"""Write the files that ``cargo xtask bench`` measures.

    python bench_corpus.py DIRECTORY

The same bytes each time: nothing is taken from the clock, the machine or an unseeded generator. Only the forest needs
libraries (numpy==2.4.6 scikit-learn==1.9.1 joblib==1.6.0); without them it is left out. The large arrays are sparse
files: their zeros take no room on the disk. Nothing here is dangerous: the hostile shapes cost much or mean nothing.
``manifest.json`` lists what was written: name, path, bytes of opcodes, group, and of which case it is the double.
"""
import json
import os
import pickle
import random
import struct
import sys
import zlib

ROWS = 200_000
SHAPE = 1_000_000
GIB = 1 << 30


def nested(count):
    """Small records of text, int, float, tuple and dict."""
    numbers = random.Random(1)
    return [
        {
            'id': index,
            'name': 'record-%08d' % index,
            'score': numbers.random(),
            'place': (numbers.randrange(90), numbers.randrange(100_000), 'north'),
            'tags': {'kind': 'k%d' % (index % 50), 'size': index % 1000},
        }
        for index in range(count)
    ]


def text(value):
    data = value.encode()
    return b'\x8c' + bytes([len(data)]) + data


def int4(value):
    return b'J' + struct.pack('<i', value)


# numpy.dtype('f8') as numpy 2 writes it, without memo.
F8 = (text('numpy') + text('dtype') + b'\x93' + text('f8') + b'\x89\x88\x87R'
      + b'(K\x03' + text('<') + b'NNN' + int4(-1) + int4(-1) + b'K\x00tb')


def joblib_head(shape):
    """What joblib 1.6 writes before the bytes of a float64 array: up to its BUILD."""
    state = [
        (text('subclass'), text('numpy') + text('ndarray') + b'\x93'),
        (text('shape'), int4(shape) + b'\x85'),
        (text('order'), text('C')),
        (text('dtype'), F8),
        (text('allow_mmap'), b'\x88'),
        (text('numpy_array_alignment_bytes'), b'K\x10'),
    ]
    items = b''.join(key + value for key, value in state)
    return (b'\x80\x04' + text('joblib.numpy_pickle') + text('NumpyArrayWrapper') + b'\x93)\x81}(' + items + b'ub')


def padding(position):
    """The padding before the bytes of an array: its length, then 0xff, so that the array begins on 16 bytes."""
    length = 16 - (position + 1) % 16
    return bytes([length]) + b'\xff' * length


def joblib_array(nbytes):
    head = joblib_head(nbytes // 8)
    return head + padding(len(head)), b'.'


def pickle4_array(nbytes):
    head = (b'\x80\x04' + text('numpy._core.multiarray') + text('_reconstruct') + b'\x93'
            + text('numpy') + text('ndarray') + b'\x93K\x00\x85C\x01b\x87R'
            + b'(K\x01' + int4(nbytes // 8) + b'\x85' + F8 + b'\x89')
    return head + b'\x8e' + struct.pack('<Q', nbytes), b'tb.'


def pickle5_array(nbytes):
    head = b'\x80\x05' + text('numpy._core.numeric') + text('_frombuffer') + b'\x93(\x96' + struct.pack('<Q', nbytes)
    return head, F8 + int4(nbytes // 8) + b'\x85' + text('C') + b'tR.'


def hostile(count):
    """Shapes that cost a careless reader much: (name, bytes)."""
    header = b'\x80\x04'
    yield 'nested lists', header + b']' * count + b'a' * (count - 1) + b'.'
    yield 'single appends', header + b']' + b'Na' * count + b'.'
    yield 'two lists in turn', header + b']\x94]\x94' + b'h\x00Na0h\x01Na0' * (count // 4) + b'.'
    storm = b'2' + b'q\x00' + b'h\x00' + b'0' + b'0'
    yield 'dup put get pop', header + b'N' + storm * (count // 4) + b'.'
    yield 'tiny pickles', b'N.' * count
    yield 'memo bomb', header + b')' + b'2\x86' * count + b'.'
    yield 'self append', header + b']' + b'2a' * count + b'.'
    yield 'reduce of one import', header + text('builtins') + text('list') + b'\x93\x94' + b'0h\x00)R' * (count // 2) + b'.'
    yield 'marks', header + b'(' * count + b'.'
    yield 'marks popped', header + b'(' * count + b'0' * count + b'N.'
    yield 'sparse memo', header + b'N' + b''.join(
        b'r' + struct.pack('<I', index * 2654435761 % (1 << 32)) for index in range(count // 4)) + b'.'
    yield 'distinct imports', header + b''.join(b'cm\nn%d\n0' % index for index in range(count // 10)) + b'N.'
    yield 'zeros', header + b'N.' + b'\0' * count
    yield 'headers', header * (count // 2)


class Writer:
    def __init__(self, directory):
        self.directory, self.cases = directory, []

    def add(self, name, group, opcode_bytes, path, double_of=None):
        self.cases.append(dict(name=name, group=group, path=path, opcode_bytes=opcode_bytes, double_of=double_of,
                               bytes=None if os.path.isdir(self.at(path)) else os.path.getsize(self.at(path))))

    def at(self, path):
        return os.path.join(self.directory, path)

    def file(self, name, group, data, opcode_bytes=None, double_of=None):
        path = name.replace(' ', '_') + '.pkl'
        with open(self.at(path), 'wb') as out:
            out.write(data)
        self.add(name, group, len(data) if opcode_bytes is None else opcode_bytes, path, double_of)

    def sparse(self, name, parts, nbytes, double_of=None):
        head, tail = parts
        path = name.replace(' ', '_') + '.pkl'
        with open(self.at(path), 'wb') as out:
            out.write(head)
            out.truncate(len(head) + nbytes)
            out.seek(0, os.SEEK_END)
            out.write(tail)
        self.add(name, 'array', len(head) + len(tail), path, double_of)


def small_files(writer, count):
    os.makedirs(writer.at('many'), exist_ok=True)
    numbers = random.Random(2)
    for index in range(count):
        value = nested(numbers.randrange(5, 400))
        data = pickle.dumps(value, 4)
        if index % 4 == 3:
            data = zlib.compress(data, 3)
        with open(writer.at('many/%04d.pkl' % index), 'wb') as out:
            out.write(data)
    writer.add('many small files', 'many', None, 'many')


def compressed(writer, nbytes):
    numbers = random.Random(3)
    block = b''.join(struct.pack('<d', round(numbers.random() * 1000)) for _ in range(1 << 17))
    head, tail = joblib_array(nbytes)
    data = head + block * (nbytes // len(block)) + tail
    writer.file('zlib joblib', 'compressed', zlib.compress(data, 3), len(head) + len(tail))


def forest(writer, trees):
    try:
        import joblib
        import numpy
        from sklearn.ensemble import RandomForestRegressor
    except ImportError as error:
        print('no forest: %s' % error, file=sys.stderr)
        return
    generator = numpy.random.RandomState(4)
    x = generator.rand(1000, 8)
    y = (x.sum(axis=1) * 8).round()
    model = RandomForestRegressor(n_estimators=trees, random_state=0).fit(x, y)
    data = pickle.dumps(model, 5)
    writer.file('forest pickle', 'forest', data)
    joblib.dump(model, writer.at('forest_joblib.pkl'))
    writer.add('forest joblib', 'forest', None, 'forest_joblib.pkl')


def main():
    writer = Writer(sys.argv[1])
    os.makedirs(writer.directory, exist_ok=True)
    values = nested(2 * ROWS)
    for protocol in (4, 2, 0):
        writer.file('nested p%d' % protocol, 'nested', pickle.dumps(values[:ROWS], protocol))
        writer.file('nested p%d x2' % protocol, 'double', pickle.dumps(values, protocol),
                    double_of='nested p%d' % protocol)
    words = {'word%06d' % index: index for index in range(200_000)}
    writer.file('vocabulary', 'vocabulary', pickle.dumps(words, 4))
    forest(writer, 200)
    for name, parts in (('joblib', joblib_array), ('pickle 4', pickle4_array), ('pickle 5', pickle5_array)):
        writer.sparse('array 16 MiB %s' % name, parts(GIB >> 6), GIB >> 6)
        writer.sparse('array 1 GiB %s' % name, parts(GIB), GIB, double_of='array 16 MiB %s' % name)
    small_files(writer, 500)
    writer.file('one 5 KB file', 'one', pickle.dumps(nested(60), 4)[:])
    compressed(writer, 64 << 20)
    once, twice = dict(hostile(SHAPE)), dict(hostile(2 * SHAPE))
    for name in once:
        writer.file(name, 'hostile', once[name])
        writer.file(name + ' x2', 'double', twice[name], double_of=name)
    with open(writer.at('manifest.json'), 'w') as out:
        json.dump(writer.cases, out, indent=1)


if __name__ == '__main__':
    main()
