"""Writes the tables of the policy.

    python tables.py OBSERVED.json... HOOKS.json

Each table in src/policy/tables is the paragraphs of its namesake in xtask/tables, written by hand, and those that
this script adds from what real files hold (OBSERVED.json and HOOKS.json, made by observe.py and hooks.py): classes that are made without
arguments and given a dict of data. What may be called is never added from observation: this script knows the few
families of functions by name.
"""

import json
import pathlib
import string
import sys

from tables_observed import (HOOKS, MADE, callable_keys, distribution, is_distribution, is_made_plainly, library, methods, python_class,
                             state)
from tables_text import add, read, write, write_needs

# Scalar types of numpy under all the names that they have had.
SCALARS = {
    "bool_": ["bool", "bool8"], "bytes_": ["string_"], "complex128": ["complex_", "cdouble", "cfloat"],
    "complex64": ["csingle", "singlecomplex"], "datetime64": [], "float16": ["half"], "float32": ["single"],
    "float64": ["float_", "double"], "int16": ["short"], "int32": ["intc"], "int64": ["int_", "intp", "long", "longlong"],
    "int8": ["byte"], "longdouble": ["longfloat", "float128"], "clongdouble": ["clongfloat", "longcomplex", "complex256"],
    "object_": ["object0"], "str_": ["unicode_"], "timedelta64": [], "uint16": ["ushort"], "uint32": ["uintc"],
    "uint64": ["uint", "uintp", "ulong", "ulonglong"], "uint8": ["ubyte"], "void": [],
}
ABSTRACT = ["generic", "number", "integer", "signedinteger", "unsignedinteger", "inexact", "floating",
            "complexfloating", "flexible", "character"]

UFUNCS = """abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2 atanh
bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor cbrt
ceil conj conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2 expm1 fabs float_power floor
floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot invert isfinite isinf isnan isnat lcm ldexp
left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor
matmul maximum minimum mod modf multiply negative nextafter not_equal positive pow power rad2deg radians reciprocal
remainder right_shift rint sign signbit sin sinh spacing sqrt square subtract tan tanh true_divide trunc""".split()

# Before numpy 1.20 a ufunc is written as one of whatever module has it, too.
UFUNC_MODULES = {"numpy.core.arrayprint": "absolute", "scipy.optimize._basinhopping": "cos",
                 "scipy.stats._discrete_distns": "exp expm1 floor log log1p sqrt tanh"}

# The classes of dtypes.
DTYPES = """Bool Byte Bytes CLongDouble Complex128 Complex64 DateTime64 Float16 Float32 Float64 Int Int16 Int32 Int64 Int8
Long LongDouble LongLong Object Short Str String TimeDelta64 UByte UInt UInt16 UInt32 UInt64 UInt8 ULong ULongLong UShort
Void""".split()

# Functions that only compute from arrays; under each module that has held them.
FUNCTIONS = {
    "numpy": """all amax amin any argmax argmin argsort around average clip concatenate cumsum cumprod diff dot hstack
        vstack stack max mean median min nan_to_num nanmax nanmean nanmedian nanmin nanstd nansum nanvar percentile
        prod ptp quantile ravel reshape round sort squeeze std sum transpose unique var where isclose allclose
        asarray array ascontiguousarray atleast_1d atleast_2d sign""".split(),
    "numpy.linalg": ["norm"],
    "numpy.linalg.linalg": ["norm"],
    "numpy.linalg._linalg": ["norm"],
    "numpy.core.fromnumeric": """all amax amin any argmax argmin argsort clip cumprod cumsum max mean min prod ptp ravel
        reshape round_ sort squeeze std sum transpose var""".split(),
    "numpy.core.multiarray": ["array", "asarray"],
    "numpy.core.numeric": ["asarray"],
    "numpy.lib.arraysetops": ["unique"],
    "numpy.lib.function_base": ["average", "diff", "median", "percentile", "quantile"],
    "numpy.lib.nanfunctions": ["nanmax", "nanmean", "nanmedian", "nanmin", "nanstd", "nansum", "nanvar"],
    "numpy.lib.type_check": ["nan_to_num"],
    "scipy.special._logsumexp": ["logsumexp", "softmax"],
    "scipy.special._special_ufuncs": ["erf", "expit", "gammaln", "logit", "log_expit"],
    "scipy.special._ufuncs": ["boxcox", "boxcox1p", "erf", "expit", "gammaln", "inv_boxcox", "inv_boxcox1p", "logit"],
    "scipy.special": ["erf", "expit", "gammaln", "logit", "boxcox1p", "inv_boxcox"],
    "scipy.special.basic": ["gammaln"],
    "scipy.optimize._dual_annealing": ["gammaln"],
}
# Kept by files on their own, but sized by what they would be called with.
PLAIN = {"numpy": ["zeros", "ones", "empty", "full", "identity", "eye", "arange", "linspace"],
         "numpy.core.multiarray": ["zeros", "empty", "arange"], "numpy.core.numeric": ["identity", "ones", "full"]}

