#!/usr/bin/env python3
"""Models as Python has them: what the typed views (``depickle::model::views``) have to see.

    python views.py check VIEWS [DIRECTORY | --small]
        fits estimators of every family, dumps them with pickle and joblib into a temporary directory and compares,
        attribute by attribute and node by node, what VIEWS ("target/release/xtask views") prints of the files with what
        Python sees; with DIRECTORY, also loads and compares every file there, which you must trust; with --small, takes
        one file of each estimator
    python views.py record VIEWS tests/data/views
        writes one small file of every family, and what Python sees in it (seen.json)

Runs with scikit-learn 0.19 to 1.9; LightGBM and XGBoost are taken where they are installed.
"""
import collections
import hashlib
import io
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_iris

try:
    import joblib
except ImportError:
    from sklearn.externals import joblib

warnings.simplefilter('ignore')

STEP = re.compile(r'\.(\w+)|\[(-?\d+)\]|\["([^"\\]*)"\]')


class Missing(Exception):
    """What a path names is not there."""


def follow(root, path):
    """What stands at an object path; items of an array are counted in C order."""
    at, end = root, len('root')
    for step in STEP.finditer(path, end):
        if step.start() != end:
            break
        end = step.end()
        attribute, index, key = step.groups()
        if attribute is not None:
            at = vars(at)[attribute] if attribute in getattr(at, '__dict__', {}) else getattr(at, attribute)
        elif index is not None:
            at = at.ravel()[int(index)] if isinstance(at, np.ndarray) else at[int(index)]
        else:
            at = at[key]
    if end != len(path):
        raise Missing(path)
    return at


def total(numbers):
    """The digest of numbers as little-endian doubles in C order."""
    data = np.ascontiguousarray(np.asarray(numbers), dtype='<f8').tobytes()
    return hashlib.sha256(data).hexdigest()[:16]


def is_numeric(value):
    return isinstance(value, np.ndarray) and value.dtype.kind in 'biuf' and value.dtype.itemsize <= 8


def arrays_of(model):
    """Attributes that are arrays of numbers, and lists of such."""
    for name, value in vars(model).items():
        if is_numeric(value):
            yield name, value
        elif isinstance(value, list):
            for at, item in enumerate(value):
                if is_numeric(item):
                    yield '%s[%d]' % (name, at), item


def plain(labels):
    return [label.item() if hasattr(label, 'item') else label for label in labels]


