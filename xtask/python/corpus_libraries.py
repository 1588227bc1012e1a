"""Models of the smaller libraries for the corpus: statsmodels, imbalanced-learn, category_encoders, CatBoost; and plain
data as cloudpickle and dill write it. Each section yields (name, value or exception); a library that is not installed
yields nothing.
"""
import importlib
import inspect

from corpus_plain import accepts, tried


def frame():
    """Forty rows of numbers, words and counts."""
    import numpy as np
    import pandas as pd
    r = np.random.RandomState(0)
    a, b = r.rand(40) + 0.5, r.rand(40) + 0.5
    k = np.array(['x', 'y', 'z', 'y'] * 10)
    y = 2 * a + b + r.rand(40)
    return pd.DataFrame({'y': y, 'a': a, 'b': b, 'k': k, 'group': np.repeat(np.arange(8), 5), 'count': r.poisson(3, 40),
                         'yes': (r.rand(40) > 0.5).astype(int), 'class': r.randint(0, 3, 40), 'my col': a * 2, 'time': np.arange(1, 41) * 1.0})


FORMULAS = ['y ~ a + b', 'y ~ a + b + C(k)', 'y ~ a * b', 'y ~ a:b - 1', 'y ~ 0 + k', 'np.log(y) ~ np.sqrt(a) + np.exp(b)', "y ~ Q('my col')", 'y ~ I(a ** 2) + a',
            'y ~ (a + b) ** 2', 'y ~ C(k, Treatment("y"))', 'y ~ C(k, Sum)', 'y ~ standardize(a) + center(b)', 'y ~ bs(a, df=4)', 'y ~ np.log1p(a)', 'y ~ a / b', 'y ~ I(a + b)', 'y ~ 1',
            'y ~ scale(a)', 'y ~ poly(a, degree=2)', 'y~a+b', 'y ~ np.power(a, 2)', 'y ~ a + I(a * b)']


def statsmodels():
    return tried(statsmodels_pairs())


