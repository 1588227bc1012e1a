"""Converts every model that scikit-learn, LightGBM and XGBoost can fit to .skops, and asks skops.

    python xtask/python/skops_check.py target/release/depickle [--only SECTION ...] [--small] [--corpus DIRECTORY]

Needs from PyPI: skops==0.16.0 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 joblib==1.6.0; for all sections also
pandas, lightgbm==4.7.0, xgboost==3.2.0. Each model is written by pickle (protocols 2, 4, 5) and joblib (plain and
compressed), converted by `depickle convert` without being loaded, and then

- loaded by skops.io.load, trusting what skops.io.get_untrusted_types names and nothing else;
- asked for predict, predict_proba, decision_function, transform, score_samples and kneighbors: answers have to be those
  of the pickled model, to the last bit;
- compared with skops' own dump of the model: the same untrusted types.

What depickle refuses, skops has to refuse, too, or lose. The table goes to standard output; the exit code is 1 where
anything differs. `--small` takes a few models in two forms, in seconds; `--corpus` takes the files that corpus.py wrote
with the same libraries, and fits nothing.
"""

import argparse
import collections
import json
import pathlib
import pickle
import subprocess
import sys
import tempfile
import warnings

import corpus_models
import joblib
import numpy
import scipy.sparse
import skops.io

METHODS = ["predict", "predict_proba", "decision_function", "transform", "score_samples", "kneighbors"]
SMALL = [
    "Pipeline", "ColumnTransformer", "GridSearchCV", "RandomForestClassifier", "HistGradientBoostingRegressor",
    "GradientBoostingClassifier", "LogisticRegression", "SVC", "KNeighborsClassifier", "MLPClassifier", "TfidfVectorizer",
    "OneHotEncoder", "IterativeImputer", "GaussianProcessClassifier", "SGDClassifier", "KernelDensity", "Birch",
]
INPUTS = 2


def forms(small, section):
    """(name of the file, function that writes it)."""
    def by_pickle(protocol):
        return lambda value, path: path.write_bytes(pickle.dumps(value, protocol))

    def by_joblib(compress):
        return lambda value, path: joblib.dump(value, path, compress=compress)

    every = [(f"p{protocol}.pkl", by_pickle(protocol)) for protocol in (2, 4, 5)]
    every += [("plain.joblib", by_joblib(0)), ("zlib.joblib", by_joblib(("zlib", 3)))]
    few = small or section == "variants"
    return [form for form in every if not few or form[0] in ("p2.pkl", "zlib.joblib")]


