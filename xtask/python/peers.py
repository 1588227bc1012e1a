"""Asks every tool about every sample and counts exit codes, as a CI job would see them. Loads nothing.

    python peers.py SAMPLES depickle=PATH picklescan=PATH fickling=PATH modelscan=PATH

Each PATH is the program of that tool; leave out what is not installed. `passes` is exit code 0, `alarm` is 1, and
anything else (an error, a crash with a traceback, more than a minute) is `no answer`.
"""
import collections
import pathlib
import subprocess
import sys

COMMANDS = {
    'depickle': lambda program, file: [program, 'scan', '--no-progress', file],
    'picklescan': lambda program, file: [program, '--path', file],
    'fickling': lambda program, file: [program, '--check-safety', '--print-results', '--json-output', '/dev/null', file],
    'modelscan': lambda program, file: [program, '--path', file],
}
ANSWERS = ('passes', 'alarm', 'no answer')


def answer(command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return 'no answer'
    # An exception that nobody caught ends Python with 1, too.
    crashed = b'Traceback (most recent call last)' in done.stderr
    return 'no answer' if crashed else {0: 'passes', 1: 'alarm'}.get(done.returncode, 'no answer')


def is_sample(path):
    # What tells of samples is none; array files belong to another file.
    return path.is_file() and path.suffix not in ('.md', '.py', '.npy', '.pyc', '.skops') and path.name != 'requirements.txt'


def main():
    samples = pathlib.Path(sys.argv[1])
    files = sorted(filter(is_sample, samples.rglob('*')))
    groups = {
        'benign': [file for file in files if 'malicious' not in file.parts],
        'malicious': [file for file in files if 'malicious' in file.parts],
    }
    for argument in sys.argv[2:]:
        tool, program = argument.split('=', 1)
        for group, members in groups.items():
            said = {file: answer(COMMANDS[tool](program, str(file))) for file in members}
            count = collections.Counter(said.values())
            print(f'{tool:<11} {group:<10}', *(f'{count[name]:>4} {name}' for name in ANSWERS), f' of {len(members)}', flush=True)
            wrong = 'alarm' if group == 'benign' else 'passes'
            names = [str(file.relative_to(samples)) for file in members if said[file] == wrong]
            print(f'    {wrong}:', *names, flush=True)


main()
