"""No test is left out: none is skipped, and only points of the checklist that need a later subject may fail.

That a machine lacks something is no reason either: a test that needs it fails, and says what it needs.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CHECKLIST = [Path("tests/checklist") / f"test_section_14_{part}.py" for part in ("first", "second")]
SUBJECTS = {"the local environment", "scripts"}
ABSENT = {"ImportError", "ModuleNotFoundError", "NotImplementedError"}  # what a subject that is not built raises
REFUSED = {
    *("skip", "skipif", "xfail", "importorskip"),
    *("skipTest", "skipIf", "skipUnless", "SkipTest", "expectedFailure", "Skipped", "XFailed"),
    *("collect_ignore", "collect_ignore_glob", "pytest_ignore_collect", "__test__"),
}
BY_NAME = {"add_marker", "getattr", "applymarker"}  # calls that name a mark by a text


def files_of_tests():
    """All files of tests, from the project's folder."""
    found = {*(ROOT / "tests").rglob("*.py"), *(ROOT / "durable_wf").rglob("test_*.py")}
    return sorted(path.relative_to(ROOT) for path in found)


def findings(text, path):
    """What leaves a test out, or lets it fail: `path:line: name`; the checklist's own xfails are let through."""
    tree = ast.parse(text)
    allowed = [one for one in ast.walk(tree) if path in CHECKLIST and is_of_a_later_subject(one)]
    inside = {id(part) for one in allowed for part in ast.walk(one)}
    found = [(one.lineno, name) for one in ast.walk(tree) if id(one) not in inside for name in names(one)]
    return [f"{path}:{line}: {name}" for line, name in sorted(found) if name in REFUSED]


def names(node):
    """The names that a node says."""
    match node:
        case ast.Attribute():
            return [node.attr]
        case ast.Name():
            return [node.id]
        case ast.alias():
            return [node.name.rpartition(".")[2]]
        case ast.FunctionDef():
            return [node.name]
        case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called)) if called in BY_NAME:
            return [str(one.value) for one in node.args if isinstance(one, ast.Constant)]
    return []


def is_of_a_later_subject(node):
    """Whether it is `pytest.mark.xfail(strict=True, reason=<a subject>, raises=<what that raises>)`, and no more."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) != "pytest.mark.xfail" or node.args:
        return False
    given = {one.arg: ast.unparse(one.value) for one in node.keywords}
    return (
        given.keys() == {"strict", "reason", "raises"}
        and given["strict"] == "True"
        and given["reason"].strip("'") in SUBJECTS
        and given["raises"] in ABSENT
    )


def test_no_test_is_skipped_and_only_later_subjects_may_fail():
    found = [one for path in files_of_tests() for one in findings((ROOT / path).read_text(), path)]
    assert found == []


def test_there_are_files_to_look_at():
    """Also fixtures and kits, from where a skip would work, too."""
    paths = files_of_tests()
    assert set(CHECKLIST) < set(paths)
    assert {Path("tests/conftest.py"), Path("tests/replay/kit.py"), Path(__file__).relative_to(ROOT)} < set(paths)


GOOD = "@pytest.mark.xfail(strict=True, reason='scripts', raises=ImportError)\ndef test_a():\n    pass\n"


def test_a_point_of_a_later_subject_may_fail():
    assert findings(GOOD, CHECKLIST[0]) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pytest.skip('no')", "skip"),
        ("@pytest.mark.skip\ndef test_a(): pass", "skip"),
        ("@pytest.mark.skipif(True, reason='scripts')\ndef test_a(): pass", "skipif"),
        ("pytestmark = pytest.mark.skip", "skip"),
        ("yaml = pytest.importorskip('yaml')", "importorskip"),
        ("pytest.xfail('scripts')", "xfail"),
        ("from pytest import skip as leave_out", "skip"),
        ("from unittest import SkipTest", "SkipTest"),
        ("raise unittest.SkipTest", "SkipTest"),
        ("@unittest.expectedFailure\ndef test_a(): pass", "expectedFailure"),
        ("self.skipTest('no')", "skipTest"),
        ("request.node.add_marker('xfail')", "xfail"),
        ("getattr(pytest.mark, 'skip')", "skip"),
        ("pytest.param(1, marks=pytest.mark.xfail)", "xfail"),
        ("collect_ignore = ['test_a.py']", "collect_ignore"),
        ("def pytest_ignore_collect(): return True", "pytest_ignore_collect"),
        ("class TestA:\n    __test__ = False", "__test__"),
        (GOOD.replace("strict=True", "strict=False"), "xfail"),
        (GOOD.replace("strict=True, ", ""), "xfail"),
        (GOOD.replace("'scripts'", "'it is hard'"), "xfail"),
        (GOOD.replace("'scripts'", "reason"), "xfail"),
        (GOOD.replace(", raises=ImportError", ""), "xfail"),
        (GOOD.replace("ImportError", "Exception"), "xfail"),
        (GOOD.replace("xfail(", "xfail(True, "), "xfail"),
        (GOOD.replace("raises=", "run=False, raises="), "xfail"),
    ],
)
def test_whatever_else_leaves_a_test_out_is_found(text, name):
    """In the checklist, too."""
    [found] = findings(text, CHECKLIST[0])
    assert found.startswith(f"{CHECKLIST[0]}:")
    assert found.endswith(f": {name}")


def test_elsewhere_no_test_may_fail():
    """Not with the same words."""
    assert findings(GOOD, Path("tests/test_project.py")) == ["tests/test_project.py:1: xfail"]


def test_every_point_of_the_checklist_has_its_test_in_its_order():
    """One that runs now, or one of a later subject, or of a point with both kinds of clauses one of each."""
    points = []
    for path in CHECKLIST:
        for node in ast.parse((ROOT / path).read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                number = int(re.match(r"test_14_(\d\d)_", node.name)[1])
                assert ast.get_docstring(node).startswith(f"{number}. ")
                points.append((number, any(is_of_a_later_subject(one) for one in node.decorator_list)))
    assert [number for number, _ in points] == sorted(number for number, _ in points)
    assert {number for number, _ in points} == set(range(1, 41))
    assert len(set(points)) == len(points)
