"""Checks reports with those who read them, or with their schemas.

    python xtask/python/check_reports.py target/release/depickle

Needs from PyPI: jsonschema, cyclonedx-python-lib[json-validation], check-jsonschema. With Node.js at hand SARIF is
checked by Microsoft's multitool (npm: @microsoft/sarif-multitool), with the rules of GitHub code scanning; with Chromium
at hand the page is opened. What is not at hand is said and not checked.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMATS = ["json", "ndjson", "sarif", "junit", "gitlab", "github", "markdown", "html", "cyclonedx"]
VOID = {"meta", "link", "br", "hr", "img", "input", "rect", "path"}


def check_json(path):
    import jsonschema

    schema = json.loads((ROOT / "docs/scan.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(path.read_text()))


def check_ndjson(path):
    kinds = [json.loads(line)["type"] for line in path.read_text().splitlines()]
    assert kinds[0] == "run" and kinds[-1] == "summary" and "file" in kinds, kinds


def check_sarif(path):
    """What GitHub's page on SARIF support asks for; then the multitool."""
    run = json.loads(path.read_text())["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        assert rule["shortDescription"]["text"] and rule["help"]["text"] and rule["help"]["markdown"], rule
        assert 0 <= float(rule["properties"]["security-severity"]) <= 10
    assert len(run["results"]) <= 25_000
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] == 1 and place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        assert result["partialFingerprints"]["primaryLocationLineHash"]
    tool = multitool()
    if tool is None:
        return "not checked by Microsoft's multitool: it cannot be installed here"
    found = path.with_suffix(".found")
    command = [tool, "validate", path, "--rule-kind", "Sarif;Ghas", "--output", found, "--log", "ForceOverwrite"]
    environment = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "PATH": "/usr/bin:/bin"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, timeout=300)
    results = json.loads(found.read_text())["runs"][0]["results"]
    # There is no page about the tool that could be named (SARIF2005).
    wrong = [result for result in results if result["ruleId"] != "SARIF2005"]
    assert not wrong, wrong[:3]


def multitool():
    home = ROOT / "target/sarif-multitool"
    found = list(home.glob("node_modules/@microsoft/*/**/Sarif.Multitool"))
    if not found and shutil.which("npm"):
        home.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-save", "--ignore-scripts", "@microsoft/sarif-multitool"]
        subprocess.run(install, cwd=home, capture_output=True, timeout=600)
        found = list(home.glob("node_modules/@microsoft/*/**/Sarif.Multitool"))
    for path in found:
        path.chmod(0o755)
        return path
    return None


def check_junit(path):
    suites = ElementTree.fromstring(path.read_text())
    cases = suites.findall("./testsuite/testcase")
    for name, tag in [("failures", "failure"), ("errors", "error")]:
        assert int(suites.get(name)) == len([case for case in cases if case.find(tag) is not None]), name
    assert int(suites.get("tests")) == len(cases) > 0


def check_gitlab(path):
    """What GitLab's page on the code quality report asks for."""
    issues = json.loads(path.read_text())
    for issue in issues:
        assert issue["description"] and issue["check_name"] and issue["location"]["lines"]["begin"] == 1
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not issue["location"]["path"].startswith("./")
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) > 0


def check_github(path):
    """The runner's own grammar of workflow commands."""
    command = re.compile(r"::(error|warning|notice)( [a-z]+=[^,:\r\n]*(,[a-z]+=[^,:\r\n]*)*)?::[^\r\n]+")
    lines = path.read_text().splitlines()
    commands = [line for line in lines if line.lstrip().startswith("::")]
    assert commands and all(command.fullmatch(line) for line in commands), commands
    for kind in ("error", "warning", "notice"):
        assert len([line for line in commands if line.startswith(f"::{kind}")]) <= 10


def check_markdown(path):
    assert path.read_text().startswith("## depickle\n")


def check_cyclonedx(path):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text())
    assert error is None, error
    kinds = {component["type"] for component in json.loads(path.read_text())["components"]}
    assert {"machine-learning-model", "library"} <= kinds, kinds


class Page(HTMLParser):
    """Tags that match, identifiers that are unique, links that lead somewhere on the page, and nothing that runs."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links = [], set(), set()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        assert tag not in ("script", "iframe", "object", "link", "img", "form"), tag
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes), attributes
        if "id" in attributes:
            assert attributes["id"] not in self.ids, attributes["id"]
            self.ids.add(attributes["id"])
        if "href" in attributes:
            assert attributes["href"].startswith("#"), attributes["href"]
            self.links.add(attributes["href"][1:])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in VOID, tag

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def check_html(path):
    page = Page()
    page.feed(path.read_text())
    page.close()
    assert not page.open and page.links <= page.ids, (page.open, page.links - page.ids)
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return "not opened in Chromium, which is not installed"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom", path.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120)
    complaints = [line for line in shown.stderr.splitlines() if ":CONSOLE" in line]
    assert shown.stdout.rstrip().endswith("</html>") and not complaints, complaints


def check_project_files():
    """Files that CI services read, by the schemas that check-jsonschema carries."""
    for schema, name in [("vendor.github-actions", "action.yml"), ("vendor.gitlab-ci", "ci/gitlab.yml")]:
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, ROOT / name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main():
    depickle = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        outputs = [f"--format={name}={directory / name}" for name in FORMATS]
        command = [depickle, "scan", "samples", "--exit-zero", "--no-progress", *outputs]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        for name in FORMATS:
            left = globals()[f"check_{name}"](directory / name)
            print(f"{name}: {left or 'ok'}")
    check_project_files()
    print("project files: ok")


main()
