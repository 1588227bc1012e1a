"""Entries from observation: classes that are made without arguments and given a dict of data.

What may be called is never added from here, and neither is a class with a ``__setstate__`` that nobody has read.
"""
import re
import sys

from tables_text import add, read, write

# Where tables written by hand say that a symbol is another name for one.
ALIASES = {}
# Classes that real files make without arguments.
MADE = set()
# What hooks.py found: for each class, who defines its `__setstate__`, `__new__`, `__del__` and `__setattr__`.
HOOKS = {}
# Definers of `__setstate__` whose code was read, and what it does with a dict of data.
REVIEWED = {
    "lightgbm.basic.Booster": "written by hand",
    "sklearn.base.BaseEstimator": "compares a version, keeps the dict",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": "keeps the dict, casts the dtype of its nodes",
    "sklearn.isotonic.IsotonicRegression": "keeps the dict, interpolates over two of its arrays",
    "sklearn.tree._tree.Tree": "written by hand",
    "scipy.spatial._ckdtree.cKDTree": "takes a tuple only",
    "statsmodels.base.wrapper.ResultsWrapper": "keeps the dict",
    "statsmodels.discrete.discrete_model.NegativeBinomial": "keeps the dict, picks methods of its own by a text",
    "scipy.sparse._coo.coo_matrix": "keeps the dict, renames two keys",
    "torch.nn.modules.activation.LogSoftmax": "keeps the dict, adds a number that is missing",
    "torch.nn.modules.activation.MultiheadAttention": "keeps the dict, adds a flag that is missing",
    "torch.nn.modules.activation.Softmax": "keeps the dict, adds a number that is missing",
    "torch.nn.modules.activation.Softmin": "keeps the dict, adds a number that is missing",
    "torch.nn.modules.conv._ConvNd": "keeps the dict, adds a text that is missing",
    "torch.nn.modules.module.Module": "keeps the dict, adds hooks that are missing",
    "torch.nn.modules.pooling.AvgPool3d": "keeps the dict, adds numbers that are missing",
    "torch.nn.modules.transformer.TransformerDecoderLayer": "keeps the dict, adds a function that is missing",
    "torch.nn.modules.transformer.TransformerEncoderLayer": "keeps the dict, adds a function that is missing",
    "torch.nn.modules.upsampling.Upsample": "keeps the dict, adds a flag that is missing",
    "torch.optim.optimizer.Optimizer": "keeps the dict, adds options that are missing, times the step of its class",
    "torch.optim.sgd.SGD": "the same, adds options that are missing",
}


# Methods that objects keep of themselves or of others, bound; all only compute.
METHODS = set("""_annealing_cos _call_linear _call_linear_np _call_nearest _call_nearest_np _call_previousnext
_call_previousnext_np _call_spline _entropy _euclidean_norm _h_cubic _h_gaussian _h_inverse _h_linear _h_multiquadric _h_quintic
_h_thin_plate _hessian_logit _hessian_probit _random_lhs _random_oa_lhs _scale_fn _triangular_scale_fn
loglike _random""".split())
SYMBOL = re.compile(r"sym:([\w.]+)")


def callable_keys(uses):
    """Keys of a state under which callables were seen, alone, among data, or as the values of a dict of texts."""
    found = {}
    for key, shapes in uses.items():
        if any("sym:" in shape for shape in shapes):
            alone = sorted(ALIASES.get(shape[4:], shape[4:]) for shape in shapes if shape.startswith("sym:") and shape[4:] in MADE)
            methods = any(shape[4:].rpartition(".")[2] in METHODS for shape in shapes if shape.startswith("sym:"))
            maps = [SYMBOL.findall(shape) for shape in shapes if re.fullmatch(r"dict\{str: (sym:[\w.]+\|?)+\}", shape)]
            maps = [f"map(str, {' | '.join(sorted({ALIASES.get(name, name) for name in names}))})" for names in maps if set(names) <= MADE]
            others = [] if len(maps) == len(shapes) else ["harmless | data" if methods else "data"]
            found[key] = " | ".join([*alone, *maps, *others])
    return found


def state(found, keys=""):
    special = "".join(f"{key if key.isidentifier() else repr(key)}?: {shape}, " for key, shape in sorted(found.items()))
    return "build {" + keys + special + "*: any}" if special or keys else "build estimator"