def statsmodels_pairs():
    import numpy as np
    import pandas as pd
    import statsmodels.api as sm
    import statsmodels.formula.api as smf
    table = frame()
    x = sm.add_constant(table[['a', 'b']])
    exog, endog = x.values, table['y'].values
    families = ('Gaussian', 'Binomial', 'Poisson', 'Gamma', 'InverseGaussian', 'NegativeBinomial', 'Tweedie')
    for name in ('OLS', 'WLS', 'GLS', 'GLSAR', 'RLM', 'QuantReg'):
        yield name, lambda name=name: getattr(sm, name)(endog, exog).fit()
        yield name + '_frame', lambda name=name: getattr(sm, name)(table['y'], x).fit()
        yield name + '_model', lambda name=name: getattr(sm, name)(endog, exog)
    yield 'OLS_robust', lambda: sm.OLS(endog, exog).fit(cov_type='HC3')
    yield 'OLS_summary', lambda: (lambda fit: (fit.summary(), fit)[1])(sm.OLS(table['y'], x).fit())
    yield 'OLS_regularized', lambda: sm.OLS(endog, exog).fit_regularized(alpha=0.1)
    yield 'OLS_no_data', lambda: (lambda fit: (fit.remove_data(), fit)[1])(sm.OLS(table['y'], x).fit())
    for norm in ('HuberT', 'TukeyBiweight', 'AndrewWave', 'Hampel', 'LeastSquares', 'RamsayE', 'TrimmedMean'):
        yield 'RLM_' + norm, lambda norm=norm: sm.RLM(endog, exog, M=getattr(sm.robust.norms, norm)()).fit()
    for family in families:
        yield 'GLM_' + family, lambda family=family: sm.GLM(table['yes'] if family == 'Binomial' else table['count'] + 1, x, family=getattr(sm.families, family)()).fit()
    links = ('Log', 'Identity', 'Logit', 'Probit', 'CLogLog', 'LogLog', 'Cauchy', 'InversePower', 'InverseSquared', 'Sqrt', 'Power', 'log', 'identity', 'logit', 'probit', 'cloglog')
    for link in links:
        yield 'link_' + link, lambda link=link: getattr(sm.families.links, link)()
    yield 'GLM_formula', lambda: smf.glm('yes ~ a + b', table, family=sm.families.Binomial()).fit()
    for n, formula in enumerate(FORMULAS):
        yield 'formula_%02d' % n, lambda formula=formula, np=np: smf.ols(formula, table).fit()
    for n, formula in enumerate(('yes ~ a + b', 'yes ~ C(k)')):
        yield 'logit_formula_%d' % n, lambda formula=formula: smf.logit(formula, table).fit(disp=0)
    for name, target in (('Logit', 'yes'), ('Probit', 'yes'), ('MNLogit', 'class'), ('Poisson', 'count'), ('NegativeBinomial', 'count'), ('NegativeBinomialP', 'count'),
                         ('GeneralizedPoisson', 'count'), ('ZeroInflatedPoisson', 'count'), ('ZeroInflatedNegativeBinomialP', 'count')):
        yield name, lambda name=name, target=target: getattr(sm, name)(table[target], x).fit(disp=0, maxiter=20)
    yield 'negative_binomial_formula', lambda: smf.negativebinomial('count ~ a', table).fit(disp=0)
    yield 'MixedLM', lambda: sm.MixedLM(table['y'], x, groups=table['group']).fit()
    yield 'mixedlm_formula', lambda: smf.mixedlm('y ~ a', table, groups=table['group']).fit()
    yield 'GEE', lambda: sm.GEE(table['y'], x, groups=table['group'], cov_struct=sm.cov_struct.Exchangeable()).fit()
    yield 'gee_formula', lambda: smf.gee('y ~ a', 'group', table).fit()
    yield 'PHReg', lambda: sm.PHReg(table['time'], x[['a', 'b']], status=table['yes']).fit()
    yield 'phreg_formula', lambda: smf.phreg('time ~ a + b', table, status='yes').fit()
    yield 'conditional_logit', lambda: sm.ConditionalLogit(table['yes'], x[['a']], groups=table['group']).fit(disp=0)
    yield 'ordinal', lambda: __import__('statsmodels.miscmodels.ordinal_model').miscmodels.ordinal_model.OrderedModel(table['class'], x[['a', 'b']]).fit(disp=0)
    yield 'recursive_ls', lambda: sm.RecursiveLS(endog, exog).fit()
    yield 'rolling_ols', lambda: __import__('statsmodels.regression.rolling').regression.rolling.RollingOLS(endog, exog, window=10).fit()
    yield 'gam', lambda: sm.GLMGam(endog, smoother=sm.gam.BSplines(table[['a']], df=[5], degree=[3])).fit()
    yield 'ecdf', lambda: __import__('statsmodels.distributions').distributions.ECDF(endog)
    yield 'kde', lambda: (lambda kde: (kde.fit(), kde)[1])(sm.nonparametric.KDEUnivariate(endog))
    yield 'kde_multivariate', lambda: sm.nonparametric.KDEMultivariate(endog, 'c')
    yield 'pca', lambda: sm.PCA(table[['y', 'a', 'b']])
    yield 'factor', lambda: sm.Factor(table[['y', 'a', 'b']].values, 1).fit()
    yield 'mice_data', lambda: sm.MICEData(table[['y', 'a', 'b']])
    yield 'anova', lambda: sm.stats.anova_lm(smf.ols('y ~ C(k)', table).fit())
    yield 't_test', lambda: sm.OLS(endog, exog).fit().t_test([0, 1, 0])
    yield 'f_test', lambda: sm.OLS(endog, exog).fit().f_test([[0, 1, 0]])
    yield 'influence', lambda: sm.OLS(endog, exog).fit().get_influence()
    yield 'prediction', lambda: sm.OLS(endog, exog).fit().get_prediction(exog[:3])
    yield 'description', lambda: __import__('statsmodels.stats.weightstats').stats.weightstats.DescrStatsW(endog)
    yield 'lowess', lambda: sm.nonparametric.lowess(endog, table['a'])
    yield 'proportion', lambda: sm.stats.Table2x2(np.array([[3, 4], [5, 6]]))
    t = pd.Series(np.cumsum(endog), index=pd.date_range('2020-01-01', periods=40))
    for name, make in (
            ('ARIMA', lambda s: sm.tsa.ARIMA(s, order=(1, 0, 0)).fit()), ('SARIMAX', lambda s: sm.tsa.SARIMAX(s, order=(1, 0, 0)).fit(disp=0)), ('AutoReg', lambda s: sm.tsa.AutoReg(s, 2).fit()),
            ('ExponentialSmoothing', lambda s: sm.tsa.ExponentialSmoothing(s, trend='add').fit()), ('SimpleExpSmoothing', lambda s: sm.tsa.SimpleExpSmoothing(s).fit()), ('Holt', lambda s: sm.tsa.Holt(s).fit()),
            ('UnobservedComponents', lambda s: sm.tsa.UnobservedComponents(s, 'local level').fit(disp=0)), ('ETS', lambda s: __import__('statsmodels.tsa.exponential_smoothing.ets').tsa.exponential_smoothing.ets.ETSModel(s).fit(disp=0)),
            ('seasonal', lambda s: sm.tsa.seasonal_decompose(s, period=7)), ('STL', lambda s: sm.tsa.STL(s, period=7).fit()), ('MarkovRegression', lambda s: sm.tsa.MarkovRegression(s, 2).fit(disp=0)),
            ('Theta', lambda s: __import__('statsmodels.tsa.forecasting.theta').tsa.forecasting.theta.ThetaModel(s, period=7).fit()), ('forecast', lambda s: sm.tsa.SARIMAX(s, order=(1, 0, 0)).fit(disp=0).get_forecast(3))):
        yield 'tsa_' + name, lambda make=make: make(t)
        yield 'tsa_array_' + name, lambda make=make: make(t.values)
    both = pd.DataFrame({'u': t.diff().fillna(0.5), 'v': table['b'].values}, index=t.index)
    yield 'tsa_VAR', lambda: sm.tsa.VAR(both).fit(1)
    yield 'tsa_VARMAX', lambda: sm.tsa.VARMAX(both, order=(1, 0)).fit(disp=0, maxiter=3)
    yield 'tsa_DynamicFactor', lambda: sm.tsa.DynamicFactor(both, k_factors=1, factor_order=1).fit(disp=0, maxiter=3)
    yield 'tsa_VECM', lambda: __import__('statsmodels.tsa.vector_ar.vecm').tsa.vector_ar.vecm.VECM(both).fit()
    yield 'tsa_deterministic', lambda: __import__('statsmodels.tsa.deterministic').tsa.deterministic.DeterministicProcess(t.index, constant=True, order=1)


