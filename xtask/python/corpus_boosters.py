"""XGBoost and LightGBM models."""


def pairs(sets):
    """(name, function that makes the value); a library that is not installed yields nothing."""
    x, y = sets['classification']
    target = sets['regression'][1]
    try:
        import xgboost
    except ImportError:
        xgboost = None
    if xgboost:
        small = {'n_estimators': 3, 'max_depth': 2, 'random_state': 0, 'n_jobs': 1}
        yield 'xgb_classifier', lambda: xgboost.XGBClassifier(**small).fit(x, y)
        yield 'xgb_regressor', lambda: xgboost.XGBRegressor(**small).fit(x, target)
        yield 'xgb_ranker', lambda: xgboost.XGBRanker(**small).fit(x, y, qid=[0] * 30 + [1] * 30)
        yield 'xgb_rf_classifier', lambda: xgboost.XGBRFClassifier(**small).fit(x, y)
        yield 'xgb_rf_regressor', lambda: xgboost.XGBRFRegressor(**small).fit(x, target)
        yield 'xgb_unfitted', lambda: xgboost.XGBClassifier(**small)
        yield 'xgb_early', lambda: xgboost.XGBClassifier(early_stopping_rounds=2, eval_metric='logloss', **small).fit(x, y, eval_set=[(x, y)], verbose=False)
        yield 'xgb_booster', lambda: xgboost.train({'max_depth': 2, 'nthread': 1}, xgboost.DMatrix(x, y), 3)
        yield 'xgb_linear', lambda: xgboost.XGBRegressor(booster='gblinear', n_estimators=3, n_jobs=1).fit(x, target)
        yield 'xgb_dart', lambda: xgboost.XGBRegressor(booster='dart', **small).fit(x, target)
        yield 'xgb_frame', lambda: xgboost.XGBClassifier(**small).fit(__import__('pandas').DataFrame(x, columns=list('abcde')), y)
        yield 'xgb_pipeline', lambda: __import__('sklearn.pipeline').pipeline.make_pipeline(
            __import__('sklearn.preprocessing').preprocessing.StandardScaler(), xgboost.XGBClassifier(**small)).fit(x, y)
        yield 'xgb_callbacks', lambda: xgboost.XGBClassifier(callbacks=[xgboost.callback.EarlyStopping(rounds=2)], **small).fit(x, y, eval_set=[(x, y)], verbose=False)
        yield 'xgb_search', lambda: __import__('sklearn.model_selection').model_selection.GridSearchCV(xgboost.XGBRegressor(**small), {'max_depth': [1, 2]}, cv=3).fit(x, target)
    try:
        import lightgbm
    except ImportError:
        return
    few = {'n_estimators': 3, 'num_leaves': 4, 'random_state': 0, 'n_jobs': 1, 'verbose': -1}
    yield 'lgb_classifier', lambda: lightgbm.LGBMClassifier(**few).fit(x, y)
    yield 'lgb_regressor', lambda: lightgbm.LGBMRegressor(**few).fit(x, target)
    yield 'lgb_ranker', lambda: lightgbm.LGBMRanker(**few).fit(x, y, group=[30, 30])
    yield 'lgb_unfitted', lambda: lightgbm.LGBMClassifier(**few)
    yield 'lgb_booster', lambda: lightgbm.train({'num_leaves': 4, 'verbose': -1, 'num_threads': 1}, lightgbm.Dataset(x, target), 3)
    yield 'lgb_eval', lambda: lightgbm.LGBMClassifier(**few).fit(x, y, eval_set=[(x, y)])
    yield 'lgb_frame', lambda: lightgbm.LGBMClassifier(**few).fit(__import__('pandas').DataFrame(x, columns=list('abcde')), y)
    yield 'lgb_pipeline', lambda: __import__('sklearn.pipeline').pipeline.make_pipeline(
        __import__('sklearn.preprocessing').preprocessing.StandardScaler(), lightgbm.LGBMRegressor(**few)).fit(x, target)
