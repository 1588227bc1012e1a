"""Reads every model that scikit-learn, LightGBM and XGBoost can fit as skops saves it, and as pickle does.

    python xtask/python/skops_read.py target/release/depickle [--only SECTION ...] [--corpus DIRECTORY]

Needs what skops_check.py needs, with any skops from 0.11.0 to 0.16.0. Each model is written by `skops.io.dump` and by
pickle, and `depickle scan`, `arrays` and `about` are asked of both files:

- the verdict of the `.skops` file has to be that of the pickle;
- its arrays have to be those of the pickle: the same elements, type and shape. Of random generators
  skops keeps less, and no fill value of a masked array: of those alone a pickle may have more;
- the types that skops 0.16 has to be told to trust have to be those that `get_untrusted_types` answers.

The table goes to standard output; the exit code is 1 where anything differs.
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

import skops
import skops.io
from skops_check import fitted, native

# States of MT19937, and pools of seeds.
RANDOM = {("<u4", (624,)), ("<u4", (4,))}


class Reading:
    def __init__(self, binary):
        self.binary = binary
        self.rows = collections.defaultdict(collections.Counter)
        self.wrong = []

    def ask(self, command, path, *more):
        call = [self.binary, command, path, "--format", "json", *more]
        return json.loads(subprocess.run(call, capture_output=True, text=True, timeout=300).stdout)

    def arrays(self, path):
        rows = self.ask("arrays", path, "--hash")["arrays"]
        return collections.Counter((row.get("sha256"), str(row["descr"]), tuple(row["shape"] or ())) for row in rows)

    def model(self, section, name, value, directory):
        row = self.rows[section]
        row["models"] += 1
        data, refusal = native(value)
        if data is None:
            row["skops has no dump"] += 1
            return
        pickled, saved = directory / "model.pkl", directory / "model.skops"
        pickled.write_bytes(pickle.dumps(value, 4))
        saved.write_bytes(data)
        expected, found = (self.ask("scan", path)["files"][0] for path in (pickled, saved))
        told = [finding["message"] for finding in found["findings"] if finding["level"] != "note"]
        self.count(row, "verdict as the pickle's", expected["verdict"] == found["verdict"], f"{section} {name}: {told}")
        row["clean"] += found["verdict"] == "clean"
        all_of, ours = self.arrays(pickled), self.arrays(saved)
        more, fewer = ours - all_of, all_of - ours
        same = not more and all(shape == () or (descr, shape) in RANDOM for _, descr, shape in fewer)
        self.count(row, "arrays as the pickle's", same, f"{section} {name}: arrays {list(more)[:2]} {list(fewer)[:2]}")
        row["arrays"] += sum(ours.values())
        if skops.__version__ == "0.16.0":
            hazards = self.ask("about", saved)["environment"]["hazards"]
            message = "".join(hazard["message"] for hazard in hazards if hazard["kind"] == "untrusted-types")
            listed = json.loads(message.partition("trusted=")[2] or "[]")
            theirs = skops.io.get_untrusted_types(data=data)
            self.count(row, "untrusted as skops'", listed == theirs, f"{section} {name}: untrusted {listed}, not {theirs}")

    def count(self, row, what, good, line):
        row[what] += good
        if not good:
            self.wrong.append(line)
            print(line, file=sys.stderr, flush=True)

    def report(self):
        columns = list(dict.fromkeys(column for row in self.rows.values() for column in row))
        print(f"skops {skops.__version__}")
        print("| models | " + " | ".join(columns) + " |")
        print("|---" * (len(columns) + 1) + "|")
        for section, row in self.rows.items():
            print(f"| {section} | " + " | ".join(str(row[column]) for column in columns) + " |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", default=["estimators", "composites", "boosters"])
    parser.add_argument("--corpus", type=pathlib.Path)
    args = parser.parse_args()
    args.small = False
    warnings.simplefilter("ignore")
    reading = Reading(args.binary.resolve())
    with tempfile.TemporaryDirectory() as directory:
        for section in args.only:
            for name, value in fitted(section, args):
                reading.model(section, name, value, pathlib.Path(directory))
    reading.report()
    return 1 if reading.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
