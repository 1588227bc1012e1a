"""Values of Python, numpy, scipy and pandas for the corpus. Each section yields (name, value or exception)."""
from __future__ import print_function

import inspect


def tried(pairs):
    """Makes each value in turn; one that cannot be made is yielded as its exception."""
    for name, make in pairs:
        try:
            yield name, make()
        except Exception as error:
            yield name, error


def accepts(cls):
    """The names of a constructor's arguments."""
    try:
        return set(inspect.signature(cls.__init__).parameters)
    except AttributeError:
        return set(inspect.getargspec(cls.__init__).args)


def python():
    return tried(python_pairs())


def python_pairs():
    import array
    import calendar
    import collections
    import datetime
    import decimal
    import enum
    import fractions
    import functools
    import http
    import ipaddress
    import operator
    import pathlib
    import random
    import re
    import string
    import types
    import uuid
    utc = datetime.timezone.utc

    def self_list():
        values = []
        values.append(values)
        return values

    def ordered():
        values = collections.OrderedDict([('a', 1), ('b', [2])])
        values['self'] = values
        return values

    def shared():
        inner = [1, 2]
        return {'a': inner, 'b': inner, 'c': (inner, inner)}

    values = {
        'none': None, 'true': True, 'ints': [0, 1, 255, 256, 65535, 65536, 2 ** 31 - 1, -2 ** 31, 2 ** 31, -1, 2 ** 63, -2 ** 63, 2 ** 2000],
        'floats': [0.0, -0.0, 1.5, float('inf'), float('-inf'), float('nan'), 1e-310],
        'strings': ['', 'a', 'x' * 300, '\u00e9\u4e2d\U0001f600', '\\ \n \t \0 \'"', '\ud800', 'x' * 70000],
        'bytes': [b'', b'a', bytes(range(256)), b'x' * 300, b'x' * 70000],
        'bytearray': [bytearray(), bytearray(b'abc'), bytearray(range(256))],
        'tuples': [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((),)], 'list': list(range(2500)), 'dict': {str(i): i for i in range(2500)},
        'dict_keys': {1: 'a', 'b': 2, None: 3, (1, 'x'): 4, b'c': 5, 1.5: 6, frozenset([1]): 8},
        'sets': [set(), {1, 2}, {'a'}, {(1, 2)}], 'frozensets': [frozenset(), frozenset([1, 2])], 'complex': [1j, complex(1, -2)],
        'slices': [slice(None), slice(1, 2), slice(None, None, -1)], 'ranges': [range(3), range(1, 10, 2)],
        'ellipsis': [Ellipsis, NotImplemented], 'types': [int, str, list, dict, float, bool, type(None), object, type, tuple, set, frozenset, bytes, bytearray, complex, slice, range, property],
        'functions': [len, sum, max, min, abs, print, sorted, round], 'exceptions': [ValueError, ValueError('x'), KeyError('a'), OSError(2, 'm'), StopIteration()],
        'shared': shared(), 'self_list': self_list(),
        'collections': [collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.defaultdict(int), collections.defaultdict(None), collections.Counter('abca'),
                        collections.deque([1, 2]), collections.deque([1, 2, 3], maxlen=2), collections.ChainMap({'a': 1}), collections.UserDict(a=1), collections.UserList([1]), collections.UserString('x')],
        'defaultdicts': [collections.defaultdict(t) for t in (dict, set, str, float, tuple, collections.OrderedDict, collections.Counter)],
        'datetimes': [datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.datetime(2020, 1, 2, tzinfo=utc), datetime.date(2020, 1, 2), datetime.time(1, 2, 3, 4), datetime.time(1, tzinfo=utc), datetime.timedelta(1, 2, 3)],
        'timezones': [utc, datetime.timezone(datetime.timedelta(hours=2)), datetime.timezone(datetime.timedelta(hours=-3), 'BRT'), datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(minutes=90)))],
        'datetime_fold': datetime.datetime(2020, 1, 2, 3, fold=1),
        'decimals': [decimal.Decimal('1.5'), decimal.Decimal('NaN'), decimal.Decimal('-Infinity'), decimal.Decimal('1E+30')], 'fractions': [fractions.Fraction(1, 3), fractions.Fraction(-5)],
        'uuids': [uuid.UUID(int=5), uuid.UUID('12345678123456781234567812345678')],
        'paths': [pathlib.PurePosixPath('/a/b'), pathlib.PureWindowsPath('c:/x'), pathlib.Path('a/b'), pathlib.PurePosixPath()],
        'ips': [ipaddress.ip_address('127.0.0.1'), ipaddress.ip_network('10.0.0.0/8'), ipaddress.ip_address('::1'), ipaddress.ip_network('fe80::/10'), ipaddress.ip_interface('10.0.0.1/8')],
        'patterns': [re.compile('a+b'), re.compile(b'x', re.I), re.compile('y', re.M | re.S)], 'regex_flags': [re.I, re.I | re.M],
        'enums': [http.HTTPStatus.OK, calendar.Day.MONDAY if hasattr(calendar, 'Day') else None, getattr(uuid, 'SafeUUID', uuid.UUID)],
        'arrays': [array.array(c, [1, 2, 3]) for c in 'bBhHiIlLqQfd'] + [array.array('i')], 'array_unicode': array.array('u', 'abc'),
        'namespace': types.SimpleNamespace(a=1, b=[2]),
        'partials': [functools.partial(int, base=2), functools.partial(max, 1)], 'operators': [operator.itemgetter(1), operator.itemgetter(1, 'a'), operator.attrgetter('a', 'b.c'), operator.methodcaller('lower'), operator.add],
        'randoms': random.Random(3), 'iterators': [iter([1, 2]), iter((1,)), iter({}), iter('ab'), iter(range(3)), enumerate([1]), zip([1], [2]), reversed([1, 2])],
        'bound': ['a'.join, [].append, {}.get, dict.fromkeys], 'method_refs': [str.lower, str.split, list.append], 'string_template': string.Template('$a'),
    }
    for name, value in values.items():
        yield name, lambda value=value: value
    yield 'ordered_self', ordered

    def zones():
        import zoneinfo
        return [zoneinfo.ZoneInfo('Europe/Berlin'), datetime.datetime(2020, 1, 2, tzinfo=zoneinfo.ZoneInfo('UTC'))]
    yield 'zoneinfo', zones
    yield 'enum_class', lambda: [enum.Enum, enum.IntEnum, enum.Flag]

    def inspected():
        import inspect
        return inspect.signature(lambda a, b=1, *c: None)
    yield 'signature', inspected

    def versions():
        import platform
        import sys
        import time
        return [platform.uname(), time.gmtime(0), sys.version_info[:3]]
    yield 'structs', versions

    def logs():
        import logging
        return [logging.getLogger('model'), logging.getLogger()]
    yield 'loggers', logs