def classes_of(package, wanted):
    """(name, class) of every public class of a package's namesake modules."""
    module = importlib.import_module(package)
    for name, cls in sorted(vars(module).items()):
        if inspect.isclass(cls) and wanted(name, cls) and not inspect.isabstract(cls):
            yield name, cls


def imblearn():
    return tried(imblearn_pairs())


def imblearn_pairs():
    import numpy as np
    import imblearn.pipeline
    import sklearn.linear_model
    import sklearn.preprocessing
    r = np.random.RandomState(0)
    x = np.abs(r.normal(size=(90, 4)))
    y = np.array([0] * 60 + [1] * 30)
    x[y == 1] += 0.7
    words = np.column_stack([x[:, :2].astype(object), np.array(['a', 'b', 'c'] * 30, dtype=object)])
    for package in ('over_sampling', 'under_sampling', 'combine', 'ensemble'):
        try:
            found = list(classes_of('imblearn.' + package, lambda name, cls: hasattr(cls, 'fit')))
        except ImportError:
            continue
        for name, cls in found:
            arguments = {}
            accepted = accepts(cls)
            for key, value in (('random_state', 0), ('n_estimators', 3), ('n_jobs', None)):
                if key in accepted:
                    arguments[key] = value
            if name == 'SMOTENC':
                arguments['categorical_features'] = [2]

            def fitted(cls=cls, arguments=arguments, name=name, package=package):
                sampler = cls(**arguments)
                if package == 'ensemble':
                    return sampler.fit(x, y)
                data = words if name in ('SMOTENC',) else words[:, 2:] if name == 'SMOTEN' else x
                method = getattr(sampler, 'fit_resample', None) or sampler.fit_sample
                method(data, y)
                return sampler
            yield name, fitted
            yield name + '_unfitted', lambda cls=cls, arguments=arguments: cls(**arguments)
    yield 'FunctionSampler', lambda: importlib.import_module('imblearn').FunctionSampler()
    yield 'pipeline', lambda: imblearn.pipeline.make_pipeline(
        importlib.import_module('imblearn.over_sampling').SMOTE(random_state=0), sklearn.preprocessing.StandardScaler(), sklearn.linear_model.LogisticRegression()).fit(x, y)
    yield 'instance_hardness_cv', lambda: importlib.import_module('imblearn.model_selection').InstanceHardnessCV(sklearn.linear_model.LogisticRegression())


def encoders():
    return tried(encoders_pairs())