# The same numpy object under other names. Left: the name in a file.
NUMPY_ALIASES = {
    "numpy.chararray": "numpy.char.chararray",
    "numpy.core.defchararray.chararray": "numpy.char.chararray",
    "numpy.core.memmap.memmap": "numpy.memmap",
    "numpy.matrixlib.defmatrix.matrix": "numpy.matrix",
    "numpy.core.records.recarray": "numpy.recarray",
    "numpy.core.records.record": "numpy.record",
    "numpy.rec.record": "numpy.record",
    "numpy.ma.core.MaskedArray": "numpy.ma.MaskedArray",
    "numpy.core.multiarray._reconstruct": "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar": "numpy._core.multiarray.scalar",
    "numpy.core.numeric._frombuffer": "numpy._core.numeric._frombuffer",
    "numpy.core.multiarray.dtype": "numpy.dtype",
    "numpy.core.multiarray.ndarray": "numpy.ndarray",
    "numpy.core._internal._convert_to_stringdtype_kwargs": "numpy._core._internal._convert_to_stringdtype_kwargs",
    "numpy.core.getlimits.MachArLike": "numpy._core.getlimits.MachArLike",
    "numpy.core.getlimits.finfo": "numpy.finfo",
    "numpy.core.getlimits.iinfo": "numpy.iinfo",
    "numpy.lib.polynomial.poly1d": "numpy.poly1d",
    "numpy.lib._polynomial_impl.poly1d": "numpy.poly1d",
    "numpy.lib.function_base.vectorize": "numpy.vectorize",
    "numpy._core._ufunc_reconstruct": "numpy.core._ufunc_reconstruct",
    "numpy._core._DType_reconstruct": "numpy.core._DType_reconstruct",
    "numpy.random.mtrand.__RandomState_ctor": "numpy.random.__RandomState_ctor",
    "numpy.random.mtrand.RandomState": "numpy.random.RandomState",
    "numpy.random._generator.Generator": "numpy.random.Generator",
    "numpy.random._bit_generator.SeedSequence": "numpy.random.bit_generator.SeedSequence",
    "numpy.random._bit_generator.__pyx_unpickle_SeedSequence": "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
}
POLYNOMIALS = ["polynomial.Polynomial", "chebyshev.Chebyshev", "legendre.Legendre", "laguerre.Laguerre",
               "hermite.Hermite", "hermite_e.HermiteE"]

# Functions of scikit-learn that only compute from arrays.
SKLEARN_FUNCTIONS = {
    "sklearn.gaussian_process.correlation_models.squared_exponential",
    "sklearn.gaussian_process.regression_models.constant",
    "sklearn.cluster._kmeans._kmeans_single_lloyd",
    "sklearn.cluster._kmeans._kmeans_single_elkan",
    "sklearn.metrics._scorer._passthrough_scorer",
    "sklearn.metrics.scorer._passthrough_scorer",
    "sklearn.model_selection._search_successive_halving._refit_callable",
    "sklearn.utils.validation.check_array",
}
METRICS = """accuracy_score balanced_accuracy_score average_precision_score brier_score_loss f1_score fbeta_score
hamming_loss hinge_loss jaccard_score log_loss matthews_corrcoef precision_score recall_score zero_one_loss
cohen_kappa_score roc_auc_score ndcg_score dcg_score top_k_accuracy_score coverage_error label_ranking_loss
explained_variance_score max_error mean_absolute_error mean_squared_error mean_squared_log_error
root_mean_squared_error root_mean_squared_log_error median_absolute_error mean_absolute_percentage_error
mean_pinball_loss mean_poisson_deviance mean_gamma_deviance mean_tweedie_deviance r2_score d2_tweedie_score
d2_pinball_score d2_absolute_error_score""".split()
PAIRWISE = """additive_chi2_kernel chi2_kernel cosine_distances cosine_similarity euclidean_distances haversine_distances
laplacian_kernel linear_kernel manhattan_distances nan_euclidean_distances paired_distances polynomial_kernel rbf_kernel
sigmoid_kernel""".split()
SCORE_FUNCS = ["f_classif", "chi2", "f_regression", "r_regression", "f_oneway"]

