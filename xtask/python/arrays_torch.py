#!/usr/bin/env python3
"""Tensors as torch has them: what ``depickle arrays`` and ``depickle extract`` have to give.

    python arrays_torch.py record tests/data/arrays
        writes tensors of every kind in the zip form, in the form of before 1.6, and as a machine of the other byte order
        would, and what torch says of each (tensors.json); recorded by torch 2.3.1
    python arrays_torch.py check DEPICKLE CORPUS [EVERY]
        loads every EVERY-th file of a corpus of benign files (xtask/python/corpus_torch.py) and compares its tensors with
        those that DEPICKLE finds, by type, shape and sha256

Never give ``check`` a file that you would not load.
"""
import collections
import hashlib
import io
import json
import os
import subprocess
import sys
import warnings
import zipfile

import torch

WIDTHS = {torch.bfloat16: torch.int16}


def raw(tensor):
    """The elements of a tensor in C order, as they are stored."""
    if tensor.is_quantized:
        tensor = tensor.int_repr()
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous().clone(memory_format=torch.contiguous_format)
    return bytes(tensor.untyped_storage()) if hasattr(tensor, 'untyped_storage') else old_bytes(tensor)


def old_bytes(tensor):
    """The same by torch before 2, where numpy has the type or one as wide."""
    return tensor.view(WIDTHS.get(tensor.dtype, tensor.dtype)).numpy().tobytes()


def name(tensor):
    return str(tensor.dtype).replace('torch.', '')


def key(tensor):
    return name(tensor), tuple(tensor.shape), hashlib.sha256(raw(tensor)).hexdigest()


def kinds():
    """Name and tensor of every kind."""
    numbers = torch.arange(12).remainder(5)
    for of in ('uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex32 complex64 '
               'complex128 bool float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz').split():
        yield of, numbers.to(torch.float32).to(getattr(torch, of)).reshape(3, 4)
    base = torch.arange(24.0).reshape(2, 3, 4)
    yield 'base', base
    yield 'row', base[1, 1:]
    yield 'columns', base[:, :, 1:3]
    yield 'turned', base.transpose(0, 2)
    yield 'steps', base.flatten()[3::7]
    yield 'spread', base[0, 0].expand(3, 4)
    yield 'diagonal', torch.arange(9).reshape(3, 3).diagonal()
    yield 'channels last', torch.arange(24).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)
    yield 'single', torch.tensor(3.5)
    yield 'empty', torch.zeros(0, 3)
    yield 'beyond the last', base.flatten()[24:]
    yield 'grad', torch.ones(3, requires_grad=True)
    yield 'parameter', torch.nn.Parameter(torch.arange(3.0))
    yield 'quantized', torch.quantize_per_tensor(torch.arange(4.0), 0.1, 0, torch.quint8)


def width(tensor):
    """Bytes that the other byte order turns."""
    of = tensor.element_size()
    return of // 2 if tensor.is_complex() else of


def turned(data, of):
    return b''.join(data[at:at + of][::-1] for at in range(0, len(data), of))


def save_big(tensors, path):
    """Writes what torch writes on a machine of the other byte order."""
    # The storages of the file are those of a copy, turned in place; two tensors of one storage still share it.
    copy = torch.load(io.BytesIO(saved(tensors)), weights_only=False)
    done = set()
    for tensor in copy.values():
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in done and storage.nbytes():
            done.add(storage.data_ptr())
            storage.byteswap(tensor.dtype)
    with zipfile.ZipFile(io.BytesIO(saved(copy))) as before, zipfile.ZipFile(path, 'w') as after:
        for entry in before.infolist():
            data = before.read(entry)
            after.writestr(entry.filename, b'big' if entry.filename.endswith('/byteorder') else data)
    for name_of, tensor in torch.load(path, weights_only=False).items():
        assert raw(tensor) == raw(tensors[name_of]), name_of


def saved(value, **how):
    out = io.BytesIO()
    torch.save(value, out, **how)
    return out.getvalue()


def of(tensor, big=False):
    """What torch says of a tensor."""
    data = raw(tensor)
    return {'dtype': name(tensor), 'shape': tuple(tensor.shape),
            'sha256': hashlib.sha256(turned(data, width(tensor)) if big else data).hexdigest()}


