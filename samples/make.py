#!/usr/bin/env python3
"""Write the benign sample files beside this script. Pinned libraries: requirements.txt. Two runs write the same bytes.

    python -m pip install -r requirements.txt
    python make.py            # the benign files; malicious/make.py and old/make.py write theirs
"""
import collections
import datetime
import decimal
import fractions
import os
import pathlib
import pickle
import sys
import uuid
import warnings

import joblib
import lightgbm
import numpy as np
import scipy.sparse
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, GradientBoostingRegressor, RandomForestRegressor, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

HERE = os.path.dirname(os.path.abspath(__file__))
COMPRESSORS = ('zlib', 'gzip', 'bz2', 'xz', 'lzma', 'lz4')


def data():
    """Sixty rows of five positive numbers, labels, and a number to predict."""
    random = np.random.RandomState(7)
    x = np.abs(random.normal(size=(60, 5))) + 0.1
    target = 2 * x[:, 0] + x[:, 1] + 0.1 * random.normal(size=60)
    return x, (target > np.median(target)).astype(int), target


def write_pickle(name, value, protocol=4):
    with open(os.path.join(HERE, name), 'wb') as handle:
        pickle.dump(value, handle, protocol=protocol)


def write_joblib(name, value, compress=0):
    path = os.path.join(HERE, name)
    joblib.dump(value, path, compress=compress)
    if isinstance(compress, tuple) and compress[0] == 'gzip':
        with open(path, 'r+b') as handle:
            handle.seek(4)
            handle.write(b'\0\0\0\0')    # the time of writing


def forest_pipeline(x, target):
    return Pipeline([('scaler', StandardScaler()), ('model', RandomForestRegressor(n_estimators=20, max_depth=6, random_state=0))]).fit(x, target)


def models():
    x, labels, target = data()
    pipeline = forest_pipeline(x, target)
    write_joblib('model_v1.joblib', pipeline)
    write_joblib('final_model.joblib', Pipeline([('scaler', StandardScaler()), ('model', RandomForestRegressor(n_estimators=40, random_state=1))]).fit(x, target))
    write_pickle('model.pkl', pipeline)
    small = Pipeline([('scaler', StandardScaler()), ('model', RandomForestRegressor(n_estimators=5, max_depth=4, random_state=0))]).fit(x, target)
    for protocol in range(6):
        write_pickle('model_p%d.pkl' % protocol, small, protocol)
    for method in COMPRESSORS:
        write_joblib('compressed/model_%s.joblib' % method, small, (method, 3))

    few = {'n_estimators': 10, 'random_state': 0, 'n_jobs': 1}
    booster = xgboost.XGBRegressor(max_depth=3, **few).fit(x, target)
    write_joblib('xgboost.joblib', booster)
    write_pickle('xgboost.pkl', booster)
    write_pickle('xgboost_pipeline.pkl', make_pipeline(StandardScaler(), xgboost.XGBClassifier(max_depth=3, **few)).fit(x, labels))
    light = lightgbm.LGBMRegressor(num_leaves=4, verbose=-1, deterministic=True, **few).fit(x, target)
    write_joblib('lightgbm.joblib', light)
    write_pickle('lightgbm.pkl', light)

    networks = [('m%d' % i, MLPClassifier(hidden_layer_sizes=(16, 8), max_iter=30, random_state=i)) for i in range(3)]
    write_joblib('mlp_voting.joblib', VotingClassifier(networks, voting='soft').fit(x, labels))
    write_pickle('mlp_bagging.pkl', BaggingClassifier(networks[0][1], n_estimators=3, random_state=0).fit(x, labels))
    write_joblib('gradient_boosting.joblib', GradientBoostingRegressor(n_estimators=10, random_state=0).fit(x, target))
    write_joblib('neighbors.joblib', KNeighborsClassifier(3, algorithm='kd_tree').fit(x, labels))
    write_joblib('grid_search.joblib', without_times(GridSearchCV(LogisticRegression(), {'C': [0.1, 1.0]}, cv=3).fit(x, labels)))
    write_joblib('log_pipeline.joblib', make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression()).fit(x, labels))
    mixed = np.column_stack([x[:, :2].astype(object), np.array(['red', 'green', 'blue'] * 20, dtype=object)])
    columns = ColumnTransformer([('num', StandardScaler(), [0, 1]), ('cat', OneHotEncoder(), [2])])
    write_joblib('columns.joblib', make_pipeline(columns, LogisticRegression()).fit(mixed, labels))
    texts = ['the cat sat', 'a dog ran far', 'cats and dogs', 'the bird flew', 'a bird sat far', 'dogs sat'] * 10
    text = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()).fit(texts, labels)
    text[0]._stop_words_id = 0    # an address, different in every run
    write_joblib('text.joblib', text)
    write_pickle('bundle.pkl', {'model': LogisticRegression().fit(x, labels), 'columns': list('abcde'), 'version': 3, 'scores': np.array([0.5, 0.75])})


def without_times(search):
    """A search records how long each fit took; the sample must not change from run to run."""
    for key, value in search.cv_results_.items():
        if key.endswith('_time'):
            search.cv_results_[key] = np.zeros_like(value)
    search.refit_time_ = 0.0
    return search