def numpy():
    return tried(numpy_pairs())


def numpy_pairs():
    import numpy as np
    kinds = ['?', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8', 'f16', 'c8', 'c16', 'c32', 'S5', 'U5', 'V7', 'M8[ns]', 'M8[D]', 'M8', 'm8[s]', 'm8', 'M8[25s]',
             '>i2', '>i4', '>f8', '>U3', '>M8[us]', 'S', 'U', 'O', 'q', 'Q', 'l', 'L', 'p', 'g', 'G', 'b', 'B', 'h', 'e']

    def filled(dtype, n=4):
        return np.arange(n).astype(dtype) if np.dtype(dtype).kind not in 'SUVOMm' else (
            np.arange(n).astype('i8').view('M8[D]').astype(dtype) if np.dtype(dtype).kind == 'M' and np.datetime_data(np.dtype(dtype))[0] != 'generic' else np.zeros(n, dtype))
    for dtype in kinds:
        label = dtype.replace('>', 'be_')
        yield 'dtype_' + label, lambda dtype=dtype: np.dtype(dtype)
        yield 'array_' + label, lambda dtype=dtype: filled(dtype)
        yield 'scalar_' + label, lambda dtype=dtype: filled(dtype)[1]
        yield 'array0_' + label, lambda dtype=dtype: filled(dtype)[1:2].reshape(())
        yield 'empty_' + label, lambda dtype=dtype: np.zeros((0, 3), dtype)
    records = {'plain': [('a', 'i4'), ('b', 'f8')], 'nested': [('a', [('x', 'u1'), ('y', 'S3')]), ('b', 'f4', (2, 3))], 'titles': [(('Title', 'a'), 'i4'), ('b', 'U2')],
               'object': [('a', 'O'), ('b', 'i4')], 'dates': [('t', 'M8[ns]'), ('v', '>f4')], 'empty': []}
    for name, spec in records.items():
        yield 'record_dtype_' + name, lambda spec=spec: np.dtype(spec)
        yield 'record_array_' + name, lambda spec=spec: np.zeros(3, spec)
        yield 'recarray_' + name, lambda spec=spec: np.zeros(3, spec).view(np.recarray)
        if name == 'object' and tuple(map(int, np.__version__.split('.')[:2])) < (1, 20):
            # numpy wrote a scalar with objects as the addresses that they had: nothing that should be loaded.
            continue
        yield 'record_scalar_' + name, lambda spec=spec: np.zeros(3, spec)[0]
        yield 'record_record_' + name, lambda spec=spec: np.zeros(3, spec).view(np.recarray)[0]
    yield 'record_aligned', lambda: np.zeros(2, np.dtype([('a', 'u1'), ('b', 'f8')], align=True))
    yield 'record_offsets', lambda: np.zeros(2, np.dtype({'names': ['a', 'b'], 'formats': ['i2', 'i2'], 'offsets': [0, 8], 'itemsize': 16}))
    yield 'record_overlap', lambda: np.zeros(2, np.dtype({'names': ['a', 'b'], 'formats': ['i4', 'i2'], 'offsets': [0, 2]}))
    yield 'subarray_dtype', lambda: np.dtype(('i4', (2, 3)))
    yield 'dtype_metadata', lambda: np.zeros(2, np.dtype('f8', metadata={'unit': 'm'}))
    yield 'dtype_classes', lambda: [np.float32, np.int64, np.bool_, np.str_, np.object_, np.ndarray, np.dtype, np.generic, np.floating, np.number, np.datetime64]
    yield 'dtype_instances', lambda: [np.dtype(np.float64), np.dtype(int), type(np.dtype('f8'))]
    yield 'fortran', lambda: np.asfortranarray(np.arange(12.0).reshape(3, 4))
    yield 'transposed', lambda: np.arange(24).reshape(2, 3, 4).T
    yield 'strided', lambda: np.arange(24)[::3]
    yield 'negative_stride', lambda: np.arange(5)[::-1]
    yield 'broadcast', lambda: np.broadcast_to(np.arange(3), (4, 3))
    yield 'big', lambda: np.arange(20000.0)
    yield 'high_dimension', lambda: np.zeros((1,) * 20)
    yield 'read_only', lambda: np.frombuffer(b'\0' * 16, dtype='f8')
    yield 'objects', lambda: np.array([1, 'a', None, 2.5, [1], {'a': (1,)}], dtype=object)
    yield 'objects_2d', lambda: np.array([['a', None], [1.5, 'b']], dtype=object)
    yield 'objects_fortran', lambda: np.asfortranarray(np.array([['a', None], [1.5, 'b']], dtype=object))
    yield 'objects_arrays', lambda: np.array([np.arange(2), np.arange(3), None], dtype=object)
    yield 'objects_0d', lambda: np.array({'a': 1}, dtype=object)

    def self_object():
        values = np.empty(1, dtype=object)
        values[0] = values
        return values
    yield 'objects_self', self_object
    yield 'many', lambda: {'a': np.arange(3), 'b': [np.arange(4.0), np.arange(5, dtype='u1')], 'c': (np.zeros((2, 2)),)}
    yield 'shared', lambda: [np.ones(3)] * 3
    yield 'matrix', lambda: np.matrix([[1.0, 2], [3, 4]])
    yield 'masked', lambda: np.ma.array([1.0, 2, 3], mask=[0, 1, 0])
    yield 'masked_int', lambda: np.ma.array([1, 2, 3], mask=[0, 1, 0], fill_value=9)
    yield 'masked_none', lambda: np.ma.array([1, 2, 3])
    yield 'masked_records', lambda: np.ma.array([(1, 2.0)], mask=[(True, False)], dtype=[('a', 'i4'), ('b', 'f8')])
    yield 'masked_constant', lambda: np.ma.masked
    yield 'chararray', lambda: np.char.array(['ab', 'c'])
    yield 'poly1d', lambda: np.poly1d([1, 2, 3])
    yield 'polynomial', lambda: [np.polynomial.Polynomial([1, 2]), np.polynomial.Chebyshev([1, 2])]
    yield 'string_dtype', lambda: np.array(['a', 'longer than that'], dtype=np.dtypes.StringDType())
    yield 'string_dtype_na', lambda: np.array(['a', None], dtype=np.dtypes.StringDType(na_object=None))
    for ufunc in ('log', 'log1p', 'log2', 'log10', 'exp', 'expm1', 'sqrt', 'square', 'abs', 'sin', 'cos', 'tanh', 'add', 'multiply', 'subtract', 'divide', 'maximum', 'minimum', 'isnan', 'sign', 'reciprocal', 'cbrt'):
        yield 'ufunc_' + ufunc, lambda ufunc=ufunc: getattr(np, ufunc)
    for function in ('mean', 'median', 'sum', 'std', 'var', 'min', 'max', 'amin', 'amax', 'argmax', 'argmin', 'nanmean', 'nanmedian', 'ravel', 'clip', 'nan_to_num', 'percentile', 'unique', 'asarray', 'array', 'zeros', 'identity', 'transpose'):
        yield 'function_' + function, lambda function=function: getattr(np, function)
    yield 'linalg_norm', lambda: np.linalg.norm
    yield 'constants', lambda: [np.nan, np.inf, np.pi, np.newaxis]
    yield 'random_state', lambda: np.random.RandomState(1)
    yield 'random_state_module', lambda: np.random.mtrand._rand
    for generator in ('PCG64', 'MT19937', 'Philox', 'SFC64', 'PCG64DXSM'):
        yield 'generator_' + generator, lambda generator=generator: np.random.Generator(getattr(np.random, generator)(1))
        yield 'bit_generator_' + generator, lambda generator=generator: getattr(np.random, generator)(1)
    yield 'random_state_pcg', lambda: np.random.RandomState(np.random.PCG64(1))
    yield 'seed_sequence', lambda: np.random.SeedSequence(5)
    yield 'finfo', lambda: np.finfo('f4')
    yield 'iinfo', lambda: np.iinfo('i4')
    yield 'memmap_like', lambda: np.arange(4).view(np.memmap)
    yield 'record_views', lambda: np.rec.array([(1, 'a')], dtype=[('n', 'i4'), ('s', 'U1')])


