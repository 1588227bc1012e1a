"""Fitted models for the corpus: every estimator of scikit-learn, composites of them, and boosters.

Each section is a generator of (name, value); a value that could not be made is yielded as its exception.
"""
import importlib
import inspect

from corpus_plain import accepts

TEXTS = ['the cat sat', 'a dog ran far', 'cats and dogs', 'the bird flew', 'a bird sat far', 'dogs sat'] * 10

# Constructor arguments of the estimators that need some, by class name. `E` looks up a class by name.
ARGUMENTS = {
    'ClassifierChain': lambda E: {'estimator': E('LogisticRegression')(max_iter=50)},
    'RegressorChain': lambda E: {'estimator': E('Ridge')()},
    'ColumnTransformer': lambda E: {'transformers': [('a', E('StandardScaler')(), [0, 1]), ('b', 'passthrough', [2]), ('c', 'drop', [3])]},
    'FeatureUnion': lambda E: {'transformer_list': [('a', E('StandardScaler')()), ('b', E('PCA')(n_components=2))]},
    'Pipeline': lambda E: {'steps': [('a', E('StandardScaler')()), ('b', E('LogisticRegression')(max_iter=50))]},
    'GridSearchCV': lambda E: {'estimator': E('Ridge')(), 'param_grid': {'alpha': [0.1, 1.0]}},
    'HalvingGridSearchCV': lambda E: {'estimator': E('Ridge')(), 'param_grid': {'alpha': [0.1, 1.0]}, 'random_state': 0},
    'RandomizedSearchCV': lambda E: {'estimator': E('Ridge')(), 'param_distributions': {'alpha': [0.1, 1.0, 3.0]}, 'n_iter': 2, 'random_state': 0},
    'HalvingRandomSearchCV': lambda E: {'estimator': E('Ridge')(), 'param_distributions': {'alpha': [0.1, 1.0, 3.0]}, 'random_state': 0},
    'MultiOutputClassifier': lambda E: {'estimator': E('LogisticRegression')(max_iter=50)},
    'MultiOutputRegressor': lambda E: {'estimator': E('Ridge')()},
    'OneVsRestClassifier': lambda E: {'estimator': E('LogisticRegression')(max_iter=50)},
    'OneVsOneClassifier': lambda E: {'estimator': E('LogisticRegression')(max_iter=50)},
    'OutputCodeClassifier': lambda E: {'estimator': E('LogisticRegression')(max_iter=50), 'random_state': 0},
    'SelfTrainingClassifier': lambda E: {'estimator': E('LogisticRegression')(max_iter=50)},
    'FixedThresholdClassifier': lambda E: {'estimator': E('LogisticRegression')(max_iter=50)},
    'TunedThresholdClassifierCV': lambda E: {'estimator': E('LogisticRegression')(max_iter=50), 'random_state': 0},
    'RFE': lambda E: {'estimator': E('Ridge')()},
    'RFECV': lambda E: {'estimator': E('Ridge')(), 'cv': 3},
    'SelectFromModel': lambda E: {'estimator': E('Ridge')()},
    'SequentialFeatureSelector': lambda E: {'estimator': E('Ridge')(), 'n_features_to_select': 2},
    'SparseCoder': lambda E: {'dictionary': numpy().eye(5)},
    'StackingClassifier': lambda E: {'estimators': [('a', E('LogisticRegression')(max_iter=50)), ('b', E('GaussianNB')())]},
    'StackingRegressor': lambda E: {'estimators': [('a', E('Ridge')()), ('b', E('Lasso')())]},
    'VotingClassifier': lambda E: {'estimators': [('a', E('LogisticRegression')(max_iter=50)), ('b', E('GaussianNB')())]},
    'VotingRegressor': lambda E: {'estimators': [('a', E('Ridge')()), ('b', E('Lasso')())]},
    'FrozenEstimator': lambda E: {'estimator': E('Ridge')().fit(*data()['regression'])},
    'TransformedTargetRegressor': lambda E: {'regressor': E('Ridge')()},
    'SelectKBest': lambda E: {'k': 3},
    'FeatureHasher': lambda E: {'n_features': 16},
    'HashingVectorizer': lambda E: {'n_features': 16},
}
# Arguments that keep models small and repeatable, given wherever a constructor takes them.
SMALL = {'n_estimators': 4, 'max_iter': 20, 'random_state': 0, 'n_components': 2, 'n_clusters': 2, 'n_init': 1, 'cv': 3, 'n_resampling': 5, 'max_trials': 20}

def numpy():
    import numpy
    return numpy

def data():
    """The data sets that estimators are tried on, in the order they are tried."""
    np = numpy()
    r = np.random.RandomState(0)
    x = np.abs(r.normal(size=(60, 5))) + 0.1
    target = x[:, 0] * 2 + x[:, 1] + r.normal(size=60) * 0.1
    labels = (target > np.median(target)).astype(int)
    both = np.column_stack([target, x[:, 2] - x[:, 3]])
    return {
        'classification': (x, labels),
        'regression': (x, target),
        'multi-output regression': (x, both),
        'multi-label': (x, (both > both.mean(axis=0)).astype(int)),
        'one column': (x[:, 0], target),
        'labels': (labels,),
        'label sets': ([['a', 'b'], ['b'], ['c']] * 20,),
        'texts': (TEXTS, labels),
        'records': ([{'a': 1, 'b': 2.5}, {'a': 3, 'c': 'x'}] * 30, labels),
        'images': (r.rand(4, 8, 8), None),
        'small counts': ((x * 3).astype(int), labels),
        'kernel': (x.dot(x.T),),
    }