def record(directory):
    os.makedirs(directory, exist_ok=True)
    tensors = dict(kinds())
    # torch does not turn the bytes of storages without a type, which complex32 has.
    simple = {name_of: tensor for name_of, tensor in tensors.items() if not tensor.is_quantized and name_of != 'complex32'}
    facts = {}
    for file, values, write in (('torch.zip.pt', tensors, lambda path: torch.save(tensors, path)),
                                ('torch.legacy.pt', tensors,
                                 lambda path: torch.save(tensors, path, _use_new_zipfile_serialization=False)),
                                ('torch.big.pt', simple, lambda path: save_big(simple, path))):
        write(os.path.join(directory, file))
        facts[file] = {name_of: of(tensor, file == 'torch.big.pt') for name_of, tensor in values.items()}
    with open(os.path.join(directory, 'tensors.json'), 'w') as out:
        json.dump({'torch': torch.__version__, 'files': facts}, out, indent=1)
        out.write('\n')


class Seen(torch.serialization.pickle.Pickler):
    """Meets every tensor of an object as torch does."""
    def __init__(self):
        super().__init__(io.BytesIO(), 4)
        self.tensors, self.kept, self.odd = set(), [], []

    def persistent_id(self, value):
        self.kept.append(value)
        if isinstance(value, torch.Tensor) and value.device.type != 'meta':
            try:
                self.tensors.update(map(key, parts(value)))
            except Exception as error:
                self.odd.append('%s: %s' % (type(error).__name__, error))
        elif isinstance(value, STORAGES):
            self.tensors.add(key(torch.tensor([], dtype=getattr(value, 'dtype', torch.uint8)).set_(value)))
        return ('tensor',) if isinstance(value, (torch.Tensor, *STORAGES)) else None


def parts(tensor):
    """The dense tensors that a tensor is written as."""
    if tensor.is_nested:
        return [tensor.values() if hasattr(tensor, 'offsets') else torch.cat([one.flatten() for one in tensor.unbind()]),
                tensor._nested_tensor_size(), tensor._nested_tensor_strides(), tensor._nested_tensor_storage_offsets()]
    if tensor.layout is torch.sparse_coo:
        return [tensor._indices(), tensor._values()]
    if tensor.layout in (getattr(torch, 'sparse_csr', None), getattr(torch, 'sparse_bsr', None)):
        return [tensor.crow_indices(), tensor.col_indices(), tensor.values()]
    if tensor.layout is not torch.strided:
        return [tensor.ccol_indices(), tensor.row_indices(), tensor.values()]
    if tensor.is_quantized and tensor.qscheme() is torch.per_channel_affine:
        return [tensor, tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points()]
    return [tensor]


STORAGES = tuple(getattr(torch.storage, of) for of in ('UntypedStorage', '_UntypedStorage', 'TypedStorage', '_TypedStorage')
                 if hasattr(torch.storage, of))


def check(depickle, corpus, every):
    tally, told = collections.Counter(), 0
    paths = sorted(os.path.join(top, name) for top, _, names in os.walk(corpus) for name in names if name.endswith('.pt'))
    for path in paths[::every]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                value = torch.load(path, **({'weights_only': False} if torch.__version__ >= '1.13' else {}))
                seen = Seen()
                seen.dump(value)
        except Exception as error:
            tally['not loaded or not pickled again: ' + type(error).__name__] += 1
            continue
        listed = subprocess.run([depickle, 'arrays', '--hash', '--format', 'json', path], stdout=subprocess.PIPE)
        report = json.loads(listed.stdout)
        found = [a for a in report['arrays'] if a['storage'] is not None]
        ours = {(a['dtype'], tuple(a['shape']), a['sha256']) for a in found if 'sha256' in a}
        tally['files'] += 1
        tally['exit %d' % listed.returncode] += 1
        tally['tensors'] += len(seen.tensors)
        tally['found by both'] += len(seen.tensors & ours)
        tally['only in memory'] += len(seen.tensors - ours)
        tally['only in the file'] += len(ours - seen.tensors)
        for error in seen.odd:
            tally['torch has no bytes: ' + error[:80]] += 1
        for error in [a for a in found if a['error']]:
            tally['errors: ' + error['error']] += 1
        if ours != seen.tensors and told < 40:
            told += 1
            print(path, 'only in memory:', sorted(seen.tensors - ours)[:3], 'only in the file:', sorted(ours - seen.tensors)[:3],
                  file=sys.stderr)
    for line, count in sorted(tally.items()):
        print('%8d  %s' % (count, line))


if __name__ == '__main__':
    if sys.argv[1] == 'record':
        record(sys.argv[2])
    else:
        check(sys.argv[2], sys.argv[3], int((sys.argv + ['1'])[4]) if len(sys.argv) > 4 else 1)