def plain_data():
    utc = datetime.timezone.utc
    write_pickle('data/config.pkl', {'name': 'run 1', 'seed': 42, 'rates': [0.1, 0.01, 1e-05], 'layers': (64, 32), 'tags': {'a'}, 'none': None, 'nested': {'deep': [{'x': 1}]}}, 5)
    write_pickle('data/config_p0.pkl', {'name': 'run 1', 'seed': 42, 'rate': 0.1, 'big': 2 ** 70, 'text': 'caf\u00e9 \U0001f600\n'}, 0)
    write_pickle('data/numbers.pkl', [0, 255, 65536, -1, 2 ** 31, 2 ** 2000, 1.5, float('inf'), float('nan'), 1j, True], 2)
    write_pickle('data/python_types.pkl', {
        'ordered': collections.OrderedDict([('a', 1), ('b', 2)]), 'default': collections.defaultdict(list, x=[1]), 'counter': collections.Counter('aab'), 'deque': collections.deque([1, 2], maxlen=4),
        'when': datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=utc), 'offset': datetime.datetime(2024, 5, 6, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        'date': datetime.date(2024, 5, 6), 'time': datetime.time(1, 2, 3), 'delta': datetime.timedelta(1, 2), 'decimal': decimal.Decimal('1.50'), 'fraction': fractions.Fraction(1, 3),
        'uuid': uuid.UUID(int=5), 'path': pathlib.PurePosixPath('a/b'), 'set': {1, 2}, 'frozen': frozenset([3]), 'slice': slice(1, 5, 2), 'complex': 1 + 2j,
        'bytes': b'\0\xff', 'bytearray': bytearray(b'abc'), 'range': range(3), 'types': [int, str, float]}, 5)
    shared = [1, 2]
    loop = [shared, shared]
    loop.append(loop)
    write_pickle('data/shared_and_cyclic.pkl', loop)
    write_pickle('data/looks_like_a_pickle.pkl', {'text': "cos\nsystem\n(S''\ntR.", 'bytes': b"\x80\x04cos\nsystem\n(X\0\0\0\0tR.", 'name': 'os.system'})
    write_pickle('data/long_list.pkl', list(range(3000)))

    x = np.arange(12.0).reshape(3, 4)
    arrays = {
        'ints': np.arange(5, dtype='i4'), 'big_endian': np.arange(5, dtype='>i2'), 'bool': np.array([True, False]), 'half': np.arange(3, dtype='f2'), 'complex': np.array([1j, 2]),
        'bytes': np.array([b'ab', b'c']), 'text': np.array(['ab', '\u00e9']), 'dates': np.array(['2024-01-02', 'NaT'], dtype='M8[ns]'), 'spans': np.array([1, 2], dtype='m8[s]'),
        'records': np.array([(1, 2.5, 'x')], dtype=[('a', 'i4'), ('b', '>f8'), ('c', 'U3')]), 'fortran': np.asfortranarray(x), 'empty': np.zeros((0, 3)), 'scalar_array': np.array(5.0),
        'scalar': np.float32(1.5), 'masked': np.ma.array([1, 2], mask=[0, 1]), 'matrix': np.matrix([[1.0, 2.0]]), 'dtype': np.dtype([('a', 'i4')])}
    write_pickle('data/arrays.pkl', arrays)
    write_pickle('data/arrays_p2.pkl', arrays, 2)
    write_joblib('data/arrays.joblib', arrays)
    few = {name: arrays[name] for name in ('ints', 'big_endian', 'records', 'text')}
    np.savez(os.path.join(HERE, 'data/arrays.npz'), **few, objects=np.array([1, 'two', None], dtype=object))
    np.savez_compressed(os.path.join(HERE, 'data/arrays_deflated.npz'), **few)
    write_joblib('data/array_large.joblib', np.zeros((200, 250)))
    write_joblib('data/object_array.joblib', {'mixed': np.array([1, 'two', None, 3.5, [4], {'five': 5}], dtype=object), 'after': x})
    write_joblib('data/sparse.joblib', scipy.sparse.random(20, 20, density=0.1, format='csr', random_state=0))
    write_pickle('data/sparse.pkl', scipy.sparse.random(20, 20, density=0.1, format='csr', random_state=0))
    for method in COMPRESSORS:
        write_joblib('compressed/arrays_%s.joblib' % method, {'x': x, 'y': np.arange(100)}, (method, 3))


def repeatable():
    """Starts again with the order of sets and the number of threads fixed, so that two runs write the same bytes."""
    wanted = {'PYTHONHASHSEED': '0', 'OMP_NUM_THREADS': '1'}
    if any(os.environ.get(key) != value for key, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, os.path.abspath(__file__)], dict(os.environ, **wanted))


def main():
    warnings.simplefilter('ignore')
    for folder in ('data', 'compressed'):
        os.makedirs(os.path.join(HERE, folder), exist_ok=True)
    models()
    plain_data()


if __name__ == '__main__':
    repeatable()
    main()
