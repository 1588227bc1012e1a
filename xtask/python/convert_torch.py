#!/usr/bin/env python3
"""Checkpoints of torch as .safetensors, read back by safetensors and compared with what torch loads, bit for bit.

    python convert_torch.py DEPICKLE FILE|DIRECTORY...

Files are loaded by torch (weights_only, where it knows that), and their tensors named by the keys on the way to them, as depickle names them.
"""
import collections
import json
import os
import subprocess
import sys
import tempfile
import warnings

import torch
from safetensors import safe_open


def tensors(value):
    """Name and tensor of every tensor in dicts, lists and tuples."""
    open_ = [(value, ())]
    while open_:
        value, path = open_.pop()
        if isinstance(value, torch.Tensor):
            yield '.'.join(map(str, path)) or 'root', value
        elif isinstance(value, dict):
            open_.extend((item, path + (key,)) for key, item in value.items())
        elif isinstance(value, (list, tuple)):
            open_.extend((item, path + (index,)) for index, item in enumerate(value))


def contents(tensor):
    tensor = tensor.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
    return str(tensor.dtype), tuple(tensor.shape), bytes(tensor.flatten().view(torch.uint8).numpy()) \
        if tensor.numel() else b''


def check(depickle, path, out, counts):
    done = subprocess.run([depickle, 'convert', path, '-o', out, '--force', '--no-policy', '--report', out + '.report'],
                          capture_output=True, text=True)
    if done.returncode:
        counts['refused: exit %d' % done.returncode] += 1
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            # Before 1.13 torch knows no other way: give it only files that you would load.
            safe = {'weights_only': True} if torch.__version__ >= '1.13' else {}
            value = torch.load(path, map_location='cpu', **safe)
    except Exception as error:
        counts['not loaded: ' + type(error).__name__] += 1
        return
    names = {array['object_path']: array['name'] for array in json.load(open(out + '.report'))['arrays']}
    with safe_open(out, 'pt') as file:
        counts['files'] += 1
        keys = set(file.keys())
        if keys != set(names.values()):
            yield '%s: names in the report are others than in the file' % path
        for name, tensor in tensors(value):
            if tensor.is_sparse or tensor.is_quantized or tensor.layout != torch.strided:
                counts['not strided'] += 1
                continue
            if name not in keys:
                counts['under another name'] += 1
                continue
            expected = contents(tensor)
            written = contents(file.get_tensor(name))
            if written[0] == 'torch.uint8' != expected[0]:  # a type that safetensors lacks
                written = expected[:2] + written[2:]
            counts['tensors'] += 1
            if expected != written:
                yield '%s: %s: %s %s, written %s %s' % ((path, name) + expected[:2] + written[:2])


def main():
    depickle, paths = os.path.abspath(sys.argv[1]), sys.argv[2:]
    files = [path for path in paths if os.path.isfile(path)]
    files += [os.path.join(at, name) for path in paths for at, _, names in os.walk(path) for name in names]
    counts, wrong = collections.Counter(), []
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(files):
            if not path.endswith(('.json', '.py')):
                wrong.extend(check(depickle, path, os.path.join(scratch, 'out.safetensors'), counts))
    for name, count in counts.items():
        print('%8d %s' % (count, name))
    print('%8d differ' % len(wrong))
    for line in wrong[:40]:
        print('  ' + line)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
