"""More values of Python, numpy, scipy and pandas for the corpus: forms that corpus_plain.py leaves out."""
from corpus_plain import tried


def zones():
    return tried(zones_pairs())


def zones_pairs():
    import datetime
    import zoneinfo
    for key in ('UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'Asia/Kathmandu'):
        zone = zoneinfo.ZoneInfo(key)
        yield 'zone_' + key, lambda zone=zone: zone
        yield 'datetime_' + key, lambda zone=zone: datetime.datetime(2020, 6, 1, 2, 3, tzinfo=zone)
        yield 'time_' + key, lambda zone=zone: datetime.time(2, 3, tzinfo=zone)
    berlin = zoneinfo.ZoneInfo('Europe/Berlin')
    yield 'fold', lambda: datetime.datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=berlin)
    yield 'no_cache', lambda: zoneinfo.ZoneInfo.no_cache('Europe/Berlin')
    yield 'shared', lambda: [datetime.datetime(2020, 1, day, tzinfo=berlin) for day in range(1, 5)]
    yield 'keys', lambda: {datetime.datetime(2020, 1, 1, tzinfo=berlin): 1, datetime.date(2020, 1, 1): 2, datetime.timedelta(1): 3}

    def other():
        import dateutil.tz
        return [datetime.datetime(2020, 1, 1, tzinfo=dateutil.tz.tzutc()), datetime.datetime(2020, 1, 1, tzinfo=dateutil.tz.tzoffset(None, 3600)), datetime.datetime(2020, 1, 1, tzinfo=dateutil.tz.tzoffset('x', 60))]
    yield 'dateutil', other

    def relative():
        import dateutil.relativedelta
        return dateutil.relativedelta.relativedelta(months=2, days=1)
    yield 'relativedelta', relative

    def olson():
        import pytz
        return [pytz.utc, pytz.timezone('Europe/Berlin'), pytz.timezone('Europe/Berlin').localize(datetime.datetime(2020, 6, 1)), pytz.FixedOffset(90)]
    yield 'pytz', olson


def arrow():
    return tried(arrow_pairs())


def arrow_pairs():
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    words = ['a', None, 'long text']
    yield 'series_string', lambda: pd.Series(words, dtype='string[pyarrow]')
    yield 'series_str', lambda: pd.Series(words, dtype='str')
    yield 'series_default', lambda: pd.Series(words)
    yield 'frame_default', lambda: pd.DataFrame({'a': words, 'b': [1, 2, 3]}, index=['r', 's', 't'])
    yield 'index_default', lambda: pd.Index(['a', 'b'])
    yield 'index_string', lambda: pd.Index(['a', 'b'], dtype='string[pyarrow]')
    yield 'multi_index', lambda: pd.MultiIndex.from_product([['a', 'b'], ['x', 'y']])
    yield 'categorical', lambda: pd.Series(pd.Categorical(pd.array(['a', 'b'], dtype='string[pyarrow]')))
    yield 'string_dtype', lambda: [pd.StringDtype('pyarrow'), pd.StringDtype('python')]
    for kind in ('int64', 'uint8', 'float32', 'double', 'bool', 'string', 'large_string', 'binary', 'date32', 'timestamp[ns]', 'duration[s]'):
        yield 'arrow_' + kind, lambda kind=kind: pd.Series([None, None], dtype=kind + '[pyarrow]')
    yield 'arrow_timestamp_zone', lambda: pd.Series(pd.array([None], dtype=pd.ArrowDtype(pa.timestamp('us', 'UTC'))))
    yield 'arrow_decimal', lambda: pd.Series(pd.array([None], dtype=pd.ArrowDtype(pa.decimal128(5, 2))))
    yield 'arrow_list', lambda: pd.Series(pd.array([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))))
    yield 'arrow_struct', lambda: pd.Series(pd.array([{'a': 1}], dtype=pd.ArrowDtype(pa.struct([('a', pa.int64())]))))
    yield 'arrow_dictionary', lambda: pd.Series(pd.array(['a', 'a'], dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))))
    yield 'arrow_values', lambda: pd.Series([1, 2, None], dtype='int64[pyarrow]')
    yield 'arrow_slice', lambda: pd.Series(words * 5, dtype='string[pyarrow]')[3:9]
    yield 'chunked', lambda: pd.concat([pd.Series(words, dtype='string[pyarrow]')] * 2)
    yield 'numpy_words', lambda: pd.Series(np.array(['a', 'b'], dtype=object), dtype='string[python]')
    yield 'missing', lambda: pd.Series([None, None], dtype='str')
    yield 'empty', lambda: pd.Series([], dtype='str')
    yield 'table', lambda: pa.table({'a': [1, 2]})
    yield 'array', lambda: pa.array([1, None, 3])
    yield 'schema', lambda: pa.schema([('a', pa.int64()), ('b', pa.string())])


