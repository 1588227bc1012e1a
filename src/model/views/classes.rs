//! The classes that are known: their families, and what a fitted estimator holds.
//!
//! A class is known by its package and its name, so that the modules that scikit-learn 0.22 renamed do not matter. An
//! attribute is listed under its name in the newest release; [`RENAMED`] has the older ones. Shapes are what `fit` leaves
//! behind, as the class documentation and the code of each release have them.

use super::Family;
use crate::model::tree::Name;
use Dim::{Classes, ClassesLess1, Features, Free, Functions, One};

/// How long an axis of an attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dim {
    /// `n_features_in_`.
    Features,
    /// The length of `classes_`.
    Classes,
    /// One less than that; 1 where there are no classes.
    ClassesLess1,
    /// The number of decision functions: one for two classes, else one for each.
    Functions,
    /// 1.
    One,
    /// A length that has no name, and is the same wherever this number stands in the attributes of an object.
    Free(u8),
}

/// An attribute of a fitted estimator.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// The shapes that it may have; none where they say nothing. A number has none of the axes.
    pub shapes: &'static [&'static [Dim]],
    /// Whether `fit` leaves finite numbers only, whatever it is given.
    pub finite: bool,
}

/// Classes that hold the same attributes.
#[derive(Clone, Copy, Debug)]
pub struct Class {
    /// The package they are in, or a module of it.
    pub package: &'static str,
    /// Their names.
    pub names: &'static [&'static str],
    /// What they are.
    pub family: Family,
    /// What they hold once they are fitted.
    pub attributes: &'static [Attribute],
}

const fn plain(name: &'static str) -> Attribute {
    Attribute { name, shapes: &[], finite: false }
}