def python_class(paragraphs, symbol, row, extra=()):
    """A class of Python code that is made without arguments and keeps a dict of data."""
    unread = set(HOOKS.get(symbol, {}).get("__setstate__", ())) - set(REVIEWED)
    if symbol not in paragraphs and unread:
        print("not reviewed:", symbol, "takes its state by", sorted(unread), file=sys.stderr)
        return
    keys = "__doc__?: None | str, " if "__doc__" in row.get("state", {}) else ""
    clauses = ["new () -> fresh", state(callable_keys(row.get("state", {})), keys)]
    slots = row.get("slots")
    if slots:
        shapes = {key: ("data" if any("sym:" in shape for shape in seen) else "any") for key, seen in slots.items()}
        clauses[1] = "build None | {*: any}" if not callable_keys(row.get("state", {})) else \
            "build None | " + state(callable_keys(row["state"])).removeprefix("build ")
        clauses.append("slots {" + ", ".join(f"{key}?: {shape}" for key, shape in sorted(shapes.items())) + "}")
    if "setitem" in row.get("uses", {}) or any("builtins.dict" in shape for shape in row.get("args", {}).get("reconstructor", [])):
        clauses.append("base builtins.dict dict")
        clauses.append("setitem keyable: data")
    if any(note.startswith("built after it stood in: call builtins.getattr") for note in row.get("notes", ())):
        clauses.append("recursive")
    add(paragraphs, symbol, *dict.fromkeys([*clauses, *extra]))


def is_made_plainly(row):
    uses = row.get("uses", {})
    plainly = all(shape.startswith(("(sym:builtins.object", "(sym:builtins.dict")) for shape in row.get("args", {}).get("reconstructor", ()))
    return plainly and "new_ex" not in uses and ("new" in uses or "reconstructor" in uses) and row.get("args", {}).get("new", ["()"]) == ["()"]


def distribution(paragraphs, symbol):
    """A distribution of scipy (`rv_generic`)."""
    add(paragraphs, symbol, "new () -> fresh",
        "build {_parse_arg_template: <argparser>, __doc__?: None | str, vecentropy?: @numpy.vectorize | harmless, *: any}"
        " | ({__doc__?: None | str, *: simple | array | (array, array) | ([number*], [number*])}, @numpy.random.__RandomState_ctor | @numpy.random._pickle.__randomstate_ctor | None)",
        "recursive",
        "# `__setstate__` runs `_parse_arg_template`; the pair is the form before scipy 1.6.")
    for method in ("_entropy",):
        add(paragraphs, f"{symbol}.{method}", "harmless")


def is_distribution(symbol):
    return "scipy.stats._distn_infrastructure.rv_generic" in HOOKS.get(symbol, {}).get("__setstate__", ())


def methods(paragraphs, prefixes, observed):
    """Entries for the bound methods that were seen."""
    for symbol, row in observed.items():
        if symbol.startswith(prefixes) and set(row.get("uses", {})) <= {"by getattr", "bound"} and row.get("uses"):
            if symbol.rpartition(".")[2] in METHODS:
                add(paragraphs, symbol, "harmless")
            else:
                print("not reviewed:", symbol, "is taken by getattr", file=sys.stderr)


def library(name, prefixes, observed):
    """The table of a library that is written in Python and keeps its data in dicts."""
    head, paragraphs = read(name)
    for symbol, text in paragraphs.items():
        if "\n  = " in text:
            ALIASES[symbol] = text.split("\n  = ", 1)[1].strip()
    for symbol, row in observed.items():
        if not symbol.startswith(prefixes):
            continue
        built_late = any("built after" in note and "getattr" not in note or note == "recursive" for note in row.get("notes", ()))
        if is_distribution(symbol):
            distribution(paragraphs, symbol)
        elif is_made_plainly(row):
            python_class(paragraphs, symbol, row, ["recursive"] if built_late else [])
    methods(paragraphs, prefixes, observed)
    for symbol in sorted(MADE):
        if symbol.startswith(prefixes):
            add(paragraphs, symbol, "reference")
    for symbol in observed:
        if symbol.startswith(prefixes) and symbol not in paragraphs:
            print("not added:", symbol, list(observed[symbol].get("references", {}))[:1], file=sys.stderr)
    write(name, head, paragraphs)