BY_CODE = {
    "scipy.spatial.ckdtree.cKDTree", "scipy.spatial._ckdtree.cKDTree", "scipy.spatial._kdtree.KDTree",
}
NATIVE_TREE = ("  new () -> fresh\n  build !kd-tree\n"
               "  native\n  # Node indexes become pointers: they are looked at where their bytes stand in the stream.")


def functions(paragraphs, prefix):
    for module, names in FUNCTIONS.items():
        if module.split(".")[0] == prefix:
            for name in names:
                add(paragraphs, f"{module}.{name}", "harmless")
    for module, names in PLAIN.items():
        if module.split(".")[0] == prefix:
            for name in names:
                add(paragraphs, f"{module}.{name}", "plain")


def numpy():
    head, paragraphs = read("numpy")
    for name, others in SCALARS.items():
        add(paragraphs, f"numpy.{name}", "harmless")
        for other in others:
            add(paragraphs, f"numpy.{other}", f"= numpy.{name}")
    for name in ABSTRACT:
        add(paragraphs, f"numpy.{name}", "harmless")
    for name in UFUNCS:
        add(paragraphs, f"numpy.{name}", "harmless")
        for module in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath", "numpy.core.umath"):
            add(paragraphs, f"{module}.{name}", f"= numpy.{name}")
    functions(paragraphs, "numpy")
    for module, names in UFUNC_MODULES.items():
        for name in names.split():
            add(paragraphs, f"{module}.{name}", f"= numpy.{name}")
    for name in DTYPES:
        add(paragraphs, f"numpy.dtypes.{name}DType", "plain")
    for name, target in NUMPY_ALIASES.items():
        add(paragraphs, name, f"= {target}")
    for name in POLYNOMIALS:
        add(paragraphs, f"numpy.polynomial.{name}", "new () -> fresh",
            "build {coef: array, domain?: array, window?: array, symbol?: str, _symbol?: str, *: any}")
    write("numpy", head, paragraphs)


PANDAS_ALIASES = {
    "pandas.core.arrays.boolean": ["BooleanArray", "BooleanDtype"],
    "pandas.core.arrays.categorical": ["Categorical"],
    "pandas.core.arrays.datetimes": ["DatetimeArray"],
    "pandas.core.arrays.floating": ["Float32Dtype", "Float64Dtype", "FloatingArray"],
    "pandas.core.arrays.integer": ["IntegerArray", "Int8Dtype", "Int16Dtype", "Int32Dtype", "Int64Dtype", "UInt8Dtype",
                                   "UInt16Dtype", "UInt32Dtype", "UInt64Dtype"],
    "pandas.core.arrays.interval": ["IntervalArray"],
    "pandas.core.arrays.period": ["PeriodArray"],
    "pandas.core.arrays.sparse.array": ["SparseArray"],
    "pandas.core.arrays.sparse.dtype": ["SparseDtype"],
    "pandas.core.arrays.string_": ["StringArray", "StringDtype"],
    "pandas.core.arrays.timedeltas": ["TimedeltaArray"],
    "pandas.core.dtypes.dtypes": ["CategoricalDtype", "DatetimeTZDtype", "IntervalDtype", "PeriodDtype", "SparseDtype"],
    "pandas.core.frame": ["DataFrame"],
    "pandas.core.indexes.base": ["Index"],
    "pandas.core.indexes.category": ["CategoricalIndex"],
    "pandas.core.indexes.datetimes": ["DatetimeIndex"],
    "pandas.core.indexes.interval": ["IntervalIndex"],
    "pandas.core.indexes.multi": ["MultiIndex"],
    "pandas.core.indexes.numeric": ["Float64Index", "Int64Index", "UInt64Index"],
    "pandas.core.indexes.period": ["PeriodIndex"],
    "pandas.core.indexes.range": ["RangeIndex"],
    "pandas.core.indexes.timedeltas": ["TimedeltaIndex"],
    "pandas.core.series": ["Series"],
    "pandas._libs.interval": ["Interval"],
    "pandas._libs.tslibs.period": ["Period"],
}
PANDAS_ARRAYS = {"BooleanArray", "DatetimeArray", "FloatingArray", "IntegerArray", "IntervalArray", "PeriodArray",
                 "SparseArray", "StringArray", "TimedeltaArray"}
