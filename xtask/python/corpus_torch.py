#!/usr/bin/env python3
"""Write a corpus of files by the real ``torch.save``.

    python corpus_torch.py DIRECTORY

The environments that it has been run in stand in docs/corpus.md.
Every value is saved in the zip form and, where it can be, in the legacy form of five pickles; state dicts and
checkpoints at other protocols, too. ``manifest.json`` lists every file as ``corpus.py`` does; the class is that of the
value, and for a state dict that of what it belongs to.
"""
import argparse
import collections
import inspect
import warnings

import torch

import corpus

DTYPES = ('float16', 'bfloat16', 'float32', 'float64', 'uint8', 'int8', 'int16', 'int32', 'int64', 'bool', 'complex32',
          'complex64', 'complex128', 'uint16', 'uint32', 'uint64', 'float8_e4m3fn', 'float8_e5m2')


def small_net():
    torch.manual_seed(0)
    return torch.nn.Sequential(collections.OrderedDict([
        ('conv', torch.nn.Conv2d(1, 2, 3)), ('norm', torch.nn.BatchNorm2d(2)), ('act', torch.nn.ReLU()),
        ('flat', torch.nn.Flatten()), ('head', torch.nn.Linear(8, 3))]))


# Arguments of the modules that need some; the rest are tried without and with small numbers.
MODULES = {
    'Conv1d': (1, 2, 3), 'Conv2d': (1, 2, 3), 'Conv3d': (1, 2, 3), 'ConvTranspose1d': (1, 2, 3), 'ConvTranspose2d': (1, 2, 3),
    'ConvTranspose3d': (1, 2, 3), 'Linear': (3, 2), 'Bilinear': (2, 3, 2), 'Embedding': (5, 3), 'EmbeddingBag': (5, 3),
    'LSTM': (3, 2), 'GRU': (3, 2), 'RNN': (3, 2), 'LSTMCell': (3, 2), 'GRUCell': (3, 2), 'RNNCell': (3, 2),
    'MultiheadAttention': (4, 2), 'Transformer': (4, 2, 1, 1, 8), 'TransformerEncoderLayer': (4, 2, 8),
    'TransformerDecoderLayer': (4, 2, 8), 'GroupNorm': (2, 4), 'Unflatten': (1, (2, 2)), 'Fold': ((4, 4), 2), 'Unfold': (2,),
    'Upsample': (None, 2.0), 'Threshold': (0.1, 0.0), 'PixelShuffle': (2,), 'PixelUnshuffle': (2,), 'AdaptiveLogSoftmaxWithLoss': (4, 6, [2, 4]),
    'ModuleList': ([torch.nn.Linear(2, 2)],), 'ModuleDict': ({'a': torch.nn.ReLU()},), 'Sequential': (torch.nn.Linear(2, 2), torch.nn.Tanh()),
    'ParameterList': ([torch.nn.Parameter(torch.ones(2))],), 'ParameterDict': ({'a': torch.nn.Parameter(torch.ones(2))},),
    'TransformerEncoder': (torch.nn.TransformerEncoderLayer(4, 2, 8), 1), 'TransformerDecoder': (torch.nn.TransformerDecoderLayer(4, 2, 8), 1),
}


def modules():
    """(name, module): every module of ``torch.nn`` that can be made."""
    for name, cls in sorted(vars(torch.nn).items()):
        if not (inspect.isclass(cls) and issubclass(cls, torch.nn.Module)) or name.startswith('Lazy') or 'Parallel' in name:
            continue
        for arguments in ([MODULES[name]] if name in MODULES else [(), (2,), (2, 2), (2, 2, 2), (0.5, 0.5)]):
            try:
                yield name, cls(*arguments)
                break
            except (TypeError, ValueError):
                pass


