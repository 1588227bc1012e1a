#!/usr/bin/env python3
"""Write the files that ``cargo xtask bench`` measures.

    python bench_corpus.py DIRECTORY gate|small|full

The same bytes each time: nothing is taken from the clock, the machine or an unseeded generator. Only the forest and
the array by lz4 need libraries (numpy==2.4.6 scikit-learn==1.9.1 joblib==1.6.0 lz4==4.4.5); without them they are left
out. The large arrays are sparse files: their zeros take no room on the disk. Nothing here is dangerous: the hostile
shapes cost much or mean nothing.
``manifest.json`` lists what was written: name, path, bytes of opcodes, group, and of which case it is the double.
"""
import bz2
import gzip
import json
import lzma
import os
import pickle
import random
import struct
import sys
import zlib

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
    # Of the size of the first there is no other, so that what is shared is read again each time.
    dtypes = structure(50, 400) + structure(50, 401) * (count // 20)
    yield 'dtypes that share fields', header + shared_fields(50) + dtypes + b'N.'
    yield 'zeros', header + b'N.' + b'\0' * count
    yield 'headers', header * (count // 2)


def shared_fields(fields):
    """numpy.dtype, float64, the names of a structure and its fields, at 0 and 1 and the last two places of the memo."""
    head = text('numpy') + text('dtype') + b'\x93\x940' + F8 + b'\x940('
    names = b''.join(text('f%03d' % index) + b'\x94' for index in range(fields))
    items = b''.join(b'h' + bytes([2 + index]) + b'h\1M' + struct.pack('<H', 8 * index) + b'\x86' for index in range(fields))
    return head + names + b't\x940}\x94(' + items + b'u0'


def structure(fields, nbytes):
    """A data type of these names and fields, and so many bytes."""
    state = b'(K\3' + text('|') + b'Nh' + bytes([2 + fields]) + b'h' + bytes([3 + fields]) + int4(nbytes) + b'K\1K\x10t'
    return b'h\0' + text('V%d' % nbytes) + b'\x89\x88\x87R' + state + b'b0'


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


WORDS = ('the model was trained on data of last year and is kept for comparison with later ones until the end of the '
         'season when all of them are trained anew from what has been measured since then').split()


def note(numbers):
    """A short text, as descriptions and names of features are."""
    return ' '.join(numbers.choice(WORDS) for _ in range(numbers.randrange(3, 9)))


def small_values(numbers, count):
    return [{'id': index, 'note': note(numbers), 'score': numbers.random(), 'tags': [note(numbers), index % 7]}
            for index in range(count)]


def small_joblib(numbers):
    """A dict of plain values and an array, as joblib writes it."""
    values = pickle.dumps(small_values(numbers, numbers.randrange(3, 60)), 3)[2:-1]
    length = numbers.randrange(60, 2500)
    head = b'\x80\x04}(' + text('rows') + values + text('weights') + joblib_head(length)[2:]
    array = b''.join(struct.pack('<d', numbers.random()) for _ in range(length))
    return head + padding(len(head)) + array + b'u.'


def small_files(writer, name, count, compressed):
    """Half are pickles, half joblib's; of those, where `compressed`, a quarter is deflated."""
    path = name.replace(' ', '_')
    os.makedirs(writer.at(path), exist_ok=True)
    numbers = random.Random(2)
    for index in range(count):
        if index % 2 == 0:
            data = pickle.dumps(small_values(numbers, numbers.randrange(8, 320)), 4)
        else:
            data = small_joblib(numbers)
        if compressed and index % 8 == 3:
            data = zlib.compress(data, 3)
        with open(writer.at('%s/%04d.pkl' % (path, index)), 'wb') as out:
            out.write(data)
    writer.add(name, 'many', None, path)


def lz4_frame(data):
    import lz4.frame
    return lz4.frame.compress(data, compression_level=3)


def compressed(writer, nbytes):
    numbers = random.Random(3)
    block = b''.join(struct.pack('<d', round(numbers.random() * 1000)) for _ in range(1 << 17))
    head, tail = joblib_array(nbytes)
    data = head + block * (nbytes // len(block)) + tail
    for codec, pack in (
        ('zlib', lambda data: zlib.compress(data, 3)),
        ('gzip', lambda data: gzip.compress(data, 3, mtime=0)),
        ('bz2', lambda data: bz2.compress(data, 3)),
        ('xz', lambda data: lzma.compress(data, preset=3)),
        ('lz4', lz4_frame),
    ):
        try:
            packed = pack(data)
        except ImportError as error:
            print('no %s: %s' % (codec, error), file=sys.stderr)
            continue
        writer.file('%s joblib' % codec, 'compressed', packed, len(head) + len(tail))


def torch_pickle(count, length):
    """What torch.save writes of a dict of float tensors of one dimension."""
    storage = b'ctorch\nFloatStorage\n'
    items = b''.join(
        word(key) + b'ctorch._utils\n_rebuild_tensor_v2\n((' + word('storage') + storage + word(str(index)) + word('cpu')
        + int4(length) + b'tQK\x00' + int4(length) + b'\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR'
        for index, key in enumerate('layer.%d.weight' % index for index in range(count)))
    return b'\x80\x02ccollections\nOrderedDict\n)R(' + items + b'u.'


def word(value):
    return b'X' + struct.pack('<I', len(value)) + value.encode()


def torch_zip(writer, name, count, nbytes, double_of=None):
    """A sparse file of torch: an archive whose members are stored."""
    path = name.replace(' ', '_') + '.pt'
    zeros = zlib.crc32(bytes(nbytes))
    data = torch_pickle(count, nbytes // 4)
    members = [('data.pkl', data, len(data), zlib.crc32(data))]
    members += [('data/%d' % index, None, nbytes, zeros) for index in range(count)]
    members += [('version', b'3\n', 2, zlib.crc32(b'3\n'))]
    directory = []
    with open(writer.at(path), 'wb') as out:
        for member, bytes_, length, crc in members:
            at, file_name = out.tell(), ('archive/' + member).encode()
            about = struct.pack('<HHHHHIIIHH', 20, 0, 0, 0, 33, crc, length, length, len(file_name), 0)
            out.write(b'PK\3\4' + about + file_name)
            if bytes_ is None:
                out.truncate(out.tell() + length)
                out.seek(0, os.SEEK_END)
            else:
                out.write(bytes_)
            directory.append(b'PK\1\2\x14\0' + about + struct.pack('<HHHII', 0, 0, 0, 0, at) + file_name)
        begin, records = out.tell(), b''.join(directory)
        end = struct.pack('<HHHHIIH', 0, 0, len(directory), len(directory), len(records), begin, 0)
        out.write(records + b'PK\5\6' + end)
    writer.add(name, 'array', len(data) + len(records), path, double_of)


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


# How much of each: records, steps of the hostile shapes, small files, trees, whether there are large files.
SCALES = {
    'gate': (10_000, 100_000, 100, 0, False),
    'small': (200_000, 1_000_000, 500, 200, True),
    'full': (2_000_000, 1_000_000, 5_000, 1_000, True),
}


def main():
    directory, scale = sys.argv[1:]
    rows, steps, files, trees, large = SCALES[scale]
    writer = Writer(directory)
    os.makedirs(writer.directory, exist_ok=True)
    values = nested(rows)
    for protocol in (4, 2, 0):
        writer.file('nested p%d half' % protocol, 'half', pickle.dumps(values[:rows // 2], protocol))
        writer.file('nested p%d' % protocol, 'nested', pickle.dumps(values, protocol),
                    double_of='nested p%d half' % protocol)
    del values
    words = {'word%06d' % index: index for index in range(min(rows, 200_000))}
    writer.file('vocabulary', 'vocabulary', pickle.dumps(words, 4))
    small_files(writer, 'many small files', files, compressed=False)
    small_files(writer, 'many, an eighth deflated', files, compressed=True)
    writer.file('one 5 KB file', 'one', pickle.dumps(nested(60), 4)[:])
    if trees:
        forest(writer, trees)
    if large:
        for name, parts in (('joblib', joblib_array), ('pickle 4', pickle4_array), ('pickle 5', pickle5_array)):
            writer.sparse('array 16 MiB %s' % name, parts(GIB >> 6), GIB >> 6)
            writer.sparse('array 1 GiB %s' % name, parts(GIB), GIB, double_of='array 16 MiB %s' % name)
        torch_zip(writer, 'torch 32 MiB', 128, 1 << 18)
        torch_zip(writer, 'torch 2 GiB', 128, 1 << 24, double_of='torch 32 MiB')
        compressed(writer, 64 << 20)
    once, twice = dict(hostile(steps)), dict(hostile(2 * steps))
    for name in once:
        writer.file(name, 'hostile', once[name])
        writer.file(name + ' x2', 'double', twice[name], double_of=name)
    with open(writer.at('manifest.json'), 'w') as out:
        json.dump(writer.cases, out, indent=1)


if __name__ == '__main__':
    main()