# Offsets that are made from a count, whether they normalize, and at most one more number.
PANDAS_OFFSETS = """BMonthBegin BMonthEnd BQuarterBegin BQuarterEnd BYearBegin BYearEnd BusinessMonthBegin BusinessMonthEnd
Hour Micro Milli Minute MonthBegin MonthEnd Nano QuarterBegin QuarterEnd Second SemiMonthBegin SemiMonthEnd Week YearBegin
YearEnd""".split()


def pandas():
    head, paragraphs = read("pandas")
    add(paragraphs, "pandas.UInt64Index", "reference")
    for module, names in PANDAS_ALIASES.items():
        for name in names:
            target = f"pandas.arrays.{name}" if name in PANDAS_ARRAYS else f"pandas.{name}"
            add(paragraphs, f"{module}.{name}", f"= {target}")
    add(paragraphs, "pandas._libs.tslibs.offsets.DateOffset", "= pandas.DateOffset")
    for module in ("pandas._libs.tslibs.offsets", "pandas.tseries.offsets", "pandas.offsets"):
        for name in PANDAS_OFFSETS:
            add(paragraphs, f"{module}.{name}", "= pandas._libs.tslibs.offsets.Day")
    add(paragraphs, "pandas.tseries.offsets.Day", "= pandas._libs.tslibs.offsets.Day")
    write("pandas", head, paragraphs)


def scipy(observed):
    head, paragraphs = read("scipy")
    functions(paragraphs, "scipy")
    for symbol, row in observed.items():
        if symbol.split(".")[0] != "scipy":
            continue
        if symbol in BY_CODE:
            paragraphs.setdefault(symbol, f"{symbol}\n{NATIVE_TREE}")
        elif is_distribution(symbol):
            distribution(paragraphs, symbol)
        elif "_qhull" in row.get("state", {}):
            add(paragraphs, symbol, "new () -> fresh", "build {_qhull: None, *: any}",
                "# `close` of `_qhull` is called when the object goes.")
        elif is_made_plainly(row):
            python_class(paragraphs, symbol, row)
        elif symbol.endswith("Result") and set(row.get("uses", {})) == {"new", "reconstructor"}:
            add(paragraphs, symbol, "new (any*) -> scalar", "base builtins.tuple (any*)", "# A named tuple.")
    methods(paragraphs, ("scipy.",), observed)
    # Attribute access leads to these, and the classes on the way are named.
    for symbol in list(paragraphs):
        head_symbol = symbol.rpartition(".")[0]
        if head_symbol in observed and head_symbol not in paragraphs:
            add(paragraphs, head_symbol, "reference")
    write("scipy", head, paragraphs)


def numbers(shapes):
    """The shape of argument tuples that hold nothing but numbers."""
    out = []
    for shape in sorted(shapes):
        inner = shape.strip("()")
        items = [item.strip() for item in inner.split(",") if item.strip()]
        if any(item not in ("int", "float", "bool") for item in items):
            return None
        out.append("(" + ", ".join("number" for _ in items) + ")")
    return " | ".join(dict.fromkeys(out))