def optimizers():
    """(name, optimizer after two steps)."""
    for name, cls in sorted(vars(torch.optim).items()):
        if not (inspect.isclass(cls) and issubclass(cls, torch.optim.Optimizer)) or name in ('Optimizer', 'SparseAdam'):
            continue
        layer = torch.nn.Linear(2, 2)
        try:
            optimizer = cls(layer.parameters(), lr=0.1)
            for _ in range(2):
                def closure():
                    optimizer.zero_grad()
                    loss = layer(torch.ones(1, 2)).sum()
                    loss.backward()
                    return loss
                optimizer.step(closure)
            yield name, optimizer
        except Exception as error:
            yield name, error


def schedulers():
    """(name, scheduler after one step)."""
    import torch.optim.lr_scheduler as lr
    made = [
        ('StepLR', lambda o: lr.StepLR(o, 2)), ('MultiStepLR', lambda o: lr.MultiStepLR(o, [1, 2])), ('ExponentialLR', lambda o: lr.ExponentialLR(o, 0.9)),
        ('CosineAnnealingLR', lambda o: lr.CosineAnnealingLR(o, 5)), ('ReduceLROnPlateau', lambda o: lr.ReduceLROnPlateau(o)),
        ('CyclicLR', lambda o: lr.CyclicLR(o, 0.1, 0.2)), ('OneCycleLR', lambda o: lr.OneCycleLR(o, 0.1, total_steps=5)),
        ('CosineAnnealingWarmRestarts', lambda o: lr.CosineAnnealingWarmRestarts(o, 5)), ('ConstantLR', lambda o: lr.ConstantLR(o)),
        ('LinearLR', lambda o: lr.LinearLR(o)), ('PolynomialLR', lambda o: lr.PolynomialLR(o)), ('LambdaLR', lambda o: lr.LambdaLR(o, len)),
        ('SequentialLR', lambda o: lr.SequentialLR(o, [lr.ConstantLR(o), lr.ExponentialLR(o, 0.9)], [2]))]
    for name, make in made:
        try:
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1, momentum=0.9)
            scheduler = make(optimizer)
            optimizer.step()
            scheduler.step(*([1.0] if name == 'ReduceLROnPlateau' else []))
            yield name, scheduler
        except Exception as error:
            yield name, error


def tensors():
    """(name, function that makes it): tensors of every type and form."""
    for dtype in DTYPES:
        if hasattr(torch, dtype):
            of = getattr(torch, dtype)
            yield 'tensor_' + dtype, lambda of=of: torch.zeros(2, 3, dtype=of)
            yield 'scalar_' + dtype, lambda of=of: torch.zeros((), dtype=of)
            yield 'empty_' + dtype, lambda of=of: torch.zeros(0, 3, dtype=of)
            yield 'dtype_' + dtype, lambda of=of: of
    base = torch.arange(24.0).reshape(2, 3, 4)
    yield 'view', lambda: base[1, 1:]
    yield 'transposed', lambda: base.transpose(0, 2)
    yield 'expanded', lambda: torch.ones(1, 3).expand(4, 3)
    yield 'shared', lambda: {'a': base, 'b': base[0], 'c': base.view(-1)[3:7], 'same': base}
    yield 'channels_last', lambda: torch.zeros(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)
    yield 'requires_grad', lambda: torch.ones(3, requires_grad=True)
    yield 'parameter', lambda: torch.nn.Parameter(torch.ones(3))
    yield 'buffer', lambda: torch.nn.Buffer(torch.ones(3))
    yield 'conjugate', lambda: torch.tensor([1 + 2j]).conj()
    yield 'negative', lambda: torch.tensor([1 + 2j]).conj().imag
    yield 'storage', lambda: torch.arange(4.0).storage()
    yield 'untyped_storage', lambda: torch.arange(4.0).untyped_storage()
    yield 'sparse_coo', lambda: torch.eye(3).to_sparse()
    yield 'sparse_csr', lambda: torch.eye(3).to_sparse_csr()
    yield 'sparse_csc', lambda: torch.eye(3).to_sparse_csc()
    yield 'sparse_bsr', lambda: torch.eye(4).to_sparse_bsr((2, 2))
    yield 'quantized', lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)
    yield 'quantized_channels', lambda: torch.quantize_per_channel(torch.ones(2, 3), torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.quint8)
    yield 'nested', lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    yield 'meta', lambda: torch.ones(2, 3, device='meta')
    yield 'size', lambda: torch.Size([1, 2])
    yield 'device', lambda: torch.device('cpu')
    yield 'devices', lambda: [torch.device('cuda', 1), torch.device('cuda:0')]
    yield 'layout', lambda: torch.strided
    yield 'memory_format', lambda: torch.channels_last
    yield 'generator', lambda: torch.Generator().get_state()
    yield 'random_state', torch.get_rng_state
    yield 'from_numpy', lambda: torch.from_numpy(__import__('numpy').arange(4.0))
    yield 'numpy_beside', lambda: {'x': __import__('numpy').arange(4.0), 'y': torch.ones(2), 'z': __import__('numpy').float64(1.5)}
    yield 'python', lambda: {'epoch': 3, 'loss': 0.5, 'name': 'run', 'list': [1, 2], 'tuple': (1,), 'none': None, 'set': {1}}
    yield 'attribute', lambda: with_attribute(torch.ones(2))
    yield 'packed', lambda: torch.nn.utils.rnn.pack_sequence([torch.ones(3), torch.ones(2)])
    yield 'tensor_dataset', lambda: torch.utils.data.TensorDataset(torch.ones(3, 2), torch.zeros(3))
    yield 'finfo', lambda: [torch.finfo(torch.float32), torch.iinfo(torch.int8)]
    yield 'many', lambda: {'w%d' % i: torch.full((2,), float(i)) for i in range(12)}