def frames():
    return tried(frames_pairs())


def frames_pairs():
    import numpy as np
    import pandas as pd
    hours = 'h' if tuple(int(part) for part in pd.__version__.split('.')[:2]) >= (2, 2) else 'H'
    for frequency in ('D', 'B', 'W', 'W-MON', 'MS', 'QS', 'YS' if hours == 'h' else 'AS', 'BMS', 'SMS' if hours == 'h' else 'SM', hours, 'min' if hours == 'h' else 'T', 's' if hours == 'h' else 'S', '3D', '2' + hours):
        yield 'dates_' + frequency, lambda frequency=frequency: pd.date_range('2020-01-01', periods=4, freq=frequency)
    for frequency in ('D', 'M', 'Q', 'W', hours, 'B', '2D', 'Q-MAR'):
        yield 'periods_' + frequency, lambda frequency=frequency: pd.period_range('2020-01-01', periods=4, freq=frequency)
        yield 'period_' + frequency, lambda frequency=frequency: pd.Period('2020-01-01', frequency)
        yield 'period_series_' + frequency, lambda frequency=frequency: pd.Series(pd.period_range('2020-01-01', periods=4, freq=frequency))
    for name in ('BDay', 'BHour', 'BMonthBegin', 'BMonthEnd', 'BQuarterBegin', 'BQuarterEnd', 'BYearBegin', 'BYearEnd', 'CBMonthBegin', 'CBMonthEnd', 'CDay', 'Day', 'Easter', 'FY5253', 'FY5253Quarter', 'Hour', 'LastWeekOfMonth', 'Micro', 'Milli',
                 'Minute', 'MonthBegin', 'MonthEnd', 'Nano', 'QuarterBegin', 'QuarterEnd', 'Second', 'SemiMonthBegin', 'SemiMonthEnd', 'Week', 'WeekOfMonth', 'YearBegin', 'YearEnd', 'BusinessHour', 'CustomBusinessHour'):
        yield 'offset_' + name, lambda name=name: getattr(pd.offsets, name)()
        yield 'offset_3_' + name, lambda name=name: getattr(pd.offsets, name)(3)
    yield 'offset_week', lambda: pd.offsets.Week(2, weekday=4)
    yield 'offset_normalized', lambda: pd.offsets.MonthEnd(2, normalize=True)
    yield 'offset_parts', lambda: [pd.DateOffset(months=1, days=2), pd.DateOffset(), pd.DateOffset(year=2020), pd.DateOffset(hours=1, normalize=True)]
    for closed in ('left', 'right', 'both', 'neither'):
        yield 'interval_' + closed, lambda closed=closed: pd.Interval(0, 1.5, closed)
        yield 'intervals_' + closed, lambda closed=closed: pd.interval_range(0, 3, closed=closed)
        yield 'interval_array_' + closed, lambda closed=closed: pd.arrays.IntervalArray.from_breaks([0, 1, 2], closed=closed)
    yield 'intervals_dates', lambda: pd.interval_range(pd.Timestamp('2020-01-01'), periods=3)
    yield 'intervals_float', lambda: pd.IntervalIndex.from_breaks([0.0, 0.5, 1.0])
    yield 'intervals_series', lambda: pd.Series(pd.interval_range(0, 3))
    yield 'interval_dates', lambda: pd.Interval(pd.Timestamp('2020-01-01'), pd.Timestamp('2020-01-02'))
    yield 'cut', lambda: pd.cut([1, 2, 3, 4], 2)
    yield 'cut_series', lambda: pd.cut(pd.Series([1.0, 2, 3, 4]), [0, 2, 5], labels=['low', 'high'])
    yield 'qcut', lambda: pd.qcut(pd.Series(range(8)), 4)
    for kind in ('int64', 'float64', 'bool', 'int8'):
        yield 'sparse_' + kind, lambda kind=kind: pd.arrays.SparseArray(np.array([0, 0, 1, 0], dtype=kind))
        yield 'sparse_series_' + kind, lambda kind=kind: pd.Series(pd.arrays.SparseArray(np.array([0, 0, 1, 0], dtype=kind)))
    yield 'sparse_block', lambda: pd.arrays.SparseArray([0, 0, 1, 1], kind='block')
    yield 'sparse_fill', lambda: pd.arrays.SparseArray([1.0, np.nan, 2.0], fill_value=np.nan)
    yield 'sparse_frame', lambda: pd.DataFrame(np.eye(3)).astype(pd.SparseDtype('float64', 0.0))
    yield 'sparse_dtype', lambda: pd.SparseDtype('int64', 0)
    yield 'sparse_index', lambda: [pd.arrays.SparseArray([0, 1.0]).sp_index]
    for kind in ('Int8', 'Int16', 'Int32', 'Int64', 'UInt8', 'UInt16', 'UInt32', 'UInt64', 'Float32', 'Float64', 'boolean', 'string'):
        yield 'extension_' + kind, lambda kind=kind: pd.array([1, 0, None] if kind != 'string' else ['a', None], dtype=kind)
        yield 'extension_frame_' + kind, lambda kind=kind: pd.DataFrame({'a': pd.array([1, 0, None] if kind != 'string' else ['a', None, 'b'], dtype=kind), 'b': [1, 2, 3]})
        yield 'extension_index_' + kind, lambda kind=kind: pd.Index(pd.array([1, 0] if kind != 'string' else ['a', 'b'], dtype=kind))
        yield 'extension_dtype_' + kind, lambda kind=kind: pd.array([1, None] if kind != 'string' else ['a'], dtype=kind).dtype
    for values in (['a', 'b', 'a'], [1, 2, 1], [1.5, None, 2.5], [True, False, True], [(1, 2), (3, 4), (1, 2)]):
        name = type(values[0]).__name__
        yield 'categorical_' + name, lambda values=values: pd.Categorical(values)
        yield 'categorical_ordered_' + name, lambda values=values: pd.Categorical(values, ordered=True)
        yield 'categorical_series_' + name, lambda values=values: pd.Series(values).astype('category')
        yield 'categorical_index_' + name, lambda values=values: pd.CategoricalIndex(values)
    dates = pd.date_range('2020-01-01', periods=3)
    yield 'categorical_dates', lambda: pd.Categorical(dates)
    yield 'categorical_zone', lambda: pd.Categorical(dates.tz_localize('Europe/Berlin'))
    yield 'categorical_periods', lambda: pd.Categorical(pd.period_range('2020-01', periods=3, freq='M'))
    for unit in ('s', 'ms', 'us', 'ns'):
        yield 'dates_unit_' + unit, lambda unit=unit: pd.Series(np.array(['2020-01-01', 'NaT'], dtype='M8[%s]' % unit))
        yield 'deltas_unit_' + unit, lambda unit=unit: pd.Series(np.array([1, 'NaT'], dtype='m8[%s]' % unit))
        yield 'timestamp_unit_' + unit, lambda unit=unit: pd.Timestamp('2020-01-01').as_unit(unit)
        yield 'timedelta_unit_' + unit, lambda unit=unit: pd.Timedelta('1D').as_unit(unit)
        yield 'dates_zone_unit_' + unit, lambda unit=unit: pd.date_range('2020-01-01', periods=2, tz='Europe/Berlin').as_unit(unit)
    for zone in ('UTC', 'Europe/Berlin', 'Etc/GMT+5', 'dateutil/Europe/Berlin'):
        yield 'dates_zone_' + zone, lambda zone=zone: pd.date_range('2020-01-01', periods=3, tz=zone)
        yield 'series_zone_' + zone, lambda zone=zone: pd.Series(pd.date_range('2020-01-01', periods=3, tz=zone))
        yield 'timestamp_zone_' + zone, lambda zone=zone: pd.Timestamp('2020-01-01', tz=zone)
        yield 'frame_zone_' + zone, lambda zone=zone: pd.DataFrame({'a': 1}, index=pd.date_range('2020-01-01', periods=3, tz=zone))
    import datetime
    yield 'dates_zone_offset', lambda: pd.date_range('2020-01-01', periods=3, tz=datetime.timezone(datetime.timedelta(hours=2)))
    yield 'dates_zone_utc', lambda: pd.date_range('2020-01-01', periods=3, tz=datetime.timezone.utc)
    yield 'timestamp_fold', lambda: pd.Timestamp('2020-10-25 02:30:00+01:00', tz='Europe/Berlin')
    yield 'timestamp_nanosecond', lambda: pd.Timestamp(1577836800000000001)
    yield 'business_days', lambda: pd.bdate_range('2020-01-01', periods=3, freq='C', holidays=['2020-01-02'])
    yield 'dates_named', lambda: pd.date_range('2020-01-01', periods=3, name='when')
    yield 'dates_irregular', lambda: pd.DatetimeIndex(['2020-01-01', '2020-03-05', None])
    yield 'range_named', lambda: pd.RangeIndex(1, 9, 2, name='n')
    for kind in ('int8', 'int16', 'int32', 'uint8', 'uint64', 'float32', 'float64', 'bool', 'object', 'complex128', 'M8[ns]', 'm8[ns]'):
        yield 'index_' + kind, lambda kind=kind: pd.Index(np.arange(3).astype(kind))
        yield 'series_' + kind, lambda kind=kind: pd.Series(np.arange(3).astype(kind))
    yield 'index_bytes', lambda: pd.Index([b'a', b'b'])
    yield 'index_empty', lambda: pd.Index([])
    yield 'index_mixed', lambda: pd.Index([1, 'a', None, 2.5, (1, 2)])
    yield 'index_tuples', lambda: pd.Index([('a', 1), ('b', 2)], tupleize_cols=False)
    yield 'multi_three', lambda: pd.MultiIndex.from_product([['a', 'b'], [1, 2], [True, False]], names=['x', None, 'z'])
    yield 'multi_dates', lambda: pd.MultiIndex.from_product([dates, ['a', 'b']])
    yield 'multi_category', lambda: pd.MultiIndex.from_arrays([pd.Categorical(['a', 'b']), [1, 2]])
    yield 'multi_missing', lambda: pd.MultiIndex.from_arrays([['a', None], [1.0, np.nan]])
    yield 'multi_zone', lambda: pd.MultiIndex.from_product([dates.tz_localize('UTC'), [1, 2]])
    yield 'multi_interval', lambda: pd.MultiIndex.from_product([pd.interval_range(0, 2), [1]])
    yield 'multi_period', lambda: pd.MultiIndex.from_product([pd.period_range('2020-01', periods=2, freq='M'), [1]])
    yield 'frame_objects', lambda: pd.DataFrame({'a': [[1], {'b': 2}, None], 'c': [1.5, 'x', (1,)]})
    yield 'frame_dates_mixed', lambda: pd.DataFrame({'d': dates, 'z': dates.tz_localize('UTC'), 'p': pd.period_range('2020-01', periods=3, freq='M'), 't': dates - dates[0], 'i': pd.interval_range(0, 3)})
    yield 'frame_many_dtypes', lambda: pd.DataFrame(dict((kind, np.arange(3).astype(kind)) for kind in ('i1', 'u2', 'i4', 'u8', 'f4', 'f8', 'c16', '?', 'M8[ns]')))
    yield 'frame_duplicate_columns', lambda: pd.DataFrame([[1, 2]], columns=['a', 'a'])
    yield 'frame_category_index', lambda: pd.DataFrame({'a': [1, 2]}, index=pd.CategoricalIndex(['x', 'y']))
    yield 'frame_interval_index', lambda: pd.DataFrame({'a': [1, 2]}, index=pd.interval_range(0, 2))
    yield 'frame_period_columns', lambda: pd.DataFrame([[1, 2]], columns=pd.period_range('2020-01', periods=2, freq='M'))
    yield 'frame_sliced', lambda: pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=list('abc')).iloc[1:3, :2]
    yield 'frame_transposed', lambda: pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}).T
    yield 'frame_pivot', lambda: pd.DataFrame({'k': list('aabb'), 'l': list('xyxy'), 'v': [1, 2, 3, 4]}).pivot_table(index='k', columns='l', values='v')
    yield 'frame_joined', lambda: pd.concat([pd.DataFrame({'a': [1]}), pd.DataFrame({'b': [2.5]})])
    yield 'frame_described', lambda: pd.DataFrame({'a': [1.0, 2]}).describe()
    yield 'frame_grouped_agg', lambda: pd.DataFrame({'k': list('aab'), 'v': [1, 2, 3]}).groupby('k').agg({'v': ['mean', 'sum']})
    yield 'frame_large', lambda: pd.DataFrame(np.zeros((300, 5)))
    yield 'frame_flags', lambda: pd.DataFrame({'a': [1]}).set_flags(allows_duplicate_labels=False)
    yield 'series_counts', lambda: pd.Series(list('aab')).value_counts()
    yield 'series_multi', lambda: pd.Series([1, 2], index=pd.MultiIndex.from_tuples([('a', 1), ('b', 2)]))
    yield 'series_objects', lambda: pd.Series([None, 1, 'a', [1], pd.Timestamp('2020-01-01'), pd.NaT, pd.NA if hasattr(pd, 'NA') else None])
    yield 'series_dict', lambda: {'a': pd.Series([1]), 'b': pd.DataFrame({'x': [1]}), 'c': pd.Index([1, 2])}
    yield 'grouper', lambda: pd.Grouper(freq='D')
    yield 'index_slice', lambda: pd.IndexSlice
    yield 'named_agg', lambda: pd.NamedAgg('a', 'sum')
    yield 'timestamps_keys', lambda: {pd.Timestamp('2020-01-01'): 1, pd.Timedelta('1D'): 2, pd.Interval(0, 1): 3, pd.Period('2020-01', 'M'): 4}


