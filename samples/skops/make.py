#!/usr/bin/env python
"""Write the samples of skops beside this script, from the pickles above it: skops==0.16.0, and the versions pinned in
../requirements.txt. `forest_0.11.skops` is by skops==0.11.0, in an environment of its own:

    python make.py

The names of members are addresses, so a second run writes other bytes there.
"""
import pathlib
import warnings
import zipfile

import joblib
import skops
import skops.io

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = HERE.parent
OF = {
    'forest': 'model_p5.pkl', 'boosting': 'gradient_boosting.joblib', 'grid': 'grid_search.joblib',
    'neighbors': 'neighbors.joblib', 'columns': 'columns.joblib', 'text': 'text.joblib', 'lightgbm': 'lightgbm.pkl',
    'xgboost': 'xgboost.pkl', 'sparse': 'data/sparse.pkl', 'arrays': 'data/arrays.pkl',
}


def main():
    warnings.simplefilter('ignore')
    if skops.__version__ == '0.11.0':
        skops.io.dump(joblib.load(SAMPLES / OF['forest']), HERE / 'forest_0.11.skops')
        return
    for name, source in OF.items():
        skops.io.dump(joblib.load(SAMPLES / source), HERE / f'{name}.skops')
    skops.io.dump(joblib.load(SAMPLES / OF['forest']), HERE / 'forest_deflated.skops', compression=zipfile.ZIP_DEFLATED)


if __name__ == '__main__':
    main()