def same(one, other):
    """Whether two answers are one, to the last bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, numpy.ndarray) and one.dtype == object:
        return one.shape == other.shape and all(same(a, b) for a, b in zip(one.ravel(), other.ravel()))
    if isinstance(one, (numpy.ndarray, numpy.generic)):
        return (one.dtype, one.shape) == (other.dtype, other.shape) and one.tobytes() == other.tobytes()
    if scipy.sparse.issparse(one):
        parts = [(part.tocoo().data, *part.tocoo().coords) for part in (one, other)]
        return one.shape == other.shape and all(same(a, b) for a, b in zip(*parts))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other))
    if hasattr(one, "to_numpy"):
        return list(one.columns) == list(other.columns) and same(one.to_numpy(), other.to_numpy())
    return one == other


def answers(model, inputs, asked=None):
    """What a model says, by method and input: of the first inputs that it takes, or of what is asked."""
    said, taken = {}, 0
    for number, data in enumerate(inputs):
        for method in METHODS:
            if not hasattr(model, method) or (asked is not None and (method, number) not in asked):
                continue
            try:
                said[method, number] = getattr(model, method)(data)
            except Exception:
                continue
        taken += any(key[1] == number for key in said)
        if taken == INPUTS:
            break
    return said


def native(value):
    """What skops itself makes of a model: its bytes, or why it has none."""
    try:
        return skops.io.dumps(value), None
    except RecursionError:
        return None, "RecursionError"
    except Exception as error:
        return None, type(error).__name__


def load(data):
    untrusted = skops.io.get_untrusted_types(data=data)
    return skops.io.loads(data, trusted=untrusted), untrusted


def works(data, said, inputs):
    """Whether skops gives back from its own file what was put in."""
    try:
        model, _ = load(data)
    except Exception:
        return False
    again = answers(model, inputs, said)
    return again.keys() == said.keys() and all(same(said[key], again[key]) for key in said)


class Check:
    def __init__(self, binary, directory):
        self.binary, self.directory = binary, directory
        self.rows = collections.defaultdict(collections.Counter)
        self.wrong, self.refused = [], collections.Counter()

    def say(self, line):
        self.wrong.append(line)
        print(line, file=sys.stderr, flush=True)

    def convert(self, path):
        out = self.directory / "model.skops"
        out.unlink(missing_ok=True)
        report = self.directory / "report.json"
        command = [self.binary, "convert", path, "-o", out, "--report", report, "--force"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        return done, json.loads(report.read_text()), out

    def model(self, section, name, value, inputs, files):
        """All forms of one model: names of forms, and the files."""
        try:
            original = pickle.dumps(value)
        except Exception:
            return
        own, refusal = native(value)
        said = answers(pickle.loads(original), inputs)
        known = {}
        for form, path in files:
            row = self.rows[section, form]
            row["files"] += 1
            self.one(f"{section} {name} {form}", row, path, (said, inputs), (own, refusal, known))

    def write(self, value, forms):
        for form, write in forms:
            path = self.directory / f"model.{form}"
            write(value, path)
            yield form, path

    def one(self, what, row, path, asked, own):
        said, inputs = asked
        data, refusal, known = own
        done, report, out = self.convert(path)
        if not out.exists():
            if report["verdict"] != "clean":
                row["not clean"] += 1
                self.say(f"{what}: {done.stderr.strip()}")
            elif data is None or not works(data, said, inputs):
                row["refused by both"] += 1
                self.refused[what.split()[1] + ": " + (refusal or "skops does not give it back")] += 1
            else:
                row["refused by depickle alone"] += 1
                self.say(f"{what}: {done.stderr.strip()}")
            return
        row["converted"] += 1
        written = out.read_bytes()
        # Forms of one model give the same file: it is asked once.
        if written not in known:
            known[written] = self.loaded(what, written, asked, data)
        counts, untrusted = known[written]
        row.update(counts)
        if untrusted != report["untrusted"]:
            self.say(f"{what}: says untrusted {report['untrusted']}, skops {untrusted}")

    def loaded(self, what, written, asked, data):
        """What skops makes of a converted file: counts for the table, and the types that it does not trust."""
        said, inputs = asked
        try:
            model, untrusted = load(written)
        except Exception as error:
            # What skops cannot load from its own file either is not the converter's doing.
            if data is not None and not works(data, said, inputs):
                return ["not loaded, nor skops' own"], skops.io.get_untrusted_types(data=written)
            self.say(f"{what}: {type(error).__name__}: {str(error)[:300]}")
            return ["not loaded"], skops.io.get_untrusted_types(data=written)
        counts = ["loaded"] + ["no type to trust"] * (not untrusted)
        if data is None:
            counts.append("skops has no dump")
        elif (theirs := skops.io.get_untrusted_types(data=data)) == untrusted:
            counts.append("untrusted as skops' dump")
        else:
            self.say(f"{what}: untrusted {sorted(set(untrusted) ^ set(theirs))} in one of two")
        again = answers(model, inputs, said)
        differ = [key for key in said if key not in again or not same(said[key], again[key])]
        if differ:
            self.say(f"{what}: {differ[0][0]} differs")
        counts.append("different" if differ else "identical" if said else "nothing to ask")
        return counts, untrusted

    def report(self):
        columns = ["files", "converted", "loaded", "identical", "nothing to ask", "no type to trust",
                   "untrusted as skops' dump"]
        more = {column for row in self.rows.values() for column in row if row[column]} - set(columns)
        columns += sorted(more)
        print("| models | form | " + " | ".join(columns) + " |")
        print("|---" * (len(columns) + 2) + "|")
        total = collections.Counter()
        for (section, form), row in self.rows.items():
            total.update(row)
            print(f"| {section} | {form} | " + " | ".join(str(row[column]) for column in columns) + " |")
        print("| all | | " + " | ".join(str(total[column]) for column in columns) + " |")
        for what, count in sorted(self.refused.items()):
            print(f"refused by both: {what} ({count})")
        for line in self.wrong:
            print(f"WRONG {line}")


def fitted(section, args):
    """Names and models."""
    if args.corpus:
        for path in sorted((args.corpus / section).glob("*.p4.pkl")):
            name = path.name.removesuffix(".p4.pkl")
            # The copies that other picklers wrote hold the same models.
            if not name.endswith((".py", ".optimised")):
                yield name, pickle.loads(path.read_bytes())
        return
    for name, value in corpus_models.SECTIONS[section]():
        if isinstance(value, Exception):
            print(f"cannot be fitted: {name}: {str(value).splitlines()[0][:100]}", file=sys.stderr)
        elif not args.small or name in SMALL:
            yield name, value


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", default=["estimators", "composites", "boosters"])
    parser.add_argument("--corpus", type=pathlib.Path)
    parser.add_argument("--small", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    sections = ["estimators"] if args.small else args.only
    # The same data stand there under several names.
    inputs = list({id(data[0]): data[0] for data in corpus_models.data().values()}.values())
    if not args.small:
        inputs += [x for _, x, _ in corpus_models.forms_of_data()]
        x = inputs[0]
        # What the composites with columns of different kinds are fitted on.
        inputs.append(numpy.column_stack([x[:, :2].astype(object), numpy.array(["red", "green", "blue"] * 20, dtype=object)]))
    with tempfile.TemporaryDirectory() as directory:
        check = Check(args.binary.resolve(), pathlib.Path(directory))
        for section in sections:
            wanted = forms(args.small, section)
            for name, value in fitted(section, args):
                files = check.write(value, wanted)
                if args.corpus:
                    there = [(form, args.corpus / section / f"{name}.{form}") for form, _ in wanted]
                    files = [(form, path) for form, path in there if path.exists()]
                check.model(section, name, value, inputs, files)
    check.report()
    return 1 if check.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
