"""Deliberate bugs where one would cost most: each is planted in a copy of the project, and its tests must notice it.

A patch stands here because the bug is one that a reviewer could overlook. The tests that it names are the fewest and
fastest that notice it.
"""

import re
import shutil
from pathlib import Path

import pytest

from tests.mutations import kit

MUTATIONS = kit.mutations()
NOT_NOTICED_BY_A_TEST = re.compile(r"NameError|UnboundLocalError|ImportError|ModuleNotFoundError|SyntaxError")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project as it is, which copies share."""
    folder = kit.copy_project(tmp_path_factory.mktemp("project"))
    yield folder
    shutil.rmtree(folder)  # pytest would keep it


@pytest.fixture
def copy(project, tmp_path):
    """The project, to be spoilt."""
    yield kit.link_project(project, tmp_path)
    shutil.rmtree(tmp_path)


@pytest.fixture(scope="module")
def runner():
    """Runs tests in copies."""
    made = kit.Runner()
    yield made
    made.close()


@pytest.fixture
def run(runner, copy):
    """Runs tests on the copy and nothing else; what they came to, and what was printed."""

    def run(*selectors):
        try:
            report, text = runner.run(copy, selectors)
        except TimeoutError as error:
            pytest.fail(f"the tests hang; name others, which fail:\n{error}")
        assert report is not None, f"the tests' process died:\n{text}"
        assert Path(report.package).parent == copy / "durable_wf", "the copy's package is what must be tested"
        return report, text

    return run


def test_unspoilt_all_these_tests_are_green(run):
    selectors = sorted({selector for mutation in MUTATIONS for selector in mutation.tests})
    report, text = run(*selectors)
    assert (report.code, report.failed, report.broken) == (0, {}, []), text
    assert [selector for selector in selectors if not kit.of(selector, report.passed)] == [], "not run here"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_deliberate_bug_is_noticed(run, copy, mutation):
    kit.apply(mutation, copy)
    report, text = run(*mutation.tests)
    assert report.broken == [], f"it is to be noticed by a test, not by what cannot be set up:\n{text}"
    assert report.code in (0, 1), text
    green = [selector for selector in mutation.tests if not kit.of(selector, report.failed)]
    assert green == [], f"these stayed green, with this bug ({mutation.law}): {mutation.bug}\n{text}"
    assert [said for said in report.failed.values() if NOT_NOTICED_BY_A_TEST.match(said)] == [], text


def test_each_place_has_a_bug():
    assert {mutation.subject for mutation in MUTATIONS} == kit.SUBJECTS


def test_a_patch_that_does_not_fit_any_more_says_how_to_remake_it(copy):
    mutation = MUTATIONS[0]
    spoilt = copy / mutation.files[0]
    spoilt.write_text("# all is new here\n")
    with pytest.raises(kit.BadPatch, match=f"git diff durable_wf(.|\n)*{mutation.name}.patch(.|\n)*git says: error"):
        kit.apply(mutation, copy)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Law: L4\n", "", "its header lacks Law"),
        ("Law: L4", "Law: L14", "one of L1 to L13"),
        ("Subject: the fence check", "Subject: the weather", "its subject is none of"),
        ("+++ b/durable_wf/", "+++ b/tests/", "not only durable_wf/"),
        ("Law: L4", "law is L4", "neither an entry nor indented"),
        ("diff --git", "diff", "no `diff --git`"),
    ],
)
def test_a_bad_header_is_told(tmp_path, old, new, says):
    good = (kit.FOLDER / "fence_older_only.patch").read_text()
    assert old in good
    (tmp_path / "bad.patch").write_text(good.replace(old, new))
    with pytest.raises(kit.BadPatch, match=says):
        kit.read(tmp_path / "bad.patch")