def with_attribute(tensor):
    tensor.note = 'first'
    return tensor


def values():
    """(name, class, value or exception)."""
    for name, make in tensors():
        try:
            value = make()
        except Exception as error:
            value = error
        yield name, None, value
    for name, module in modules():
        yield 'state.' + name, 'torch.nn.%s.state_dict' % name, module.state_dict()
        yield 'module.' + name, None, module
    net = small_net()
    yield 'state.net', 'state_dict', net.state_dict()
    yield 'state.half', 'state_dict', net.half().state_dict()
    yield 'module.net', None, small_net()
    for name, optimizer in optimizers():
        yield 'optimizer.' + name, 'torch.optim.%s.state_dict' % name, optimizer if isinstance(optimizer, Exception) else optimizer.state_dict()
    for name, scheduler in schedulers():
        yield 'scheduler.' + name, 'torch.optim.lr_scheduler.%s.state_dict' % name, scheduler if isinstance(scheduler, Exception) else scheduler.state_dict()
    net = small_net()
    adam = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 1, 4, 4)).sum().backward()
    adam.step()
    yield 'checkpoint', 'checkpoint', {'epoch': 2, 'model': net.state_dict(), 'optimizer': adam.state_dict(), 'loss': torch.tensor(0.5), 'args': {'lr': 0.1}, 'rng': torch.get_rng_state()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('directory')
    options = parser.parse_args()
    warnings.simplefilter('ignore')
    writer = corpus.Writer(options.directory)
    for name, kind, value in values():
        base = writer.base('torch', name)
        if isinstance(value, Exception):
            writer.failures.append('%s: %s: %s' % (base, type(value).__name__, value))
            continue
        protocols = (2,) if name.startswith(('module.', 'tensor_', 'scalar_', 'empty_', 'dtype_')) else (2, 3, 4, 5)
        for protocol in protocols:
            for form, zipped in (('zip', True), ('legacy', False)):
                if form == 'legacy' and protocol > 2:
                    continue
                before = len(writer.manifest)
                writer.put('%s.p%d.%s.pt' % (base, protocol, form), name, value, protocol, 'torch-' + form, lambda path: torch.save(
                    value, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped))
                if kind and len(writer.manifest) > before:
                    writer.manifest[-1]['class'] = kind
    writer.finish(corpus.environment())


if __name__ == '__main__':
    main()
