"""Runs docs/guide.md: its programs and commands, in their order, in a directory of their own.

    python xtask/python/guide.py target/release/depickle [docs/guide.md] [--write]

A block of `python` is a program, a block of `sh` is given to bash with depickle on its path, and a block of `text` is
what the block before it prints. Sizes, distances between floats and counts of values may differ from machine to machine
and are not compared. `--write` puts what was printed into the page. Runs with the libraries of skops_check.py; the exit
code is 1 where the page is wrong. The page loads files that it wrote itself, and no other.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What is told of floats, and sizes.
VARYING = re.compile(r"-?\d+\.\d+(e[+-]\d+)?|\d[\d,]* bytes|\d[\d,]* (?=values)|and \d+ more")


def run(language, block, directory, depickle):
    """What a block prints."""
    environment = {"PATH": f"{depickle.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", block] if language == "python" else ["bash", "-euc", block]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode} of\n{block}\n{done.stdout}{done.stderr}")
    return done.stdout


def alike(one, other):
    """Whether two outputs are one but for what varies."""
    lines = [[VARYING.sub("#", line).rstrip() for line in text.splitlines()] for text in (one, other)]
    return lines[0] == lines[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("depickle", type=pathlib.Path)
    parser.add_argument("page", type=pathlib.Path, nargs="?", default=pathlib.Path("docs/guide.md"))
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    text, wrong, count, printed = args.page.read_text(), 0, 0, None
    fresh = []
    end = 0
    with tempfile.TemporaryDirectory() as directory:
        for block in FENCE.finditer(text):
            language, body = block.groups()
            fresh.append(text[end:block.start()])
            end = block.end()
            if language in ("python", "sh"):
                printed = run(language, body, directory, args.depickle.resolve())
                count += 1
            elif language == "text" and printed is not None:
                if not alike(printed, body):
                    wrong += 1
                    print(f"the page has\n{body}\nand this is printed\n{printed}")
                body, printed = printed if args.write else body, None
            fresh.append(f"```{language}\n{body}```")
    fresh.append(text[end:])
    if args.write:
        args.page.write_text("".join(fresh))
    print(f"{count} blocks of {args.page} were run, {wrong} print something else")
    sys.exit(wrong > 0 and not args.write)


if __name__ == "__main__":
    main()