def science():
    return tried(science_pairs())


def science_pairs():
    import numpy as np
    import scipy.interpolate as interpolate
    import scipy.stats as stats
    import scipy.sparse as sparse
    discrete, continuous = [], []
    for name, value in sorted(vars(stats).items()):
        if isinstance(value, stats.rv_continuous):
            continuous.append(name)
        elif isinstance(value, stats.rv_discrete):
            discrete.append(name)
    shapes = dict(stats._distr_params.distcont if hasattr(stats, '_distr_params') else [])
    shapes.update((name, args) for name, args in (stats._distr_params.distdiscrete if hasattr(stats, '_distr_params') else []) if isinstance(name, str))
    for name in continuous + discrete:
        args = shapes.get(name)

        def frozen(name=name, args=args):
            one = getattr(stats, name)
            return one(*(args if args is not None else (1.5,) * one.numargs))
        yield 'frozen_' + name, frozen
    yield 'frozen_scaled', lambda: stats.norm(loc=[1, 2], scale=3.0)
    yield 'histogram', lambda: stats.rv_histogram(np.histogram([1, 2, 2, 3], bins=3))
    yield 'rv_discrete', lambda: stats.rv_discrete(values=([1, 2], [0.5, 0.5]))
    yield 'random_state', lambda: (lambda one: (setattr(one, 'random_state', 3), one)[1])(stats.norm(0, 1))
    for name, args in (('dirichlet', ([1.0, 2.0],)), ('multivariate_t', ([0.0, 0.0],)), ('wishart', (3, np.eye(2))), ('invwishart', (3, np.eye(2))), ('special_ortho_group', (3,)),
                       ('ortho_group', (3,)), ('matrix_normal', ()), ('random_correlation', ([0.5, 1.5],)), ('unitary_group', (3,)), ('vonmises_fisher', ([0.0, 1.0], 2.0))):
        yield 'multivariate_' + name, lambda name=name, args=args: getattr(stats, name)(*args)
    yield 'covariance', lambda: stats.Covariance.from_diagonal([1.0, 2.0])
    yield 'qmc', lambda: [stats.qmc.Halton(2, seed=0), stats.qmc.LatinHypercube(2, seed=0)]
    yield 'qmc_sobol', lambda: stats.qmc.Sobol(2, seed=0)
    x = np.arange(8.0)
    z = np.outer(x, x)
    yield 'interp1d', lambda: interpolate.interp1d(x, x ** 2)
    for kind in ('nearest', 'zero', 'slinear', 'quadratic', 'cubic', 'previous', 'next'):
        yield 'interp1d_' + kind, lambda kind=kind: interpolate.interp1d(x, x ** 2, kind=kind)
    yield 'interp1d_fill', lambda: interpolate.interp1d(x, x ** 2, bounds_error=False, fill_value=(0.0, 1.0))
    yield 'interp1d_extrapolate', lambda: interpolate.interp1d(x, x ** 2, fill_value='extrapolate')
    yield 'grid', lambda: interpolate.RegularGridInterpolator((x, x), z)
    yield 'rect', lambda: interpolate.RectBivariateSpline(x, x, z)
    yield 'smooth', lambda: interpolate.SmoothBivariateSpline(np.repeat(x, 8), np.tile(x, 8), z.ravel())
    yield 'lsq', lambda: interpolate.LSQUnivariateSpline(x, x ** 2, [2.0, 4.0])
    yield 'nearest', lambda: interpolate.NearestNDInterpolator(np.array([[0.0, 0], [0, 1], [1, 0]]), np.arange(3.0))
    yield 'linear', lambda: interpolate.LinearNDInterpolator(np.array([[0.0, 0], [0, 1], [1, 0]]), np.arange(3.0))
    yield 'clough', lambda: interpolate.CloughTocher2DInterpolator(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.arange(4.0))
    yield 'rbf', lambda: interpolate.Rbf(x, x, x)
    yield 'rbf_interpolator', lambda: interpolate.RBFInterpolator(np.random.RandomState(0).rand(12, 2), x.repeat(2)[:12])
    yield 'barycentric', lambda: interpolate.BarycentricInterpolator(x[:4], x[:4])
    yield 'krogh', lambda: interpolate.KroghInterpolator(x[:4], x[:4])
    yield 'hermite', lambda: interpolate.CubicHermiteSpline(x, x, x)
    yield 'ppoly', lambda: interpolate.PPoly(np.ones((2, 3)), np.arange(4.0))
    yield 'bpoly', lambda: interpolate.BPoly(np.ones((2, 3)), np.arange(4.0))
    yield 'ndppoly', lambda: interpolate.NdPPoly(np.ones((2, 2, 3, 3)), (np.arange(4.0), np.arange(4.0)))
    yield 'splrep', lambda: interpolate.splrep(x, x ** 2)
    yield 'smoothing', lambda: interpolate.make_smoothing_spline(x, x ** 2)
    yield 'univariate_derivative', lambda: interpolate.UnivariateSpline(x, x ** 2).derivative()
    points = np.random.RandomState(0).rand(20, 2)
    for name in ('cKDTree', 'KDTree', 'ConvexHull', 'Delaunay', 'Voronoi'):
        yield 'spatial_' + name, lambda name=name: getattr(__import__('scipy.spatial').spatial, name)(points)
    yield 'spatial_hull_sphere', lambda: __import__('scipy.spatial').spatial.SphericalVoronoi(np.array([[0, 0, 1.0], [0, 0, -1], [1, 0, 0], [0, 1, 0], [0, -1, 0], [-1, 0, 0]]))
    yield 'spatial_rectangle', lambda: __import__('scipy.spatial').spatial.Rectangle([1.0, 1.0], [0.0, 0.0])
    yield 'kdtree_leaf', lambda: __import__('scipy.spatial').spatial.cKDTree(points, leafsize=2, boxsize=2.0)
    transform = __import__('scipy.spatial.transform').spatial.transform
    yield 'rotations', lambda: transform.Rotation.from_euler('xyz', [[0, 0, 1.0], [1.0, 0, 0]])
    yield 'slerp', lambda: transform.Slerp([0, 1], transform.Rotation.from_euler('z', [0.0, 1.0]))
    dense = np.array([[1.0, 0, 2], [0, 0, 3], [4, 0, 0]])
    for form in ('csr', 'csc', 'coo', 'bsr', 'dia', 'dok', 'lil'):
        for kind in ('float32', 'int64', 'complex128', 'bool', 'int8'):
            yield 'sparse_%s_%s' % (form, kind), lambda form=form, kind=kind: getattr(sparse, form + '_matrix')(dense.astype(kind))
    yield 'sparse_identity', lambda: sparse.identity(4)
    yield 'sparse_empty', lambda: [sparse.csr_matrix((0, 3)), sparse.coo_matrix((3, 0))]
    yield 'sparse_list', lambda: [sparse.csr_matrix(dense), sparse.csc_matrix(dense)]
    yield 'sparse_1d', lambda: sparse.coo_array([1, 0, 2])
    linalg = __import__('scipy.sparse.linalg').sparse.linalg
    yield 'linear_operator', lambda: linalg.aslinearoperator(dense)
    yield 'bounds', lambda: __import__('scipy.optimize').optimize.Bounds([0.0], [1.0])
    yield 'root', lambda: __import__('scipy.optimize').optimize.root_scalar(np.cos, bracket=[0.0, 2.0])
    yield 'curve', lambda: __import__('scipy.optimize').optimize.curve_fit(lambda v, a: a * v, x, 2 * x)
    yield 'linprog', lambda: __import__('scipy.optimize').optimize.linprog([1.0], bounds=[(0, 1)])
    yield 'linear_constraint', lambda: __import__('scipy.optimize').optimize.LinearConstraint(np.eye(2), 0, 1)
    signal = __import__('scipy.signal').signal
    yield 'signal_transfer', lambda: signal.TransferFunction([1.0], [1.0, 2.0])
    yield 'signal_state_space', lambda: signal.StateSpace(np.eye(2), np.ones((2, 1)), np.ones((1, 2)), 0)
    yield 'signal_zeros', lambda: signal.ZerosPolesGain([1.0], [2.0], 1.0)
    yield 'signal_butter', lambda: signal.butter(3, 0.2)
    for name, args in (('shapiro', (x,)), ('mannwhitneyu', (x, x + 1)), ('chisquare', (x + 1,)), ('describe', (x,)),
                       ('normaltest', (np.arange(30.0),)), ('wilcoxon', (x - 3.2,)), ('f_oneway', (x, x + 1)), ('kruskal', (x, x + 1)), ('levene', (x, x + 1)), ('boxcox_normmax', (x + 1,)), ('mode', (x,))):
        yield 'test_' + name, lambda name=name, args=args: getattr(stats, name)(*args)
    yield 'ode_solution', lambda: __import__('scipy.integrate').integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0])