def sklearn(observed):
    head, paragraphs = read("sklearn")
    for symbol in SKLEARN_FUNCTIONS:
        add(paragraphs, symbol, "harmless")
    for module in ("_classification", "classification", "_ranking", "ranking", "_regression", "regression"):
        for name in METRICS:
            add(paragraphs, f"sklearn.metrics.{module}.{name}", "harmless")
    for name in PAIRWISE:
        add(paragraphs, f"sklearn.metrics.pairwise.{name}", "harmless")
    for module in ("_univariate_selection", "univariate_selection"):
        for name in SCORE_FUNCS:
            add(paragraphs, f"sklearn.feature_selection.{module}.{name}", "harmless")
    for module in ("_mutual_info", "mutual_info_"):
        for name in ("mutual_info_classif", "mutual_info_regression"):
            add(paragraphs, f"sklearn.feature_selection.{module}.{name}", "harmless")
    metrics_of = {}
    for symbol, row in observed.items():
        top, _, name = symbol.rpartition(".")
        if symbol.split(".")[0] not in ("sklearn", "_loss") or symbol.startswith("sklearn.externals."):
            continue
        uses, args = row.get("uses", {}), row.get("args", {})
        if name == "newObj":
            classes = sorted({shape[5:-1] for shape in args["call"]})
            add(paragraphs, symbol, "call (" + " | ".join(classes) + ") -> instance",
                "# Makes an object of exactly one of these classes.")
            tree = "_tree" in top
            for cls in classes:
                if "dist_metrics" in top:
                    metrics_of.setdefault(top, []).append(cls)
                    add(paragraphs, cls, "build (number, array, array)")
                else:
                    add(paragraphs, cls,
                        "build (array, array, array, array, int, int, int, int, int, int, int, distance-metric)"
                        " | (array, array, array, array, int, int, int, int, int, int, int, distance-metric, None | array)")
                assert tree or "dist_metrics" in top, symbol
        elif name.startswith("__pyx_unpickle_"):
            cls = f"{top}.{name.removeprefix('__pyx_unpickle_')}"
            add(paragraphs, symbol, f"call ({cls}, int, None | () | (number)) -> instance",
                "# Makes an object of exactly this class and sets its numbers.")
            # skops calls the class itself; before 0.14 it made one of them without a call.
            new = ["new () -> fresh"] if name.endswith("CyHalfMultinomialLoss") else []
            add(paragraphs, cls, *new, "init () | (number) -> fresh", "# Numbers, kept.")
        elif "call" in uses and numbers(args["call"]) is not None:
            paragraphs[symbol] = f"{symbol}\n  init {numbers(args['call'])} -> fresh\n  # Numbers, kept."
        elif name in ("_ImputerTriplet", "_CVScoreTuple"):
            add(paragraphs, symbol, "new (any, any, any) -> scalar", "base builtins.tuple (any, any, any)")
        elif name == "DistributionBoundary":
            add(paragraphs, symbol, "new (number, bool) -> scalar", "base builtins.tuple (number, bool)")
        elif is_made_plainly(row):
            if name in ("DeprecationDict", "Bunch", "_DictWithDeprecatedKeys"):
                add(paragraphs, symbol, "new () -> fresh", "init () -> fresh", state(callable_keys(row.get("state", {}))),
                    "base builtins.dict dict", "setitem keyable: data")
            else:
                python_class(paragraphs, symbol, row, ["recursive"] if name.startswith("_CF") else [])
        if name in ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"):
            paragraphs[symbol] = f"{symbol}\n  new () -> fresh\n  build {{_raw_predict?: harmless, *: any}}\n  recursive"
            add(paragraphs, f"{symbol}._raw_predict", "harmless")
    for symbol, row in observed.items():
        if symbol.split(".")[0] in ("sklearn", "_loss") and symbol not in paragraphs and ".externals." not in symbol:
            print("not added:", symbol, list(row.get("references", {}))[:1], file=sys.stderr)
    write("sklearn", head, paragraphs)
    return metrics_of


# The libraries that keep dicts of data, by table; and their names of modules.
UPPER = string.ascii_uppercase + "_cdsz"
PLAIN_LIBRARIES = {"statsmodels": ("statsmodels.",), "imblearn": ("imblearn.",), "encoders": ("category_encoders.",),
                   "torch_nn": ("torch.nn.modules.", "torch.optim.")}


def made(observed):
    """Symbols that real files make without arguments, and the classes of the plain libraries that they refer to."""
    prefixes = sum(PLAIN_LIBRARIES.values(), ())
    for symbol, row in observed.items():
        in_state = [where for where in row.get("references", {}) if where.startswith(("state ", "slots "))]
        if is_made_plainly(row) or symbol.startswith(prefixes) and in_state and symbol.rpartition(".")[2][:1] in UPPER:
            yield symbol


def united(values):
    """Several observations as one: lists are sets, numbers are counts."""
    if isinstance(values[0], dict):
        keys = sorted({key for value in values for key in value})
        return {key: united([value[key] for value in values if key in value]) for key in keys}
    return sorted({item for value in values for item in value}) if isinstance(values[0], list) else sum(values)


def main():
    *observations, hooks = [json.loads(pathlib.Path(path).read_text()) for path in sys.argv[1:]]
    observed = united([one["symbols"] for one in observations])
    HOOKS.update(hooks)
    MADE.update(made(observed))
    for name in ("python", "joblib", "boosters", "pyarrow", "torch"):
        write(name, *read(name))
    numpy()
    pandas()
    scipy(observed)
    for name, prefixes in PLAIN_LIBRARIES.items():
        library(name, prefixes, observed)
    metrics_of = sklearn(observed)
    shape = " | ".join(f"@{cls}" for classes in metrics_of.values() for cls in sorted(classes))
    head, paragraphs = read("shapes")
    paragraphs["distance-metric"] = f"distance-metric\n  {shape}"
    write_needs(observed)
    write("shapes", head, paragraphs)


if __name__ == "__main__":
    main()