def encoders_pairs():
    import numpy as np
    import pandas as pd
    import sklearn.linear_model
    import sklearn.pipeline
    import category_encoders
    table = frame()
    x = table[['a', 'k', 'group']].assign(group=table['group'].astype(str), c=pd.Categorical(table['k']))
    y = table['yes']
    for name, cls in classes_of('category_encoders', lambda name, cls: hasattr(cls, 'fit')):
        yield name, lambda cls=cls: cls(cols=['k', 'group']).fit(x, y)
        yield name + '_all', lambda cls=cls: cls().fit(x, y)
        yield name + '_array', lambda cls=cls: cls(cols=[1]).fit(np.asarray(x[['a', 'k']], dtype=object), y)
        yield name + '_unfitted', lambda cls=cls: cls()

    def wrapper():
        return importlib.import_module('category_encoders.wrapper')
    yield 'PolynomialWrapper', lambda: wrapper().PolynomialWrapper(category_encoders.TargetEncoder(cols=['k'])).fit(x, table['class'])
    yield 'NestedCVWrapper', lambda: wrapper().NestedCVWrapper(category_encoders.TargetEncoder(cols=['k']), cv=3, random_state=0).fit(x, y)
    yield 'pipeline', lambda: sklearn.pipeline.make_pipeline(category_encoders.TargetEncoder(cols=['k', 'group', 'c']), sklearn.linear_model.LogisticRegression()).fit(x, y)


def catboost():
    return tried(catboost_pairs())


def catboost_pairs():
    import catboost
    import numpy as np
    import sklearn.model_selection
    import sklearn.pipeline
    import sklearn.preprocessing
    table = frame()
    x, y, words = table[['a', 'b']].values, table['y'].values, table[['a', 'k']]
    few = {'iterations': 3, 'depth': 2, 'verbose': False, 'allow_writing_files': False, 'thread_count': 1, 'random_seed': 0}
    yield 'regressor', lambda: catboost.CatBoostRegressor(**few).fit(x, y)
    yield 'classifier', lambda: catboost.CatBoostClassifier(**few).fit(x, table['yes'])
    yield 'multiclass', lambda: catboost.CatBoostClassifier(**few).fit(x, table['class'])
    yield 'base', lambda: catboost.CatBoost(dict(few, loss_function='RMSE')).fit(x, y)
    yield 'ranker', lambda: catboost.CatBoostRanker(**few).fit(x, y, group_id=np.repeat(np.arange(8), 5))
    yield 'categories', lambda: catboost.CatBoostClassifier(cat_features=['k'], **few).fit(words, table['yes'])
    yield 'labels', lambda: catboost.CatBoostClassifier(**few).fit(x, table['k'])
    yield 'evaluated', lambda: catboost.CatBoostRegressor(**few).fit(x, y, eval_set=(x, y))
    yield 'early', lambda: catboost.CatBoostRegressor(early_stopping_rounds=2, eval_metric='MAE', **few).fit(x, y, eval_set=[(x, y)])
    yield 'unfitted', lambda: catboost.CatBoostRegressor(**few)
    yield 'frame', lambda: catboost.CatBoostRegressor(**few).fit(table[['a', 'b']], table['y'])
    yield 'importance', lambda: (lambda model: (model.get_feature_importance(), model)[1])(catboost.CatBoostRegressor(**few).fit(x, y))
    yield 'pipeline', lambda: sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), catboost.CatBoostRegressor(**few)).fit(x, y)
    yield 'search', lambda: sklearn.model_selection.GridSearchCV(catboost.CatBoostRegressor(**few), {'depth': [1, 2]}, cv=2).fit(x, y)


def by_value():
    """Data of stock classes, for cloudpickle and dill. dill looks types up by name at run time: none of those is here."""
    import collections
    import datetime
    import decimal
    yield 'plain', {'a': [1, 2.5, 'x', None, True], 'b': (1, b'y'), 'c': {1, 2}}
    yield 'collections', [collections.OrderedDict(a=1), collections.Counter('aab'), collections.deque([1], maxlen=2)]
    yield 'dates', [datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc), datetime.date(2020, 1, 2), datetime.timedelta(1)]
    yield 'decimal', decimal.Decimal('1.5')
    import logging
    yield 'logger', logging.getLogger('model')
    import numpy as np
    yield 'arrays', {'x': np.arange(3.0), 'o': np.array([1, 'a'], dtype=object), 's': np.float32(1.5), 'd': np.dtype('M8[ns]'), 'u': np.log1p, 'f': np.asfortranarray(np.zeros((2, 3)))}
    try:
        import pandas as pd
        yield 'frame', pd.DataFrame({'a': [1, 2], 'b': ['x', 'y'], 'c': pd.date_range('2020-01-01', periods=2)})
    except ImportError:
        pass
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    x, y = np.arange(12.0).reshape(6, 2), [0, 1] * 3
    yield 'pipeline', make_pipeline(FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression()).fit(x, y)


SECTIONS = {'statsmodels': statsmodels, 'imblearn': imblearn, 'category_encoders': encoders, 'catboost': catboost}