const fn shaped(name: &'static str, shapes: &'static [&'static [Dim]]) -> Attribute {
    Attribute { name, shapes, finite: false }
}

const fn finite(name: &'static str, shapes: &'static [&'static [Dim]]) -> Attribute {
    Attribute { name, shapes, finite: true }
}

/// One for each feature.
const BY_FEATURE: &[&[Dim]] = &[&[Features]];
const BY_CLASS: &[&[Dim]] = &[&[Classes]];
const CLASS_BY_FEATURE: &[&[Dim]] = &[&[Classes, Features]];
const NUMBER: &[Dim] = &[];
/// Targets.
const T: Dim = Free(0);
/// Support vectors.
const V: Dim = Free(1);
/// Samples that were fitted.
const S: Dim = Free(2);

/// The classes.
pub const CLASSES: &[Class] = &[
    Class {
        package: "sklearn.linear_model",
        names: &[
            "LogisticRegression",
            "LogisticRegressionCV",
            "Perceptron",
            "PassiveAggressiveClassifier",
            "SGDClassifier",
            "RidgeClassifier",
            "RidgeClassifierCV",
        ],
        family: Family::Linear,
        attributes: &[
            plain("classes_"),
            finite("coef_", &[&[Functions, Features], &[Features]]),
            finite("intercept_", &[&[Functions], NUMBER]),
        ],
    },
    Class {
        package: "sklearn.svm",
        names: &["LinearSVC"],
        family: Family::Linear,
        attributes: &[
            plain("classes_"),
            finite("coef_", &[&[Functions, Features]]),
            finite("intercept_", &[&[Functions], NUMBER]),
        ],
    },
    Class {
        package: "sklearn.svm",
        names: &["LinearSVR"],
        family: Family::Linear,
        attributes: &[finite("coef_", &[&[Features], &[One, Features]]), finite("intercept_", &[&[One], NUMBER])],
    },
    Class {
        package: "sklearn.linear_model",
        names: &[
            "LinearRegression",
            "Ridge",
            "RidgeCV",
            "Lasso",
            "LassoCV",
            "ElasticNet",
            "ElasticNetCV",
            "MultiTaskLasso",
            "MultiTaskLassoCV",
            "MultiTaskElasticNet",
            "MultiTaskElasticNetCV",
            "Lars",
            "LarsCV",
            "LassoLars",
            "LassoLarsCV",
            "LassoLarsIC",
            "OrthogonalMatchingPursuit",
            "OrthogonalMatchingPursuitCV",
            "BayesianRidge",
            "ARDRegression",
            "HuberRegressor",
            "TheilSenRegressor",
            "QuantileRegressor",
            "SGDRegressor",
            "PassiveAggressiveRegressor",
            "PoissonRegressor",
            "GammaRegressor",
            "TweedieRegressor",
        ],
        family: Family::Linear,
        attributes: &[shaped("coef_", &[&[Features], &[T, Features]]), shaped("intercept_", &[NUMBER, &[T]])],
    },
    Class {
        package: "sklearn.linear_model",
        names: &["SGDOneClassSVM"],
        family: Family::Linear,
        attributes: &[finite("coef_", &[&[Features], &[One, Features]]), finite("offset_", &[&[One], NUMBER])],
    },
    Class {
        package: "sklearn.discriminant_analysis",
        names: &["LinearDiscriminantAnalysis"],
        family: Family::Linear,
        attributes: &[
            plain("classes_"),
            shaped("coef_", &[&[Functions, Features]]),
            shaped("intercept_", &[&[Functions]]),
            shaped("priors_", BY_CLASS),
            shaped("means_", CLASS_BY_FEATURE),
            shaped("scalings_", &[&[Features, Free(3)]]),
            shaped("xbar_", BY_FEATURE),
        ],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["StandardScaler"],
        family: Family::Scaler,
        attributes: &[
            shaped("mean_", BY_FEATURE),
            shaped("var_", BY_FEATURE),
            shaped("scale_", BY_FEATURE),
            shaped("n_samples_seen_", &[NUMBER, &[Features]]),
        ],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["MinMaxScaler"],
        family: Family::Scaler,
        attributes: &[
            shaped("min_", BY_FEATURE),
            shaped("scale_", BY_FEATURE),
            shaped("data_min_", BY_FEATURE),
            shaped("data_max_", BY_FEATURE),
            shaped("data_range_", BY_FEATURE),
        ],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["MaxAbsScaler"],
        family: Family::Scaler,
        attributes: &[shaped("scale_", BY_FEATURE), shaped("max_abs_", BY_FEATURE)],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["RobustScaler"],
        family: Family::Scaler,
        attributes: &[shaped("center_", BY_FEATURE), shaped("scale_", BY_FEATURE)],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["PowerTransformer"],
        family: Family::Scaler,
        attributes: &[shaped("lambdas_", BY_FEATURE)],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["QuantileTransformer"],
        family: Family::Scaler,
        attributes: &[shaped("quantiles_", &[&[Free(3), Features]]), shaped("references_", &[&[Free(3)]])],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["Normalizer", "Binarizer", "PolynomialFeatures", "FunctionTransformer"],
        family: Family::Scaler,
        attributes: &[],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["OneHotEncoder", "OrdinalEncoder", "TargetEncoder"],
        family: Family::Encoder,
        attributes: &[plain("categories_"), plain("encodings_"), plain("classes_"), plain("target_mean_")],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["LabelEncoder", "LabelBinarizer", "MultiLabelBinarizer"],
        family: Family::Encoder,
        attributes: &[plain("classes_")],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["KBinsDiscretizer"],
        family: Family::Encoder,
        attributes: &[shaped("n_bins_", BY_FEATURE), shaped("bin_edges_", BY_FEATURE)],
    },
    Class {
        package: "sklearn.impute",
        names: &["SimpleImputer"],
        family: Family::Imputer,
        attributes: &[shaped("statistics_", BY_FEATURE)],
    },
    Class {
        package: "sklearn.preprocessing",
        names: &["Imputer"],
        family: Family::Imputer,
        attributes: &[shaped("statistics_", BY_FEATURE)],
    },
    Class {
        package: "sklearn.impute",
        names: &["KNNImputer"],
        family: Family::Imputer,
        attributes: &[shaped("_fit_X", &[&[S, Features]]), shaped("_mask_fit_X", &[&[S, Features]])],
    },
    Class {
        package: "sklearn.impute",
        names: &["IterativeImputer", "MissingIndicator"],
        family: Family::Imputer,
        attributes: &[plain("features_")],
    },
    Class {
        package: "sklearn.tree",
        names: &["DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"],
        family: Family::Tree,
        attributes: &[plain("classes_"), plain("n_classes_"), plain("n_outputs_"), plain("tree_")],
    },
    Class {
        package: "sklearn.ensemble",
        names: &[
            "RandomForestClassifier",
            "RandomForestRegressor",
            "ExtraTreesClassifier",
            "ExtraTreesRegressor",
            "RandomTreesEmbedding",
        ],
        family: Family::Forest,
        attributes: &[plain("classes_"), plain("n_classes_"), plain("n_outputs_"), plain("estimators_")],
    },
    Class {
        package: "sklearn.ensemble",
        names: &["GradientBoostingClassifier", "GradientBoostingRegressor"],
        family: Family::Boosting,
        attributes: &[
            plain("classes_"),
            plain("n_classes_"),
            plain("estimators_"),
            plain("init_"),
            plain("train_score_"),
        ],
    },
    Class {
        package: "sklearn.ensemble",
        names: &["HistGradientBoostingClassifier", "HistGradientBoostingRegressor"],
        family: Family::HistBoosting,
        attributes: &[
            plain("classes_"),
            plain("n_trees_per_iteration_"),
            plain("_baseline_prediction"),
            plain("_predictors"),
            plain("_bin_mapper"),
            plain("is_categorical_"),
        ],
    },
    Class {
        package: "sklearn.ensemble",
        names: &[
            "AdaBoostClassifier",
            "AdaBoostRegressor",
            "BaggingClassifier",
            "BaggingRegressor",
            "IsolationForest",
            "StackingClassifier",
            "StackingRegressor",
            "VotingClassifier",
            "VotingRegressor",
        ],
        family: Family::Composite,
        attributes: &[plain("classes_"), plain("estimators_"), plain("final_estimator_")],
    },
    Class {
        package: "sklearn.pipeline",
        names: &["Pipeline", "FeatureUnion"],
        family: Family::Composite,
        attributes: &[plain("steps"), plain("transformer_list")],
    },
    Class {
        package: "sklearn.compose",
        names: &["ColumnTransformer", "TransformedTargetRegressor"],
        family: Family::Composite,
        attributes: &[plain("transformers_"), plain("regressor_"), plain("transformer_")],
    },
    Class {
        package: "sklearn.model_selection",
        names: &[
            "GridSearchCV",
            "RandomizedSearchCV",
            "HalvingGridSearchCV",
            "HalvingRandomSearchCV",
            "FixedThresholdClassifier",
            "TunedThresholdClassifierCV",
        ],
        family: Family::Composite,
        attributes: &[plain("best_estimator_"), plain("estimator_")],
    },
    Class {
        package: "sklearn.neural_network",
        names: &["MLPClassifier", "MLPRegressor"],
        family: Family::Network,
        attributes: &[
            plain("classes_"),
            plain("coefs_"),
            plain("intercepts_"),
            plain("n_layers_"),
            plain("n_outputs_"),
            plain("out_activation_"),
        ],
    },
    Class {
        package: "sklearn.svm",
        names: &["SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM"],
        family: Family::SupportVectors,
        attributes: &[
            plain("classes_"),
            shaped("support_", &[&[V]]),
            // None are kept of a precomputed kernel.
            shaped("support_vectors_", &[&[V, Features], &[Free(3), Free(4)]]),
            finite("dual_coef_", &[&[ClassesLess1, V]]),
            finite("_dual_coef_", &[&[ClassesLess1, V]]),
            shaped("n_support_", &[&[Free(5)]]),
            finite("intercept_", &[&[Free(6)]]),
            shaped("_intercept_", &[&[Free(6)]]),
            plain("probA_"),
            plain("probB_"),
            plain("_gamma"),
        ],
    },
    Class {
        package: "sklearn.neighbors",
        names: &[
            "KNeighborsClassifier",
            "KNeighborsRegressor",
            "RadiusNeighborsClassifier",
            "RadiusNeighborsRegressor",
            "NearestNeighbors",
            "KNeighborsTransformer",
            "RadiusNeighborsTransformer",
            "LocalOutlierFactor",
            "KernelDensity",
        ],
        family: Family::Neighbors,
        attributes: &[
            plain("classes_"),
            shaped("_fit_X", &[&[S, Features]]),
            shaped("_y", &[&[S], &[S, T]]),
            plain("_tree"),
            plain("tree_"),
            plain("effective_metric_"),
            plain("n_samples_fit_"),
        ],
    },
    Class {
        package: "sklearn.naive_bayes",
        names: &["GaussianNB"],
        family: Family::Bayes,
        attributes: &[
            plain("classes_"),
            shaped("theta_", CLASS_BY_FEATURE),
            shaped("var_", CLASS_BY_FEATURE),
            shaped("class_count_", BY_CLASS),
            shaped("class_prior_", BY_CLASS),
        ],
    },
    Class {
        package: "sklearn.naive_bayes",
        names: &["MultinomialNB", "ComplementNB", "BernoulliNB"],
        family: Family::Bayes,
        attributes: &[
            plain("classes_"),
            shaped("feature_log_prob_", CLASS_BY_FEATURE),
            shaped("feature_count_", CLASS_BY_FEATURE),
            shaped("class_log_prior_", BY_CLASS),
            shaped("class_count_", BY_CLASS),
        ],
    },
    Class {
        package: "sklearn.naive_bayes",
        names: &["CategoricalNB"],
        family: Family::Bayes,
        attributes: &[
            plain("classes_"),
            plain("feature_log_prob_"),
            shaped("class_log_prior_", BY_CLASS),
            shaped("class_count_", BY_CLASS),
        ],
    },
    Class {
        package: "lightgbm",
        names: &["Booster", "_InnerPredictor", "LGBMClassifier", "LGBMRegressor", "LGBMRanker", "LGBMModel"],
        family: Family::Lightgbm,
        attributes: &[plain("_Booster"), plain("classes_"), plain("_n_classes"), plain("_objective")],
    },
    Class {
        package: "xgboost",
        names: &[
            "Booster",
            "XGBClassifier",
            "XGBRegressor",
            "XGBRanker",
            "XGBRFClassifier",
            "XGBRFRegressor",
            "XGBModel",
        ],
        family: Family::Xgboost,
        attributes: &[plain("_Booster"), plain("n_classes_"), plain("classes_")],
    },
];

/// Names that attributes had before, the newest first.
const RENAMED: &[(&str, &[&str])] = &[
    ("n_features_in_", &["_n_features_in", "n_features_", "_n_features"]),
    ("feature_names_in_", &["feature_names_", "_feature_name", "feature_name_"]),
    ("classes_", &["_classes"]),
    ("estimator_", &["base_estimator_"]),
    ("var_", &["sigma_"]),
    ("n_support_", &["_n_support"]),
    ("probA_", &["_probA"]),
    ("probB_", &["_probB"]),
    ("_bin_mapper", &["bin_mapper_"]),
    ("n_iter_", &["_n_iter"]),
];

/// What an attribute was called before its name of today.
pub(super) fn older(name: &str) -> &'static [&'static str] {
    RENAMED.iter().find(|(newest, _)| *newest == name).map_or(&[], |(_, older)| older)
}

/// The entry of a class.
pub(super) fn class(name: &Name) -> Option<&'static Class> {
    let is_in =
        |package: &str| name.module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    CLASSES.iter().find(|class| class.names.contains(&&*name.name) && is_in(class.package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_known_by_its_package_in_every_release() {
        let find = |module: &str, name: &str| {
            class(&Name { module: module.into(), name: name.into() }).map(|class| class.family)
        };
        assert_eq!(find("sklearn.linear_model.logistic", "LogisticRegression"), Some(Family::Linear));
        assert_eq!(find("sklearn.linear_model._logistic", "LogisticRegression"), Some(Family::Linear));
        assert_eq!(find("sklearn.ensemble.forest", "RandomForestClassifier"), Some(Family::Forest));
        assert_eq!(find("lightgbm.basic", "Booster"), Some(Family::Lightgbm));
        assert_eq!(find("xgboost.core", "Booster"), Some(Family::Xgboost));
        assert_eq!(find("sklearn.linear_models", "LogisticRegression"), None);
        assert_eq!(find("mine", "LogisticRegression"), None);
    }

    #[test]
    fn no_class_stands_twice() {
        let mut all: Vec<_> =
            CLASSES.iter().flat_map(|class| class.names.iter().map(|name| (class.package, *name))).collect();
        let before = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), before);
    }
}