def scipy():
    return tried(scipy_pairs())


def scipy_pairs():
    import numpy as np
    import scipy.sparse as sparse
    dense = np.array([[1.0, 0, 2], [0, 0, 3], [4, 0, 0]])
    for form in ('csr', 'csc', 'coo', 'bsr', 'dia', 'dok', 'lil'):
        for suffix in ('matrix', 'array'):
            yield '%s_%s' % (form, suffix), lambda form=form, suffix=suffix: getattr(sparse, '%s_%s' % (form, suffix))(dense)
    yield 'csr_sorted', lambda: sparse.csr_matrix(dense, dtype='f4').sorted_indices()
    yield 'csr_empty', lambda: sparse.csr_matrix((3, 4))
    yield 'csr_row', lambda: sparse.csr_matrix(dense)[0]
    yield 'csr_flags', lambda: (lambda m: (m.has_canonical_format, m)[1])(sparse.csr_matrix(dense))

    def spatial(name):
        import scipy.spatial
        return getattr(scipy.spatial, name)(np.random.RandomState(0).rand(12, 3))
    for name in ('cKDTree', 'KDTree', 'ConvexHull', 'Delaunay'):
        yield name, lambda name=name: spatial(name)

    def rotation():
        from scipy.spatial.transform import Rotation
        return Rotation.from_quat([0, 0, 0, 1])
    yield 'rotation', rotation

    def interpolate(name):
        import scipy.interpolate as si
        x = np.arange(8.0)
        return getattr(si, name)(x, x ** 2)
    for name in ('interp1d', 'CubicSpline', 'PchipInterpolator', 'UnivariateSpline', 'InterpolatedUnivariateSpline', 'Akima1DInterpolator'):
        yield name, lambda name=name: interpolate(name)

    def bspline():
        import scipy.interpolate as si
        return si.make_interp_spline(np.arange(8.0), np.arange(8.0) ** 2)
    yield 'bspline', bspline

    def distribution(name, args):
        import scipy.stats
        return getattr(scipy.stats, name)(*args)
    for name, args in (('norm', (0, 1)), ('uniform', (0, 1)), ('randint', (1, 5)), ('expon', ()), ('gamma', (2.0,)), ('beta', (1, 2)), ('loguniform', (0.1, 1)), ('reciprocal', (0.1, 1)),
                       ('poisson', (2,)), ('lognorm', (1.0,)), ('t', (3,)), ('chi2', (2,)), ('truncnorm', (-1, 1)), ('binom', (5, 0.5)), ('geom', (0.5,)), ('bernoulli', (0.5,)), ('weibull_min', (1.5,))):
        yield 'frozen_' + name, lambda name=name, args=args: distribution(name, args)

    def bare(name):
        import scipy.stats
        return getattr(scipy.stats, name)
    for name in ('norm', 'uniform', 'randint', 'expon'):
        yield 'distribution_' + name, lambda name=name: bare(name)
    yield 'multivariate_normal', lambda: distribution('multivariate_normal', ([0, 0],))
    yield 'gaussian_kde', lambda: distribution('gaussian_kde', (np.arange(8.0),))

    def result():
        import scipy.optimize
        return scipy.optimize.minimize(lambda v: float((v ** 2).sum()), [1.0])
    yield 'optimize_result', result

    def special(name):
        import scipy.special
        return getattr(scipy.special, name)
    for name in ('expit', 'logit', 'erf', 'gammaln', 'inv_boxcox', 'boxcox1p', 'softmax', 'logsumexp'):
        yield 'special_' + name, lambda name=name: special(name)


