#!/usr/bin/env python3
"""Write the sample files of the smaller libraries beside this script. Pinned libraries: requirements.txt (Python 3.12.1).

    python -m pip install -r requirements.txt
    python make.py
"""
import os
import pickle
import sys
import warnings

import catboost
import category_encoders
import imblearn.over_sampling
import imblearn.pipeline
import joblib
import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

HERE = os.path.dirname(os.path.abspath(__file__))


def table():
    random = np.random.RandomState(7)
    a, b = random.rand(40) + 0.5, random.rand(40)
    return pd.DataFrame({'y': 2 * a + b + 0.1 * random.rand(40), 'a': a, 'b': b, 'colour': ['red', 'green', 'blue', 'green'] * 10, 'sold': [0, 0, 0, 1] * 10})


def write(name, value):
    path = os.path.join(HERE, name)
    if name.endswith('.joblib'):
        joblib.dump(value, path)
    else:
        with open(path, 'wb') as handle:
            pickle.dump(value, handle, protocol=4)


def main():
    warnings.simplefilter('ignore')
    data = table()
    x = data[['a', 'b']]
    write('statsmodels_formula.pkl', smf.ols('y ~ np.log(a) + b + C(colour)', data).fit())
    write('statsmodels_logit.pkl', sm.Logit(data['sold'], sm.add_constant(x)).fit(disp=0))
    write('imblearn.joblib', imblearn.pipeline.make_pipeline(imblearn.over_sampling.SMOTE(random_state=0), LogisticRegression()).fit(x, data['sold']))
    encoder = category_encoders.TargetEncoder(cols=['colour'])
    write('category_encoders.joblib', make_pipeline(encoder, LogisticRegression()).fit(data[['a', 'colour']], data['sold']))
    model = catboost.CatBoostRegressor(iterations=5, depth=3, verbose=False, allow_writing_files=False, thread_count=1, random_seed=0)
    write('catboost.pkl', model.fit(x, data['y']))
    write('frame_arrow.pkl', data.assign(colour=data['colour'].astype('string[pyarrow]')).set_index(pd.date_range('2024-05-06', periods=40, tz='Europe/Berlin')))


def repeatable():
    """Starts again with the order of sets and the number of threads fixed, so that two runs write the same bytes."""
    wanted = {'PYTHONHASHSEED': '0', 'OMP_NUM_THREADS': '1'}
    if any(os.environ.get(key) != value for key, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, os.path.abspath(__file__)], dict(os.environ, **wanted))


if __name__ == '__main__':
    repeatable()
    main()