def arrays():
    return tried(arrays_pairs())


def arrays_pairs():
    import numpy as np
    for name in ('Polynomial', 'Chebyshev', 'Legendre', 'Laguerre', 'Hermite', 'HermiteE'):
        yield 'series_' + name, lambda name=name: getattr(np.polynomial, name)([1.0, 2.0, 3.0])
        yield 'series_fit_' + name, lambda name=name: getattr(np.polynomial, name).fit(np.arange(5.0), np.arange(5.0) ** 2, 2)
    for name in ('PCG64', 'MT19937', 'Philox', 'SFC64', 'PCG64DXSM'):
        yield 'generator_used_' + name, lambda name=name: (lambda one: (one.random(3), one.integers(9, dtype='u4'), one)[2])(np.random.Generator(getattr(np.random, name)(2)))
        yield 'state_used_' + name, lambda name=name: (lambda one: (one.normal(), one)[1])(np.random.RandomState(getattr(np.random, name)(2)))
        yield 'jumped_' + name, lambda name=name: getattr(np.random, name)(2).jumped()
    yield 'generator_default', lambda: np.random.default_rng(3)
    yield 'generators', lambda: np.random.default_rng(3).spawn(2)
    yield 'generator_entropy', lambda: np.random.default_rng()
    yield 'seeds', lambda: [np.random.SeedSequence(5), np.random.SeedSequence([1, 2, 3]), np.random.SeedSequence(5).spawn(2)[1], np.random.SeedSequence(2 ** 100)]
    yield 'state_array', lambda: np.random.RandomState([1, 2, 3])
    yield 'state_tuple', lambda: np.random.RandomState(3).get_state()
    for kind in ('i4', 'f4', 'c16', 'M8[D]', 'S3', 'U3', 'O', '?'):
        data = np.zeros(4, kind)
        mask = [0, 1, 0, 1]
        yield 'masked_' + kind, lambda data=data: np.ma.array(data, mask=mask)
        yield 'masked_hard_' + kind, lambda data=data: np.ma.array(data, mask=mask, hard_mask=True)
        yield 'masked_2d_' + kind, lambda data=data: np.ma.array(data.reshape(2, 2), mask=[[0, 1], [1, 0]])
        yield 'masked_fortran_' + kind, lambda data=data: np.ma.array(np.asfortranarray(data.reshape(2, 2)))
        yield 'matrix_' + kind, lambda data=data: np.matrix(data) if data.dtype.kind not in 'SUOM' else np.asmatrix(data)
        yield 'char_' + kind, lambda data=data: data.view(np.char.chararray) if data.dtype.kind in 'SU' else None
    yield 'masked_0d', lambda: np.ma.array(3.5, mask=True)
    yield 'masked_empty', lambda: np.ma.array([], mask=[])
    yield 'masked_matrix', lambda: np.ma.array(np.matrix([[1.0, 2]]), mask=[[0, 1]])
    yield 'masked_mrecords', lambda: np.ma.mrecords.fromarrays([[1, 2], [1.5, 2.5]], names='a,b')
    yield 'masked_nomask', lambda: [np.ma.nomask, np.ma.masked, np.ma.array([1]).mask]
    yield 'recarray_names', lambda: np.rec.fromarrays([[1, 2], ['a', 'b']], names='n,s')
    yield 'recarray_2d', lambda: np.zeros((2, 2), dtype=[('a', 'f8')]).view(np.recarray)
    yield 'recarray_nested', lambda: np.rec.array(np.zeros(2, dtype=[('a', [('x', 'i4'), ('y', 'f4')]), ('b', 'S2')]))
    yield 'record_one', lambda: np.rec.array([(1, 'a')], names='n,s')[0]
    yield 'dates_units', lambda: [np.array([1], 'M8[%s]' % unit) for unit in ('Y', 'M', 'W', 'D', 'h', 'm', 's', 'ms', 'us', 'ns', 'ps', 'fs', 'as')]
    yield 'deltas_units', lambda: [np.array([1], 'm8[%s]' % unit) for unit in ('Y', 'M', 'W', 'D', 'h', 'm', 's', 'ms', 'us', 'ns', '10ms')]
    yield 'scalars', lambda: [np.bool_(True), np.int8(1), np.float16(1), np.complex64(1j), np.str_('a'), np.bytes_(b'a'), np.datetime64('2020-01-01'), np.timedelta64(1, 'D'), np.void(b'abc'), np.longdouble(1), np.datetime64('NaT')]
    yield 'scalar_keys', lambda: {np.int64(1): 'a', np.str_('b'): 1, np.float64(0.5): 2, np.datetime64('2020-01-01'): 3, np.bool_(True): 4}
    yield 'string_dtype_2d', lambda: np.array([['a', 'b'], ['c' * 50, '']], dtype=np.dtypes.StringDType())
    yield 'string_dtype_nan', lambda: np.array(['a', np.nan], dtype=np.dtypes.StringDType(na_object=np.nan))
    yield 'string_dtype_strict', lambda: np.array(['a'], dtype=np.dtypes.StringDType(coerce=False))
    yield 'string_dtype_alone', lambda: [np.dtypes.StringDType(), np.dtypes.StringDType(na_object='')]
    yield 'dtype_classes', lambda: [np.dtypes.Float64DType, np.dtypes.Int64DType, type(np.dtype('O'))]
    yield 'nested_objects', lambda: np.array([np.array([1, 'a'], dtype=object), {'x': np.arange(3)}], dtype=object)
    yield 'arrays_of_frames', lambda: np.array([__import__('pandas').DataFrame({'a': [1]}), None], dtype=object)
    yield 'ufuncs', lambda: [np.sin, np.maximum, np.isnan, np.exp2, np.logaddexp]
    yield 'index_tricks', lambda: [np.s_[1:2], np.index_exp[0]]
    yield 'poly1d_roots', lambda: np.poly1d([1.0, 2.0], True)
    yield 'vectorized', lambda: np.vectorize(len)
    yield 'printoptions', lambda: np.get_printoptions()