class Comparison:
    def __init__(self):
        self.same = collections.Counter()
        self.wrong = []

    def equal(self, what, where, ours, theirs):
        if ours == theirs:
            self.same[what] += 1
        else:
            self.wrong.append('%s: %s: %r, Python has %r' % (where, what, ours, theirs))

    def file(self, name, root, seen):
        if 'error' in seen:
            self.wrong.append('%s: %s' % (name, seen['error']))
            return
        for flaw in seen['flaws'] + seen['unread']:
            self.wrong.append('%s: %s' % (name, flaw))
        for one in seen['estimators']:
            where = '%s#%s' % (name, one['path'])
            try:
                self.estimator(where, follow(root, one['path']), one)
            except (Missing, AttributeError, KeyError, TypeError, IndexError):
                self.same['places that Python cannot follow'] += 1
        for tree in seen['trees']:
            self.tree('%s#%s' % (name, tree['path']), follow(root, tree['path']), tree)
        for tree in seen['neighbors']:
            self.neighbors('%s#%s' % (name, tree['path']), follow(root, tree['path']), tree)

    def estimator(self, where, model, one):
        kind = type(model)
        self.equal('class', where, one['class'], '%s.%s' % (kind.__module__, kind.__name__))
        # Some ask a part of theirs, or count in the bytes of a booster.
        is_own = one['n_features_in'] is not None or 'n_features_in_' in vars(model)
        if one['family'] != 'other' and is_own and isinstance(getattr(model, 'n_features_in_', None), (int, np.integer)):
            self.equal('n_features_in_', where, one['n_features_in'], int(model.n_features_in_))
        classes = getattr(model, 'classes_', None) if 'classes_' in vars(model) else None
        if isinstance(classes, np.ndarray) and one['classes'] is not None:
            self.equal('classes_', where, one['classes'], [plain(classes)])
        names = vars(model).get('feature_names_in_')
        if names is not None:
            self.equal('feature_names_in_', where, one['feature_names_in'], plain(names))
        there = dict(arrays_of(model))
        family = one['family']
        for name, (shape, digest) in one['arrays'].items():
            if name in there:
                self.equal('arrays: ' + family, '%s.%s' % (where, name), [shape, digest],
                           [list(there[name].shape), total(there[name])])
            else:
                self.wrong.append('%s: Python has no array %s' % (where, name))
        for name in there:
            if name.split('[')[0].endswith('_') and not name.startswith('__') and name not in one['arrays']:
                self.wrong.append('%s: %s is not seen' % (where, name))
        if family in ('forest', 'boosting', 'tree'):
            count = int(hasattr(model, 'tree_')) if family == 'tree' else np.size(model.estimators_)
            self.equal('number of trees', where, one['trees'], int(count))
        elif family == 'hist-boosting':
            self.equal('number of trees', where, one['trees'], sum(len(stage) for stage in model._predictors))
        if kind.__name__ == 'Booster':
            theirs = lightgbm_trees(model) if kind.__module__.startswith('lightgbm') else xgboost_trees(model)
            self.equal('number of trees', where, len(one['booster']), len(theirs))
            for number, (ours, tree) in enumerate(zip(one['booster'], theirs)):
                for name, numbers in tree.items():
                    self.equal('arrays: ' + family, '%s tree %d %s' % (where, number, name), ours.get(name),
                               total(numbers))

    def tree(self, where, model, one):
        is_histogram = type(model).__name__ == 'TreePredictor'
        state = vars(model) if is_histogram else model.__getstate__()
        nodes = state['nodes']
        what = 'nodes: histogram trees' if is_histogram else 'nodes: trees'
        for name in nodes.dtype.names:
            if name in ('threshold',) and is_histogram:
                continue
            self.equal(what, '%s.%s' % (where, name), one['columns'].get(name), total(nodes[name]))
        if is_histogram:
            sets = state.get('raw_left_cat_bitsets')
            if sets is not None:
                self.equal(what, where + ' sets', one['bitsets'], [list(sets.shape), total(sets)])
            self.equal(what, where + ' leaves', one['leaves'], int(nodes['is_leaf'].sum()))
        else:
            values = state['values']
            self.equal(what, where + ' values', one['values'], [list(values.shape), total(values)])
            self.equal(what, where + ' n_features', one['n_features'], model.n_features)
            self.equal(what, where + ' max_depth', one['max_depth'], model.max_depth)
            self.equal(what, where + ' leaves', one['leaves'], int((nodes['left_child'] == -1).sum()))

    def neighbors(self, where, model, one):
        data, order, nodes = [np.asarray(part) for part in model.__getstate__()[:3]]
        self.equal('nodes: KD and ball trees', where, one['data'], list(data.shape))
        self.equal('nodes: KD and ball trees', where, one['order'], [list(order.shape), total(order)])
        for name in nodes.dtype.names:
            self.equal('nodes: KD and ball trees', where, one['columns'][name], total(nodes[name]))


def lightgbm_trees(booster):
    """The arrays of each tree, put together from ``dump_model``, which writes them as nested objects."""
    trees = []
    for tree in booster.dump_model()['tree_info']:
        splits, leaves = {}, {}
        open_nodes = [tree['tree_structure']]
        while open_nodes:
            node = open_nodes.pop()
            if 'split_index' not in node:
                leaves[node.get('leaf_index', 0)] = node['leaf_value']
                continue
            children = [node['left_child'], node['right_child']]
            numbers = [child['split_index'] if 'split_index' in child else -child['leaf_index'] - 1
                       for child in children]
            splits[node['split_index']] = (node['split_feature'], node['threshold'], numbers)
            open_nodes.extend(children)
        rows = [splits[number] for number in sorted(splits)]
        arrays = {'leaf_value': [leaves[number] for number in sorted(leaves)]}
        if rows:
            arrays['split_feature'] = [row[0] for row in rows]
            arrays['left_child'] = [row[2][0] for row in rows]
            arrays['right_child'] = [row[2][1] for row in rows]
            # Sets of categories are written out there.
            if not any(isinstance(row[1], str) for row in rows):
                arrays['threshold'] = [row[1] for row in rows]
        trees.append(arrays)
    return trees


