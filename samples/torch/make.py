#!/usr/bin/env python
"""Write the samples of torch beside this script. Each version runs in its own environment, and writes its own files:

    python make.py    # torch==1.12.1 numpy==1.26.4, and torch==2.3.1

The keys of storages in the form before 1.6 are addresses, so a second run writes other bytes there.
"""
import collections
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
DTYPES = ('float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'complex64')


def checkpoint():
    """A state dict and tensors of many types, some of which share a storage."""
    torch.manual_seed(7)
    model = torch.nn.Sequential(collections.OrderedDict(
        [('conv', torch.nn.Conv2d(1, 4, 3)), ('norm', torch.nn.BatchNorm2d(4)), ('head', torch.nn.Linear(4, 2))]))
    base = torch.arange(24.0).reshape(4, 6)
    return {'state_dict': model.state_dict(), 'epoch': 3, 'lr': 0.001,
            'dtypes': {name: torch.ones(2, 3).to(getattr(torch, name)) for name in DTYPES},
            'shared': [base, base[1:3, ::2], base.t()], 'empty': torch.zeros(0, 3), 'scalar': torch.tensor(1.5),
            'parameter': torch.nn.Parameter(torch.ones(2), requires_grad=False)}


def main():
    version = '.'.join(torch.__version__.split('.')[:2])
    torch.save(checkpoint(), os.path.join(HERE, 'zip_%s.pt' % version))
    torch.save(checkpoint(), os.path.join(HERE, 'legacy_%s.pt' % version), _use_new_zipfile_serialization=False)


if __name__ == '__main__':
    main()