ORDER = {'KernelCenterer': 'kernel', 'LabelBinarizer': 'labels', 'LabelEncoder': 'labels', 'MultiLabelBinarizer': 'label sets', 'IsotonicRegression': 'one column',
         'DictVectorizer': 'records', 'FeatureHasher': 'records', 'PatchExtractor': 'images', 'CountVectorizer': 'texts',
         'TfidfVectorizer': 'texts', 'HashingVectorizer': 'texts', 'ClassifierChain': 'multi-label', 'MultiOutputClassifier': 'multi-label',
         'RegressorChain': 'multi-output regression', 'MultiOutputRegressor': 'multi-output regression'}


def estimators_of_library():
    try:
        from sklearn.utils import all_estimators
    except ImportError:
        from sklearn.utils.testing import all_estimators
        return [(n, c) for n, c in all_estimators(include_meta_estimators=True, include_other=True, include_dont_test=True)
                if hasattr(c, 'fit') and not inspect.isabstract(c)]
    return all_estimators()


def constructor_arguments(name, cls, classes):
    """What the tables above say that a constructor should be given."""
    def lookup(wanted):
        return classes[wanted]
    arguments = dict(ARGUMENTS[name](lookup)) if name in ARGUMENTS else {}
    accepted = accepts(cls)
    if 'estimator' in arguments and 'estimator' not in accepted:
        arguments['base_estimator'] = arguments.pop('estimator')
    for key, value in SMALL.items():
        if key in accepted and key not in arguments:
            arguments[key] = value
    return arguments


def fit(name, cls, classes):
    """One fitted instance: constructor arguments by table, data sets tried in turn."""
    arguments = constructor_arguments(name, cls, classes)
    sets = data()
    names = [ORDER[name]] if name in ORDER else list(sets)
    error = None
    for strict in (False, True):
        for wanted in names:
            try:
                estimator = cls(**({} if strict and name not in ARGUMENTS else arguments))
                args = sets[wanted]
                if name in ('FeatureHasher', 'HashingVectorizer', 'PatchExtractor', 'CountVectorizer', 'TfidfVectorizer', 'DictVectorizer', 'MultiLabelBinarizer'):
                    args = args[:1]
                estimator.fit(*args)
                return estimator
            except Exception as caught:
                error = error or caught
    raise error


def enable_experimental():
    """Makes the experimental estimators importable, where the library still asks for it."""
    for name in ('enable_halving_search_cv', 'enable_iterative_imputer', 'enable_hist_gradient_boosting'):
        try:
            importlib.import_module('sklearn.experimental.' + name)
        except ImportError:
            pass


def estimators():
    enable_experimental()
    found = estimators_of_library()
    classes = dict(found)
    for name, cls in found:
        try:
            yield name, fit(name, cls, classes)
        except Exception as error:
            yield name, error


def forms_of_data():
    """(name, x, y): the same kind of data as people hand it over; each leaves other things in a fitted model."""
    np = numpy()
    x, labels = data()['classification']
    words = np.array(['low', 'middle', 'high'])[(x[:, 0] * 2).astype(int).clip(0, 2)]
    yield 'three_words', x, words
    yield 'float32', x.astype('f4'), labels.astype('f4')
    yield 'lists', x.tolist(), labels.tolist()
    yield 'objects', x.astype(object), words.astype(object)
    yield 'missing', np.where(x > 1.5, np.nan, x), labels
    yield 'bool', x, labels.astype(bool)
    import scipy.sparse
    yield 'sparse_csr', scipy.sparse.csr_matrix(x), labels
    yield 'sparse_csc', scipy.sparse.csc_matrix(x), words
    try:
        import pandas
    except ImportError:
        return
    frame = pandas.DataFrame(x, columns=['a', 'b', 'c', 'd', 'e'])
    yield 'frame', frame, pandas.Series(labels, name='label')
    yield 'frame_words', frame, pandas.Series(words)
    yield 'frame_category', frame.assign(k=pandas.Categorical(words)), pandas.Series(x[:, 1])


def variants():
    """Every estimator on other forms of data, with a random state of its own, and not fitted at all."""
    enable_experimental()
    found = estimators_of_library()
    classes, np = dict(found), numpy()
    for name, cls in found:
        try:
            arguments = constructor_arguments(name, cls, classes)
            yield name + '.unfitted', cls(**arguments)
        except Exception as error:
            yield name + '.unfitted', error
            continue
        if 'random_state' in arguments:
            try:
                yield name + '.random_state', cls(**dict(arguments, random_state=np.random.RandomState(5))).fit(*data()['classification'])
            except Exception:
                pass
        for form, x, y in forms_of_data():
            try:
                yield name + '.' + form, cls(**arguments).fit(x, y)
            except Exception:
                pass    # not every estimator takes every form


def tried(pairs):
    """Makes each value in turn; one that cannot be made is yielded as its exception."""
    for name, make in pairs:
        try:
            yield name, make()
        except Exception as error:
            yield name, error


def composites():
    import corpus_composites
    return tried(corpus_composites.pairs(data()))


def boosters():
    import corpus_boosters
    return tried(corpus_boosters.pairs(data()))


SECTIONS = {'estimators': estimators, 'variants': variants, 'composites': composites, 'boosters': boosters}