def pandas():
    return tried(pandas_pairs())


def pandas_pairs():
    import numpy as np
    import pandas as pd
    days = pd.date_range('2020-01-01', periods=4)
    yield 'frame', lambda: pd.DataFrame({'a': [1, 2, 3], 'b': [0.5, 1.5, 2.5], 'c': ['x', 'y', 'z']})
    yield 'frame_mixed', lambda: pd.DataFrame({'i': np.arange(4, dtype='i1'), 'd': days, 'b': [True, False] * 2, 'k': pd.Categorical(['a', 'b', 'a', 'b']), 'o': [1, 'x', None, 2.5], 't': days - days[0]})
    yield 'frame_indexed', lambda: pd.DataFrame({'v': range(4)}, index=days)
    yield 'frame_multi', lambda: pd.DataFrame({'v': range(4)}, index=pd.MultiIndex.from_product([['a', 'b'], [1, 2]], names=['x', 'y']))
    yield 'frame_multi_columns', lambda: pd.DataFrame(np.zeros((2, 4)), columns=pd.MultiIndex.from_product([['a', 'b'], [1, 2]]))
    yield 'frame_empty', lambda: pd.DataFrame()
    yield 'frame_attrs', lambda: (lambda f: (f.attrs.update(unit='m'), f)[1])(pd.DataFrame({'a': [1]}))
    yield 'frame_wide', lambda: pd.DataFrame(np.zeros((3, 30)))
    for dtype in ('Int64', 'Int8', 'UInt16', 'boolean', 'string', 'Float64', 'category', 'object', 'float32', 'int8'):
        yield 'series_' + dtype, lambda dtype=dtype: pd.Series([1, 0, 1]).astype(dtype)
    yield 'series_na', lambda: pd.Series([1, None, 3], dtype='Int64')
    yield 'series_strings', lambda: pd.Series(['a', None, 'c'])
    yield 'series_dates', lambda: pd.Series(days)
    yield 'series_zone', lambda: pd.Series(days.tz_localize('UTC'))
    yield 'series_zone_berlin', lambda: pd.Series(days.tz_localize('Europe/Berlin'))
    yield 'series_period', lambda: pd.Series(pd.period_range('2020-01', periods=3, freq='M'))
    yield 'series_interval', lambda: pd.Series(pd.interval_range(0, 3))
    yield 'series_sparse', lambda: pd.Series(pd.arrays.SparseArray([0, 0, 1.0]))
    yield 'series_named', lambda: pd.Series([1.5], name=('a', 1))
    yield 'index_range', lambda: pd.RangeIndex(3)
    yield 'index_int', lambda: pd.Index([1, 5, 9])
    yield 'index_str', lambda: pd.Index(['a', 'b'])
    yield 'index_object', lambda: pd.Index(['a', 1], dtype=object)
    yield 'index_float', lambda: pd.Index([0.5, 1.5])
    yield 'index_dates', lambda: days
    yield 'index_dates_zone', lambda: pd.date_range('2020-01-01', periods=3, freq='h' if pd.__version__ >= '2.2' else 'H', tz='America/New_York')
    yield 'index_delta', lambda: pd.timedelta_range('1D', periods=3)
    yield 'index_period', lambda: pd.period_range('2020-01', periods=3, freq='M')
    yield 'index_interval', lambda: pd.interval_range(0, 3)
    yield 'index_category', lambda: pd.CategoricalIndex(['a', 'b', 'a'], ordered=True)
    yield 'index_multi', lambda: pd.MultiIndex.from_tuples([('a', 1), ('b', 2)])
    yield 'categorical', lambda: pd.Categorical(['a', 'b'], categories=['b', 'a'], ordered=True)
    yield 'categorical_dtype', lambda: pd.CategoricalDtype(['a', 'b'], ordered=True)
    yield 'timestamp', lambda: [pd.Timestamp('2020-01-02'), pd.Timestamp('2020-01-02', tz='UTC'), pd.Timestamp('2020-01-02', tz='Europe/Berlin'), pd.NaT]
    yield 'timedelta', lambda: pd.Timedelta('1 day 2 s')
    yield 'period', lambda: pd.Period('2020-01', 'M')
    yield 'interval', lambda: pd.Interval(0, 1)
    yield 'na', lambda: pd.NA
    yield 'offsets', lambda: [pd.offsets.Day(2), pd.offsets.MonthEnd(), pd.offsets.BDay(), pd.offsets.Hour(3), pd.offsets.Week(weekday=1), pd.DateOffset(months=2)]
    yield 'grouped', lambda: pd.DataFrame({'k': ['a', 'b', 'a'], 'v': [1, 2, 3]}).groupby('k').sum()
    yield 'dtypes', lambda: pd.DataFrame({'a': [1], 'b': ['x']}).dtypes


SECTIONS = {'python': python, 'numpy': numpy, 'scipy': scipy, 'pandas': pandas}