def python2():
    """Plain data as Python 2 writes it; elsewhere nothing."""
    import sys
    return tried(python2_pairs() if sys.version_info[0] == 2 else [])


def python2_pairs():
    import collections
    import datetime
    import decimal
    import fractions
    import random
    import uuid
    values = {
        'none': None, 'ints': [0, 1, 255, 65536, -1, 2 ** 31, 2 ** 70], 'floats': [0.0, 1.5, float('inf'), float('nan')], 'bytes': [b'', b'abc', b'x' * 300], 'text': [u'', u'abc', u'\u00e9\u4e2d', u'x' * 300],
        'tuples': [(), (1,), (1, 2), (1, 2, 3, 4)], 'dict': {'a': 1, u'b': [2], 3: None}, 'sets': [set([1, 2]), frozenset(['a'])], 'complex': 1j, 'bool': [True, False],
        'collections': [collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.Counter('aab'), collections.deque([1], 2)],
        'dates': [datetime.datetime(2010, 1, 2, 3), datetime.date(2010, 1, 2), datetime.time(1, 2), datetime.timedelta(1, 2)], 'decimal': decimal.Decimal('1.5'), 'fraction': fractions.Fraction(1, 3),
        'types': [int, str, list, dict, float, object, tuple], 'xrange': xrange(3), 'slice': slice(1, 2), 'uuid': uuid.UUID(int=5), 'random': random.Random(3),    # noqa: F821
        'exceptions': [ValueError('x'), KeyError('a')], 'functions': [len, sum, max], 'bytearray': bytearray(b'abc'), 'long': [1 << 40, -(1 << 80)], 'shared': (lambda inner: [inner, inner])([1, 2]),
    }
    for name, value in sorted(values.items()):
        yield name, lambda value=value: value


SECTIONS = {'zones': zones, 'arrow': arrow, 'frames': frames, 'science': science, 'arrays': arrays, 'python2': python2}
