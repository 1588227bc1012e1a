#!/usr/bin/env python
"""Write the samples of old writers beside this script. Each part runs in its own interpreter:

    python2.7  make.py python2         # nothing but Python 2.7.18
    python3.6  make.py joblib09        # joblib==0.9.4 numpy==1.13.3: several files, and the ZF form
    python3.6  make.py joblib010       # joblib==0.10.3 numpy==1.13.3: the first one-file form
    python3.9  make.py joblib11        # joblib==1.1.1 numpy==1.21.6: no padding before arrays
    python3.6  make.py sklearn019      # scikit-learn==0.19.2 numpy==1.13.3 scipy==0.19.1: joblib inside scikit-learn
    python3.8  make.py sklearn024      # scikit-learn==0.24.2 numpy==1.19.5 joblib==1.0.1
    python3.11 make.py sklearn12       # scikit-learn==1.2.2 numpy==1.24.4 joblib==1.2.0
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def write(name, value, protocol):
    import pickle
    with open(os.path.join(HERE, name), 'wb') as handle:
        pickle.dump(value, handle, protocol)


def arrays():
    import numpy as np
    return {'weights': np.arange(12.0).reshape(3, 4), 'fortran': np.asfortranarray(np.arange(6, dtype='i4').reshape(2, 3)),
            'labels': np.array(['a', None, 3], dtype=object), 'name': 'old model', 'bias': np.float64(0.5)}


def python2():
    import collections
    import datetime
    value = [('text', 'abc'), ('unicode', u'caf\xe9'), ('long', 2 ** 70), ('small', long(5)), ('float', 0.1), ('set', {1}),  # noqa: F821
             ('when', datetime.date(2014, 5, 6)), ('ordered', collections.OrderedDict([('a', 1)])), ('range', xrange(3)), ('none', None)]  # noqa: F821
    for protocol in (0, 1, 2):
        write('python2_p%d.pkl' % protocol, value, protocol)
    write('python2_bytes.pkl', {'name': b'caf\xc3\xa9', 'value': 1}, 2)    # needs encoding='latin-1' or 'bytes'


def joblib09():
    import joblib
    joblib.dump(arrays(), os.path.join(HERE, 'joblib_0.9.pkl'))
    joblib.dump(arrays(), os.path.join(HERE, 'joblib_0.9_zf.pkl'), compress=3)


def joblib010():
    import joblib
    joblib.dump(arrays(), os.path.join(HERE, 'joblib_0.10.joblib'))
    joblib.dump(arrays(), os.path.join(HERE, 'joblib_0.10_zlib.joblib'), compress=3)


def joblib11():
    import joblib
    joblib.dump(arrays(), os.path.join(HERE, 'joblib_1.1.joblib'))


def pipeline(name):
    import warnings
    warnings.simplefilter('ignore')
    import numpy as np
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    try:
        import joblib
    except ImportError:
        from sklearn.externals import joblib
    random = np.random.RandomState(7)
    x = random.normal(size=(60, 5))
    model = Pipeline([('scaler', StandardScaler()), ('model', RandomForestRegressor(n_estimators=5, max_depth=4, random_state=0))])
    joblib.dump(model.fit(x, x[:, 0] + x[:, 1]), os.path.join(HERE, name))


PARTS = {'python2': python2, 'joblib09': joblib09, 'joblib010': joblib010, 'joblib11': joblib11,
         'sklearn019': lambda: pipeline('sklearn_0.19.joblib'), 'sklearn024': lambda: pipeline('sklearn_0.24.joblib'), 'sklearn12': lambda: pipeline('sklearn_1.2.joblib')}

if __name__ == '__main__':
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        sys.exit('usage: make.py ' + '|'.join(sorted(PARTS)))
    PARTS[sys.argv[1]]()
