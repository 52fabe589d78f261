"""Versions and conditions on them, as PEP 440 has them. `packaging` is the model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from durable_wf.sources.versions import SpecError, is_allowed, read_conditions, read_version, sort_key

numbers = st.lists(st.sampled_from(["0", "1", "2", "10"]), min_size=1, max_size=4).map(".".join)
parts = [
    st.sampled_from(["", "", "1!"]),
    numbers,
    st.sampled_from(["", "", "a1", "b2", "rc1", "a", "-beta.2"]),
    st.sampled_from(["", "", ".post1", ".post"]),
    st.sampled_from(["", "", ".dev0", ".dev2"]),
]
versions = st.tuples(*parts).map("".join)
operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~="])


@given(versions, versions)
def test_versions_are_ordered_as_packaging_orders_them(one, two):
    """Zeros at the end count nothing; previews come before, later builds behind."""
    assert (read_version(one) < read_version(two)) == (Version(one) < Version(two))
    assert (read_version(one) == read_version(two)) == (Version(one) == Version(two))


@given(versions, operators, numbers)
def test_conditions_hold_where_packaging_says_so(version, operator, wanted):
    """For every operator, with a version that is final."""
    if operator == "~=" and "." not in wanted:
        wanted += ".0"
    expected = SpecifierSet(operator + wanted).contains(version, prereleases=True)
    assert is_allowed(version, read_conditions(operator + wanted)) == expected


@given(versions, st.sampled_from(["==", "!="]), numbers)
def test_prefixes_match_as_packaging_matches_them(version, operator, wanted):
    """`==1.*`."""
    expected = SpecifierSet(f"{operator}{wanted}.*").contains(version, prereleases=True)
    assert is_allowed(version, read_conditions(f"{operator}{wanted}.*")) == expected


def test_a_bare_version_is_exactly_that_text():
    """§3: `===`."""
    assert is_allowed("1.0", read_conditions("1.0"))
    assert not is_allowed("1.0.0", read_conditions("1.0"))
    assert is_allowed("nightly", read_conditions("nightly"))


def test_all_conditions_of_a_list_must_hold():
    """A blank after a comma, or at the beginning, is usual in blueprints."""
    assert is_allowed("1.5", read_conditions(" >=1.2, <2"))
    assert not is_allowed("2.1", read_conditions(" >=1.2, <2"))


@pytest.mark.parametrize("text", ["", ">=", ">= one", "~=1", "=>1", ">=1,,<2", ">=1.*", "==1a.*", ">=" + "1" * 200])
def test_what_is_no_condition_is_refused(text):
    """With the part that is wrong."""
    with pytest.raises(SpecError, match="no condition"):
        read_conditions(text)


def test_what_has_no_version_is_older_than_all():
    """Sorted, the newest is last."""
    assert sorted(["2.0", None, "10.0", "what", "2.0rc1"], key=sort_key)[2:] == ["2.0rc1", "2.0", "10.0"]
    assert read_version("1" * 200) is None
