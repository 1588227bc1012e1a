"""Models as people build them: pipelines, searches, stacks, and the objects that estimators hold."""
import importlib

PARTS = """calibration cluster compose datasets decomposition discriminant_analysis ensemble feature_extraction feature_selection
gaussian_process impute isotonic linear_model metrics model_selection multiclass multioutput naive_bayes neighbors
neural_network pipeline preprocessing svm tree utils"""


class Absent(object):
    """Stands for a part that a library of the day does not have: what uses it fails alone."""
    def __getattr__(self, name):
        raise AttributeError(name)


def part(name):
    try:
        return importlib.import_module('sklearn.' + name)
    except ImportError:
        return Absent()


def pairs(sets):
    """(name, function that makes the value)."""
    import numpy as np
    import scipy.stats
    import corpus_models
    corpus_models.enable_experimental()
    (calibration, cluster, compose, datasets, decomposition, discriminant_analysis, ensemble, feature_extraction, feature_selection,
     gaussian_process, impute, isotonic, linear_model, metrics, model_selection, multiclass, multioutput, naive_bayes, neighbors,
     neural_network, pipeline, preprocessing, svm, tree, utils) = map(part, PARTS.split())
    part('feature_extraction.text')
    x, y = sets['classification']
    _, target = sets['regression']
    texts, text_labels = sets['texts']
    both = sets['multi-output regression'][1]
    kernels = gaussian_process.kernels
    logistic = linear_model.LogisticRegression
    mixed = np.column_stack([x[:, :2].astype(object), np.array(['red', 'green', 'blue'] * 20, dtype=object)])

    def forest(**more):
        return ensemble.RandomForestRegressor(n_estimators=5, random_state=0, **more)

    def column_transformer(fit=True):
        numeric = pipeline.Pipeline([('impute', impute.SimpleImputer(strategy='median')), ('scale', preprocessing.StandardScaler())])
        columns = compose.ColumnTransformer([('num', numeric, [0, 1]), ('cat', preprocessing.OneHotEncoder(handle_unknown='ignore'), [2])])
        return pipeline.Pipeline([('columns', columns), ('model', logistic(max_iter=50))]).fit(mixed, y)

    def frame_columns():
        import pandas
        frame = pandas.DataFrame({'age': x[:, 0], 'fare': x[:, 1], 'city': ['a', 'b', 'c'] * 20})
        columns = compose.ColumnTransformer(
            [('num', preprocessing.StandardScaler(), ['age', 'fare']), ('cat', preprocessing.OneHotEncoder(), ['city']),
             ('sel', preprocessing.MinMaxScaler(), compose.make_column_selector(dtype_include=float)),
             ('slice', 'passthrough', slice(0, 1)), ('fun', preprocessing.FunctionTransformer(np.log1p), [0])], remainder='drop')
        return pipeline.Pipeline([('columns', columns), ('model', forest())]).fit(frame, target)

    def search(cls, estimator, space, **more):
        return cls(estimator, space, cv=3, **more).fit(x, y)

    yield 'pipeline_forest', lambda: pipeline.Pipeline([('scaler', preprocessing.StandardScaler()), ('model', forest())]).fit(x, target)
    yield 'pipeline_text', lambda: pipeline.make_pipeline(feature_extraction.text.TfidfVectorizer(ngram_range=(1, 2), stop_words='english'), logistic()).fit(texts, text_labels)
    yield 'pipeline_text_words', lambda: pipeline.make_pipeline(feature_extraction.text.CountVectorizer(stop_words=['the', 'a'], dtype=np.float32), feature_extraction.text.TfidfTransformer(), naive_bayes.MultinomialNB()).fit(texts, text_labels)
    yield 'pipeline_text_char', lambda: pipeline.make_pipeline(feature_extraction.text.TfidfVectorizer(analyzer='char_wb', ngram_range=(2, 3)), linear_model.SGDClassifier(random_state=0, max_iter=20)).fit(texts, text_labels)
    yield 'pipeline_svd', lambda: pipeline.make_pipeline(feature_extraction.text.HashingVectorizer(n_features=64), decomposition.TruncatedSVD(2, random_state=0), svm.SVC()).fit(texts, text_labels)
    yield 'pipeline_passthrough', lambda: pipeline.Pipeline([('a', 'passthrough'), ('b', logistic())]).fit(x, y)
    yield 'column_transformer', column_transformer
    yield 'column_transformer_frame', frame_columns
    yield 'feature_union', lambda: pipeline.FeatureUnion([('pca', decomposition.PCA(2)), ('kbest', feature_selection.SelectKBest(k=2))]).fit(x, y)
    yield 'grid_search', lambda: search(model_selection.GridSearchCV, svm.SVC(), {'C': [0.1, 1], 'kernel': ['linear', 'rbf']})
    yield 'grid_search_pipeline', lambda: search(model_selection.GridSearchCV, pipeline.Pipeline([('s', preprocessing.StandardScaler()), ('m', logistic())]), [{'m__C': [0.1, 1]}, {'s': [preprocessing.MinMaxScaler(), 'passthrough']}])
    yield 'grid_search_scorers', lambda: search(model_selection.GridSearchCV, svm.SVC(), {'C': [0.1, 1]}, scoring={'acc': 'accuracy', 'f': metrics.make_scorer(metrics.fbeta_score, beta=2)}, refit='acc')
    yield 'grid_search_forest', lambda: model_selection.GridSearchCV(forest(), {'max_depth': [2, None]}, cv=model_selection.KFold(3, shuffle=True, random_state=0)).fit(x, target)
    yield 'random_search', lambda: search(model_selection.RandomizedSearchCV, logistic(), {'C': scipy.stats.uniform(0.1, 2), 'max_iter': scipy.stats.randint(20, 60)}, n_iter=3, random_state=0)
    yield 'random_search_log', lambda: search(model_selection.RandomizedSearchCV, logistic(), {'C': scipy.stats.loguniform(0.1, 2), 'tol': scipy.stats.expon(scale=0.1)}, n_iter=3, random_state=np.random.RandomState(1))
    yield 'stacking_classifier', lambda: ensemble.StackingClassifier([('svc', svm.LinearSVC(random_state=0)), ('tree', tree.DecisionTreeClassifier(random_state=0))], final_estimator=logistic(), cv=3).fit(x, y)
    yield 'stacking_regressor', lambda: ensemble.StackingRegressor([('ridge', linear_model.RidgeCV()), ('forest', forest())], cv=3).fit(x, target)
    yield 'voting_mlp', lambda: ensemble.VotingClassifier([('m%d' % i, neural_network.MLPClassifier(hidden_layer_sizes=(8,), max_iter=20, random_state=i)) for i in range(3)], voting='soft').fit(x, y)
    yield 'bagging_mlp', lambda: ensemble.BaggingClassifier(neural_network.MLPClassifier(hidden_layer_sizes=(6, 4), solver='sgd', max_iter=20, random_state=0), n_estimators=3, random_state=0).fit(x, y)
    yield 'mlp_adam', lambda: neural_network.MLPRegressor(hidden_layer_sizes=(8,), solver='adam', early_stopping=True, max_iter=20, random_state=0).fit(x, target)
    yield 'mlp_lbfgs', lambda: neural_network.MLPRegressor(hidden_layer_sizes=(8,), solver='lbfgs', max_iter=20, random_state=0).fit(x, target)
    for method in ('sigmoid', 'isotonic'):
        yield 'calibrated_' + method, lambda method=method: calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=0), method=method, cv=3).fit(x, y)
    for function in ('log1p', 'sqrt', 'expm1', 'abs', 'exp', 'log'):
        yield 'function_transformer_' + function, lambda function=function: pipeline.make_pipeline(preprocessing.FunctionTransformer(getattr(np, function)), logistic()).fit(x, y)
    yield 'function_transformer_inverse', lambda: preprocessing.FunctionTransformer(np.log1p, inverse_func=np.expm1).fit(x)
    yield 'function_transformer_kwargs', lambda: preprocessing.FunctionTransformer(np.clip, kw_args={'a_min': 0, 'a_max': 1}).fit(x)
    yield 'function_transformer_none', lambda: preprocessing.FunctionTransformer().fit(x)
    yield 'transformed_target', lambda: compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log, inverse_func=np.exp).fit(x, target)
    for score in ('f_classif', 'chi2', 'mutual_info_classif', 'f_regression', 'mutual_info_regression'):
        yield 'select_' + score, lambda score=score: feature_selection.SelectKBest(getattr(feature_selection, score), k=2).fit(x, y)
    yield 'select_percentile', lambda: feature_selection.SelectPercentile(feature_selection.f_classif, percentile=50).fit(x, y)
    yield 'select_from_forest', lambda: feature_selection.SelectFromModel(forest(), threshold='median').fit(x, target)
    yield 'rfecv_forest', lambda: feature_selection.RFECV(forest(), cv=3, scoring='r2').fit(x, target)
    yield 'generic_select', lambda: feature_selection.GenericUnivariateSelect(feature_selection.f_classif, mode='fdr').fit(x, y)
    yield 'multi_output', lambda: multioutput.MultiOutputRegressor(ensemble.GradientBoostingRegressor(n_estimators=3, random_state=0)).fit(x, both)
    yield 'one_vs_rest', lambda: multiclass.OneVsRestClassifier(svm.SVC(probability=True, random_state=0)).fit(x, y)
    for loss in ('squared_error', 'ls', 'absolute_error', 'lad', 'huber', 'quantile'):
        yield 'gradient_boosting_' + loss, lambda loss=loss: ensemble.GradientBoostingRegressor(n_estimators=3, loss=loss, random_state=0).fit(x, target)
    for loss in ('log_loss', 'deviance', 'exponential'):
        yield 'gradient_boosting_c_' + loss, lambda loss=loss: ensemble.GradientBoostingClassifier(n_estimators=3, loss=loss, random_state=0).fit(x, y)
    yield 'gradient_boosting_init', lambda: ensemble.GradientBoostingRegressor(n_estimators=3, init=linear_model.Ridge(), random_state=np.random.RandomState(3)).fit(x, target)
    yield 'gradient_boosting_multi', lambda: ensemble.GradientBoostingClassifier(n_estimators=3, random_state=0).fit(x, (x[:, 0] * 2).astype(int).clip(0, 2))
    for loss in ('squared_error', 'absolute_error', 'poisson', 'gamma', 'quantile', 'least_squares', 'least_absolute_deviation'):
        yield 'hist_boosting_' + loss, lambda loss=loss: ensemble.HistGradientBoostingRegressor(max_iter=3, loss=loss, random_state=0, **({'quantile': 0.5} if loss == 'quantile' else {})).fit(x, target + 5)
    yield 'hist_boosting_classifier', lambda: ensemble.HistGradientBoostingClassifier(max_iter=3, random_state=0).fit(x, y)
    yield 'hist_boosting_early', lambda: ensemble.HistGradientBoostingClassifier(max_iter=3, early_stopping=True, scoring='roc_auc', random_state=0).fit(x, y)
    yield 'hist_boosting_multi', lambda: ensemble.HistGradientBoostingClassifier(max_iter=3, random_state=0).fit(x, (x[:, 0] * 2).astype(int).clip(0, 2))
    yield 'hist_boosting_categories', lambda: ensemble.HistGradientBoostingRegressor(max_iter=3, categorical_features=[0], random_state=0).fit(np.column_stack([np.arange(60) % 4, x[:, 1]]), target)
    yield 'forest_multi_output', lambda: forest().fit(x, both)
    yield 'forest_oob', lambda: ensemble.RandomForestClassifier(n_estimators=10, oob_score=True, class_weight='balanced', random_state=0).fit(x, np.array(['yes', 'no'])[y])
    yield 'forest_criterion', lambda: forest(criterion='poisson', max_depth=3).fit(x, target + 5)
    yield 'forest_monotonic', lambda: forest(monotonic_cst=[1, 0, 0, 0, 0]).fit(x, target)
    yield 'forest_frame', lambda: forest().fit(__import__('pandas').DataFrame(x, columns=list('abcde')), target)
    yield 'extra_trees', lambda: ensemble.ExtraTreesClassifier(n_estimators=4, random_state=np.random.RandomState(0)).fit(x, y)
    yield 'adaboost_tree', lambda: ensemble.AdaBoostClassifier(tree.DecisionTreeClassifier(max_depth=1), n_estimators=3, random_state=0).fit(x, y)
    yield 'isolation_forest', lambda: ensemble.IsolationForest(n_estimators=4, random_state=0).fit(x)
    yield 'tree_best_first', lambda: tree.DecisionTreeRegressor(max_leaf_nodes=4, random_state=0).fit(x, target)
    makers = {
        'rbf': lambda: kernels.RBF(), 'matern': lambda: kernels.Matern(), 'quadratic': lambda: kernels.RationalQuadratic(),
        'exp_sine': lambda: kernels.ExpSineSquared(), 'dot': lambda: kernels.DotProduct(), 'pairwise': lambda: kernels.PairwiseKernel(),
        'sum': lambda: kernels.WhiteKernel() + kernels.RBF(), 'product': lambda: kernels.ConstantKernel(2.0) * kernels.RBF([1.0] * 5),
        'power': lambda: kernels.RBF() ** 2, 'compound': lambda: kernels.CompoundKernel([kernels.RBF(), kernels.WhiteKernel()])}
    for name, make in makers.items():
        yield 'kernel_' + name, make
        if name != 'compound':
            yield 'gp_' + name, lambda make=make: gaussian_process.GaussianProcessRegressor(make(), optimizer=None, alpha=10.0, random_state=0).fit(x, target)
    yield 'gp_classifier', lambda: gaussian_process.GaussianProcessClassifier(kernels.RBF(), optimizer=None).fit(x, y)
    for algorithm in ('kd_tree', 'ball_tree', 'brute'):
        for metric in ('minkowski', 'manhattan', 'chebyshev'):
            yield 'neighbors_%s_%s' % (algorithm, metric), lambda a=algorithm, m=metric: neighbors.KNeighborsClassifier(3, algorithm=a, metric=m).fit(x, y)
    yield 'neighbors_haversine', lambda: neighbors.KNeighborsRegressor(3, algorithm='ball_tree', metric='haversine').fit(x[:, :2], target)
    yield 'neighbors_mahalanobis', lambda: neighbors.NearestNeighbors(algorithm='ball_tree', metric='mahalanobis', metric_params={'V': np.eye(5)}).fit(x)
    yield 'radius_neighbors', lambda: neighbors.RadiusNeighborsRegressor(2.0).fit(x, target)
    yield 'kd_tree', lambda: neighbors.KDTree(x)
    yield 'ball_tree', lambda: neighbors.BallTree(x)
    for metric in ('euclidean', 'minkowski', 'manhattan', 'chebyshev', 'seuclidean', 'haversine', 'hamming', 'canberra', 'braycurtis', 'jaccard'):
        yield 'metric_' + metric, lambda metric=metric: (neighbors if hasattr(neighbors, 'DistanceMetric') else metrics).DistanceMetric.get_metric(metric, **({'V': np.ones(5)} if metric == 'seuclidean' else {}))
    yield 'kernel_density', lambda: neighbors.KernelDensity().fit(x)
    for kernel in ('linear', 'rbf', 'poly', 'sigmoid'):
        yield 'svc_' + kernel, lambda kernel=kernel: svm.SVC(kernel=kernel, probability=True, random_state=0).fit(x, y)
    yield 'svc_sparse', lambda: svm.SVC().fit(__import__('scipy.sparse').sparse.csr_matrix(x), y)
    yield 'svr', lambda: svm.SVR(gamma=0.1).fit(x, target)
    for loss in ('hinge', 'log_loss', 'log', 'modified_huber', 'squared_hinge', 'perceptron'):
        yield 'sgd_' + loss, lambda loss=loss: linear_model.SGDClassifier(loss=loss, max_iter=20, random_state=0).fit(x, y)
    for loss in ('squared_error', 'squared_loss', 'huber', 'epsilon_insensitive', 'squared_epsilon_insensitive'):
        yield 'sgd_r_' + loss, lambda loss=loss: linear_model.SGDRegressor(loss=loss, max_iter=20, random_state=0).fit(x, target)
    for family in ('PoissonRegressor', 'GammaRegressor', 'TweedieRegressor', 'QuantileRegressor'):
        yield 'glm_' + family, lambda family=family: getattr(linear_model, family)(alpha=0.1).fit(x, target + 5)
    yield 'ransac', lambda: linear_model.RANSACRegressor(linear_model.LinearRegression(), random_state=0).fit(x, target)
    yield 'logistic_multi', lambda: logistic(max_iter=50).fit(x, np.array(['a', 'b', 'c'] * 20))
    yield 'logistic_cv', lambda: linear_model.LogisticRegressionCV(cv=3, max_iter=50).fit(x, y)
    yield 'lda', lambda: discriminant_analysis.LinearDiscriminantAnalysis(solver='eigen', shrinkage='auto').fit(x, y)
    yield 'one_hot', lambda: preprocessing.OneHotEncoder().fit([['a', 1], ['b', 2], ['c', 2]])
    yield 'one_hot_dtype', lambda: preprocessing.OneHotEncoder(dtype=np.float32, min_frequency=2).fit([['a'], ['b'], ['b']])
    yield 'ordinal', lambda: preprocessing.OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=np.nan, dtype=np.float64).fit([['a'], ['b']])
    yield 'label_encoder_str', lambda: preprocessing.LabelEncoder().fit(['a', 'b'])
    yield 'target_encoder', lambda: preprocessing.TargetEncoder(random_state=0).fit(mixed[:, 2:], y)
    yield 'spline', lambda: preprocessing.SplineTransformer(n_knots=4).fit(x)
    yield 'polynomial', lambda: preprocessing.PolynomialFeatures(2).fit(x)
    yield 'power', lambda: preprocessing.PowerTransformer().fit(x)
    yield 'bins', lambda: preprocessing.KBinsDiscretizer(3).fit(x)
    yield 'imputer_nan', lambda: impute.SimpleImputer(missing_values=np.nan, add_indicator=True).fit(np.where(x > 1, np.nan, x))
    yield 'imputer_constant', lambda: impute.SimpleImputer(strategy='constant', fill_value='missing').fit(np.array([['a'], [np.nan]], dtype=object))
    yield 'imputer_iterative', lambda: impute.IterativeImputer(forest(), max_iter=2, random_state=0).fit(np.where(x > 1.5, np.nan, x))
    yield 'knn_imputer', lambda: impute.KNNImputer().fit(x)
    yield 'kmeans', lambda: cluster.KMeans(3, n_init=1, random_state=0).fit(x)
    yield 'agglomerative', lambda: cluster.AgglomerativeClustering(3, compute_distances=True).fit(x)
    yield 'feature_agglomeration', lambda: cluster.FeatureAgglomeration(2).fit(x)
    yield 'birch', lambda: cluster.Birch(threshold=0.5).fit(x)
    yield 'nmf', lambda: decomposition.NMF(2, random_state=0, max_iter=20).fit(x)
    yield 'pca_random', lambda: decomposition.PCA(2, random_state=np.random.RandomState(2)).fit(x)
    yield 'isotonic', lambda: isotonic.IsotonicRegression(out_of_bounds='clip').fit(x[:, 0], target)
    yield 'set_output', lambda: preprocessing.StandardScaler().set_output(transform='pandas').fit(x)
    yield 'pipeline_memory', lambda: pipeline.Pipeline([('s', preprocessing.StandardScaler()), ('m', logistic())], memory=None).fit(x, y)
    for name in ('accuracy', 'roc_auc', 'neg_log_loss', 'r2', 'f1_macro', 'neg_mean_squared_error'):
        yield 'scorer_' + name, lambda name=name: (metrics.get_scorer if hasattr(metrics, 'get_scorer') else metrics.scorer.get_scorer)(name)
    for name in ('iris', 'digits', 'wine', 'diabetes', 'breast_cancer'):
        yield 'dataset_' + name, lambda name=name: getattr(datasets, 'load_' + name)()
    for name, args in (('KFold', (3,)), ('StratifiedKFold', (3,)), ('GroupKFold', (3,)), ('ShuffleSplit', (3,)), ('TimeSeriesSplit', (3,)), ('LeaveOneOut', ()),
                       ('RepeatedKFold', ()), ('PredefinedSplit', ([0, 1, 0],)), ('StratifiedShuffleSplit', (3,)), ('ParameterGrid', ({'a': [1, 2]},))):
        yield 'split_' + name, lambda name=name, args=args: getattr(model_selection, name)(*args)
    yield 'parameter_sampler', lambda: model_selection.ParameterSampler({'a': scipy.stats.norm(0, 1)}, 3, random_state=0)
    yield 'bunch', lambda: utils.Bunch(a=1, b=np.arange(3), c='text', d=[logistic()])
    yield 'unfitted', lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), forest())
    yield 'dict_of_models', lambda: {'model': logistic().fit(x, y), 'columns': ['a', 'b'], 'version': 3, 'scores': np.array([0.5]), 'meta': {'when': '2024'}}
    yield 'list_of_models', lambda: [logistic().fit(x, y), forest().fit(x, target), 'name', None]
    yield 'tuple_of_models', lambda: (preprocessing.StandardScaler().fit(x), logistic().fit(x, y))
    yield 'cv_results', lambda: model_selection.cross_validate(logistic(), x, y, cv=3, return_estimator=True)
