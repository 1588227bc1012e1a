"""Writes the seeds of models and boosters: python seeds.py, in this directory, with scikit-learn, xgboost and lightgbm."""
import pickle

import joblib
import lightgbm
import numpy as np
import xgboost
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

X = np.array([[0.0, 1], [1, 0], [2, 2], [3, 1], [4, 0], [5, 2]])
Y = np.array([0, 1, 0, 1, 0, 1])

MODELS = {
    "tree": DecisionTreeClassifier(max_depth=2),
    "knn": KNeighborsClassifier(2, algorithm="kd_tree"),
    "logistic": LogisticRegression(),
    "hist": HistGradientBoostingRegressor(max_iter=1, max_leaf_nodes=3, min_samples_leaf=1, early_stopping=False),
}
for name, model in MODELS.items():
    model.fit(X, Y)
    joblib.dump(model, "seeds/models/%s.joblib" % name)
    with open("seeds/models/%s.pkl" % name, "wb") as file:
        pickle.dump(model, file, 4)

booster = xgboost.train({"max_depth": 1}, xgboost.DMatrix(X, Y), 1)
for form in ["ubj", "json"]:
    with open("seeds/boosters/xgboost." + form, "wb") as file:
        file.write(booster.save_raw(form))
PARAMETERS = {"min_data_in_leaf": 1, "min_data_in_bin": 1, "num_leaves": 3, "verbose": -1}
with open("seeds/boosters/lightgbm.txt", "w") as file:
    file.write(lightgbm.train(PARAMETERS, lightgbm.Dataset(X, Y), 1).model_to_string())