def xgboost_trees(booster):
    """The arrays of each tree, from the JSON that ``save_model`` writes; floats there are those of single precision."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'model.json')
        booster.save_model(path)
        with open(path) as file:
            learner = json.load(file)['learner']
    model = learner['gradient_booster']
    model = model.get('model') or model['gbtree']['model']
    trees = []
    for tree in model['trees']:
        arrays = {name: tree[name] for name in
                  ('left_children', 'right_children', 'parents', 'split_indices', 'default_left')}
        for name in ('split_conditions', 'base_weights', 'loss_changes', 'sum_hessian'):
            arrays[name] = np.asarray(tree[name], dtype='f4')
        trees.append(arrays)
    return trees


def estimators():
    """Name and fitted estimator, of every family that this release has."""
    from sklearn import (ensemble, linear_model, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm,
                         tree)
    two, three = load_breast_cancer(), load_iris()
    x2, y2 = two.data[::4, :6], two.target[::4]
    x3, y3 = three.data[::3], three.target[::3]
    names = np.array(['setosa', 'versicolor', 'virginica'])[y3]
    target = np.column_stack([x3[:, 0] * 2 - x3[:, 1], x3[:, 2]])
    scaled = preprocessing.StandardScaler().fit_transform(x2)

    def make(package, name, *data, **parameters):
        kind = getattr(package, name, None)
        if kind is None:
            return
        keep = {key: value for key, value in parameters.items() if key in kind().get_params()}
        yield name + ''.join(' %s=%s' % pair for pair in sorted(keep.items())), kind(**keep), data

    def all_of():
        for name in ('LogisticRegression', 'LogisticRegressionCV', 'SGDClassifier', 'Perceptron', 'RidgeClassifier',
                     'RidgeClassifierCV', 'PassiveAggressiveClassifier'):
            yield from make(linear_model, name, scaled, y2)
            yield from make(linear_model, name, x3, names)
        for name in ('LinearRegression', 'Ridge', 'RidgeCV', 'Lasso', 'LassoCV', 'ElasticNet', 'Lars', 'LassoLars',
                     'OrthogonalMatchingPursuit', 'BayesianRidge', 'ARDRegression', 'HuberRegressor', 'SGDRegressor',
                     'TheilSenRegressor', 'PoissonRegressor', 'TweedieRegressor', 'QuantileRegressor'):
            yield from make(linear_model, name, x3, np.abs(target[:, 0]))
        for name in ('LinearRegression', 'Ridge', 'MultiTaskLasso', 'Lasso', 'ElasticNet'):
            yield from make(linear_model, name, x3, target, fit_intercept=False)
        for name in ('StandardScaler', 'MinMaxScaler', 'MaxAbsScaler', 'RobustScaler', 'PowerTransformer', 'Normalizer',
                     'QuantileTransformer', 'Binarizer', 'PolynomialFeatures', 'KBinsDiscretizer'):
            yield from make(preprocessing, name, x3, n_quantiles=20)
        categories = np.array([['a', 'x'], ['b', 'y'], ['a', 'z'], ['c', 'x']], dtype=object)
        numbers = np.array([[0, 3], [1, 4], [0, 5], [2, 3]])
        for name in ('OneHotEncoder', 'OrdinalEncoder'):
            yield from make(preprocessing, name, numbers)
            if sklearn.__version__ >= '0.20':
                yield from make(preprocessing, name, categories)
        yield from make(preprocessing, 'LabelEncoder', names)
        yield from make(preprocessing, 'LabelBinarizer', names)
        yield from make(preprocessing, 'Imputer', x3)
        try:
            from sklearn import impute
            for name in ('SimpleImputer', 'KNNImputer', 'MissingIndicator'):
                holes = x3.copy()
                holes[::5, 1] = np.nan
                yield from make(impute, name, holes)
        except ImportError:
            pass
        for name in ('DecisionTreeClassifier', 'ExtraTreeClassifier'):
            yield from make(tree, name, x2, y2)
            yield from make(tree, name, x3, names, max_leaf_nodes=5)
            yield from make(tree, name, x3, np.column_stack([y3, y3 % 2]))
        for name in ('DecisionTreeRegressor', 'ExtraTreeRegressor'):
            yield from make(tree, name, x3, target, ccp_alpha=0.01)
        for name in ('RandomForestClassifier', 'ExtraTreesClassifier', 'GradientBoostingClassifier', 'BaggingClassifier',
                     'AdaBoostClassifier'):
            yield from make(ensemble, name, x2, y2, n_estimators=3, random_state=0)
            yield from make(ensemble, name, x3, names, n_estimators=3, random_state=0)
        for name in ('RandomForestRegressor', 'ExtraTreesRegressor', 'GradientBoostingRegressor', 'RandomTreesEmbedding',
                     'IsolationForest', 'AdaBoostRegressor'):
            yield from make(ensemble, name, x3, target[:, 0], n_estimators=3, random_state=0)
        try:
            from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
        except ImportError:
            pass
        mixed = np.column_stack([x2, np.arange(len(x2)) % 7])
        more = {'categorical_features': [6]} if sklearn.__version__ >= '0.24' else {}
        holes = mixed.copy()
        if sklearn.__version__ >= '0.22':
            holes[::9, 0] = np.nan
        for name in ('HistGradientBoostingClassifier', 'HistGradientBoostingRegressor'):
            yield from make(ensemble, name, holes, y2, max_iter=3, **more)
        yield from make(ensemble, 'HistGradientBoostingClassifier', x3, names, max_iter=2)
        for name in ('MLPClassifier', 'MLPRegressor'):
            yield from make(neural_network, name, scaled, y2, hidden_layer_sizes=(5, 3), max_iter=5)
        for name in ('SVC', 'NuSVC'):
            yield from make(svm, name, scaled, y2, probability=True)
            yield from make(svm, name, x3, names, kernel='linear')
        for name in ('SVR', 'NuSVR', 'LinearSVR', 'OneClassSVM'):
            yield from make(svm, name, x3, target[:, 0])
        yield from make(svm, 'LinearSVC', x3, names)
        for algorithm in ('kd_tree', 'ball_tree', 'brute'):
            yield from make(neighbors, 'KNeighborsClassifier', x3, names, algorithm=algorithm, leaf_size=5)
            yield from make(neighbors, 'NearestNeighbors', x3, algorithm=algorithm, leaf_size=5)
        yield from make(neighbors, 'KNeighborsRegressor', x3, target)
        yield from make(neighbors, 'LocalOutlierFactor', x3, novelty=True)
        yield from make(neighbors, 'KernelDensity', x3)
        for name in ('GaussianNB', 'MultinomialNB', 'BernoulliNB', 'ComplementNB', 'CategoricalNB'):
            yield from make(naive_bayes, name, np.round(x3), names)
        steps = [('scale', preprocessing.StandardScaler()), ('fit', linear_model.LogisticRegression())]
        yield 'Pipeline', pipeline.Pipeline(steps), (x3, names)
        try:
            from sklearn.compose import ColumnTransformer
            both = [('left', preprocessing.StandardScaler(), [0, 1]), ('right', preprocessing.MinMaxScaler(), [2, 3])]
            yield 'ColumnTransformer', ColumnTransformer(both), (x3,)
        except ImportError:
            pass
        try:
            import lightgbm
            for name, data in (('LGBMClassifier', (x3, names)), ('LGBMRegressor', (mixed, y2))):
                yield name, getattr(lightgbm, name)(n_estimators=3, num_leaves=5, verbose=-1), data
        except ImportError:
            pass
        try:
            import xgboost
            for name, data in (('XGBClassifier', (x3, y3)), ('XGBRegressor', (holes, y2)), ('XGBRFRegressor', (x2, y2))):
                yield name, getattr(xgboost, name)(n_estimators=3, max_depth=3), data
            yield 'XGBRegressor dart', xgboost.XGBRegressor(n_estimators=3, booster='dart'), (x2, y2)
        except ImportError:
            pass

    taken = collections.Counter()
    for name, estimator, data in all_of():
        try:
            estimator.fit(*data)
        except (TypeError, ValueError) as error:
            print('  %s: not fitted: %s' % (name, str(error).splitlines()[0][:90]), file=sys.stderr)
            continue
        taken[name] += 1
        yield '%s %d' % (name, taken[name]), estimator


FORMS = {
    'p2.pkl': lambda model, path: dump(model, path, 2),
    'p4.pkl': lambda model, path: dump(model, path, 4),
    'joblib': lambda model, path: joblib.dump(model, path),
    'zlib.joblib': lambda model, path: joblib.dump(model, path, compress=3),
}


def dump(model, path, protocol):
    with open(path, 'wb') as file:
        pickle.dump(model, file, protocol)


def see(views, paths):
    """What the program says of files, in order."""
    for start in range(0, len(paths), 200):
        out = subprocess.run(views.split() + paths[start:start + 200], stdout=subprocess.PIPE, check=True).stdout
        for line in io.StringIO(out.decode()):
            said = json.loads(line)
            yield said['file'], said['seen']


def check(views, directory=None):
    comparison = Comparison()
    small, directory = directory == '--small', None if directory == '--small' else directory
    with tempfile.TemporaryDirectory() as place:
        models = {}
        for number, (name, model) in enumerate(estimators()):
            forms = list(FORMS.items())
            for form, write in forms[number % len(forms):][:1] if small else forms:
                path = os.path.join(place, '%03d.%s' % (number, form))
                write(model, path)
                models[path] = ('%s (%s)' % (name, form), model)
        for path, seen in see(views, sorted(models)):
            name, model = models[path]
            comparison.file(name, model, seen)
            comparison.same['files'] += 1
    if directory:
        paths = sorted(os.path.join(top, name) for top, _, names in os.walk(directory) for name in names)
        for path, seen in see(views, paths):
            try:
                model = joblib.load(path)
            except Exception as error:  # whatever a library says of a file of another release
                print('  %s: not loaded: %s' % (path, error), file=sys.stderr)
                continue
            comparison.file(path, model, seen)
            comparison.same['files'] += 1
    print('scikit-learn %s, numpy %s' % (sklearn.__version__, np.__version__))
    for what, count in sorted(comparison.same.items()):
        print('%8d  %s' % (count, what))
    for line in comparison.wrong[:50]:
        print('WRONG', line)
    print('%8d  differ' % len(comparison.wrong))
    return 1 if comparison.wrong else 0


def record(views, directory):
    """One file that holds small models, and the numbers that Python has at each place that the views see."""
    wanted = ('LogisticRegression 2', 'StandardScaler 1', 'OneHotEncoder 1', 'SimpleImputer 1', 'MLPClassifier',
              'DecisionTreeClassifier max_leaf_nodes', 'RandomForestClassifier n_estimators=3 random_state=0 2',
              'GradientBoostingClassifier n_estimators=3 random_state=0 1',
              'HistGradientBoostingClassifier categorical', 'SVC probability', 'KNeighborsClassifier algorithm=kd_tree',
              'GaussianNB', 'ColumnTransformer', 'LGBMClassifier', 'XGBClassifier')
    models = {}
    for name, model in estimators():
        if (name + ' ').startswith(wanted) or any((name + ' ').startswith(one + ' ') for one in wanted):
            models.setdefault(name.split()[0], model)
    path = os.path.join(directory, 'models.joblib')
    os.makedirs(directory, exist_ok=True)
    joblib.dump(models, path)
    (_, seen), = see(views, [path])
    found = {}

    def note(place, name, numbers):
        numbers = np.asarray(numbers)
        values = [None if number != number else number for number in numbers.astype('f8').ravel().tolist()]
        found.setdefault(place, {})[name] = {'shape': list(numbers.shape), 'values': values}

    for one in seen['estimators']:
        model = follow(models, one['path'])
        if type(model).__name__ == 'Booster':
            is_lightgbm = type(model).__module__.startswith('lightgbm')
            trees = lightgbm_trees(model) if is_lightgbm else xgboost_trees(model)
            for number, tree in enumerate(trees[:2]):
                for name, numbers in tree.items():
                    note(one['path'], 'trees[%d].%s' % (number, name), numbers)
            continue
        for name, value in arrays_of(model):
            if name in one['arrays'] and value.size <= 200:
                note(one['path'], name, value)
    for one in seen['trees']:
        model = follow(models, one['path'])
        nodes = vars(model)['nodes'] if 'nodes' in getattr(model, '__dict__', {}) else model.__getstate__()['nodes']
        for name in nodes.dtype.names:
            note(one['path'], 'nodes.' + name, nodes[name])
    with open(os.path.join(directory, 'seen.json'), 'w') as file:
        rows = ['%s: %s' % (json.dumps(place), json.dumps(found[place])) for place in sorted(found)]
        file.write('{\n%s\n}\n' % ',\n'.join(rows))


def main():
    if len(sys.argv) == 4 and sys.argv[1] == 'record':
        sys.exit(record(*sys.argv[2:]))
    if len(sys.argv) >= 3 and sys.argv[1] == 'check':
        sys.exit(check(*sys.argv[2:4]))
    sys.exit(__doc__)


if __name__ == '__main__':
    main()
