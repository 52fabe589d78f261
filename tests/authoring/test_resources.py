"""Files beside the blueprint, as operations ask for them (workflow-api §7.7)."""

from __future__ import annotations

import itertools
import shutil
import sys
from pathlib import Path

import pytest
from cloudify.exceptions import HttpException, NonRecoverableError

from durable_wf import RunOptions
from durable_wf.authoring.resources import render
from tests.authoring import sharing

SHARED = Path(__file__).parent / "shared"


@pytest.fixture
def folder(tmp_path):
    """A blueprint's folder of its own, with what lies beside and outside of it."""
    folder = tmp_path / "outer" / "blueprint"
    shutil.copytree(SHARED, folder)
    (tmp_path / "outer" / "secret.txt").write_text("secret")
    (folder / "binary").write_bytes(b"\xff\xfe{{ x }}")
    return folder


@pytest.fixture
def life(lives, monkeypatch, folder):
    """A process with the deployment `d`."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    numbers = itertools.count(1)
    life = lives()
    life.engine.deployments.create(folder / "blueprint.yaml", "d", {}, new_suffix=lambda: str(next(numbers)))
    return life


def act(life, doing):
    """What an operation that does this returned."""
    sharing.TODO[:] = [doing]
    uid, _ = life.run(
        "act", {"instance": "target_2"}, deployment="d", options=RunOptions(task_retries=0),
        allow_custom_parameters=True,
    )  # fmt: skip
    return life.engine.result(uid)


def test_a_resource_is_bytes(life, folder):
    """By a path in the blueprint's folder, or the whole path of a file there."""
    assert act(life, lambda ctx: ctx.get_resource("files/plain.txt").decode()) == "plain\n"
    assert act(life, lambda ctx: ctx.get_resource(str(folder / "files" / "plain.txt")).decode()) == "plain\n"
    (folder / "link.txt").symlink_to(folder / "files" / "plain.txt")
    assert act(life, lambda ctx: ctx.get_resource("link.txt").decode()) == "plain\n"


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("files/plain.tx", "files/plain.txt"),
        ("inner.txt", "files/deep/inner.txt"),
    ],
)
def test_a_missing_resource_names_what_is_near(life, path, near):
    """It is what both kinds of storage raised, and nothing is tried again."""

    def doing(ctx):
        with pytest.raises(FileNotFoundError):
            ctx.get_resource(path)
        ctx.get_resource(path)

    with pytest.raises(HttpException, match="404") as raised:
        act(life, doing)
    assert f"there is no file '{path}' beside the blueprint; the blueprint's folder has {near}" in str(raised.value)
    assert raised.value.code == 404
    assert isinstance(raised.value, FileNotFoundError)


@pytest.mark.parametrize(
    "path", ["../secret.txt", "/etc/passwd", "out.txt", "outdir/secret.txt", "files/../../secret.txt"]
)
@pytest.mark.parametrize("how", ["get_resource", "download_resource", "get_resource_and_render", "download_directory"])
def test_nothing_outside_the_folder_is_had(life, folder, path, how):
    """By dots, by a whole path, by a link to a file or to a folder."""
    (folder / "out.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "outdir").symlink_to(folder.parent)
    with pytest.raises(NonRecoverableError, match="lies outside the blueprint's folder; put the file beside"):
        act(life, lambda ctx: getattr(ctx, how)(path))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("files", "'files' is a folder; name a file in it"),
        ("", "'' is not the path of a file"),
        ("a\0b", "is not the path of a file"),
    ],
)
def test_what_is_no_file_is_refused(life, path, text):
    """With a word on what to do."""
    with pytest.raises(NonRecoverableError, match=text):
        act(life, lambda ctx: ctx.get_resource(path))


def test_a_download_has_the_files_name_or_lies_where_it_was_asked_for(life, tmp_path):
    """Without a target in a new folder; folders of a target are made."""
    found = Path(act(life, lambda ctx: ctx.download_resource("files/plain.txt")))
    assert (found.name, found.read_text()) == ("plain.txt", "plain\n")
    target = tmp_path / "new" / "there.txt"
    assert act(life, lambda ctx: ctx.download_resource("files/plain.txt", str(target))) == str(target)
    assert target.read_text() == "plain\n"


def test_templates_are_rendered_with_variables_and_ctx(life, tmp_path):
    """Text with a mark only; what is no text stays as it is."""

    def doing(ctx):
        found = [ctx.get_resource_and_render("files/hello.j2", {"name": "me"}),
                 ctx.get_resource_and_render("files/hello.j2"),
                 ctx.get_resource_and_render("files/plain.txt", {"name": "me"}),
                 Path(ctx.download_resource_and_render("files/hello.j2", None, {"name": "x"})).read_text(),
                 ctx.download_resource_and_render("binary", str(tmp_path / "copy"))]  # fmt: skip
        assert ctx.get_resource_and_render("binary") == b"\xff\xfe{{ x }}"
        return found

    assert act(life, doing) == [
        "Hello me of target_2", "Hello  of target_2", "plain\n", "Hello x of target_2", str(tmp_path / "copy"),
    ]  # fmt: skip
    assert (tmp_path / "copy").read_bytes() == b"\xff\xfe{{ x }}"


def test_a_template_that_is_wrong_is_told_with_its_line(life):
    """And a variable that would hide ctx is refused."""
    with pytest.raises(NonRecoverableError, match=r"the template 'files/wrong.j2', line 2 cannot be rendered: "):
        act(life, lambda ctx: ctx.get_resource_and_render("files/wrong.j2"))
    with pytest.raises(NonRecoverableError, match="'ctx' is always given to a template"):
        act(life, lambda ctx: ctx.get_resource_and_render("files/hello.j2", {"ctx": 1}))


@pytest.mark.parametrize(("text", "rendered"), [("{% if a %}x{% endif %}", "x"), ("a{# b #}", "a"), ("{ a }", "{ a }")])
def test_each_mark_makes_a_template(text, rendered):
    """A single brace does not."""
    assert render(text.encode(), {"a": 1}, "it") == rendered


def test_a_folder_is_copied_whole(life, folder, tmp_path):
    """Files in it, and what links in it lead to."""
    (folder / "files" / "deep" / "linked").symlink_to(folder / "files" / "plain.txt")
    found = Path(act(life, lambda ctx: ctx.download_directory("files")))
    assert found.name == "files"
    assert (found / "deep" / "inner.txt").read_text() == "inner\n"
    assert (found / "deep" / "linked").read_text() == "plain\n"
    target = tmp_path / "new" / "copy"
    assert act(life, lambda ctx: ctx.download_directory("files/deep", str(target))) == str(target)
    assert sorted(one.name for one in target.iterdir()) == ["inner.txt", "linked"]
    with pytest.raises(NonRecoverableError, match=r"'files/plain.txt' is not a folder; download_resource takes a file"):
        act(life, lambda ctx: ctx.download_directory("files/plain.txt"))


@pytest.mark.parametrize(
    ("link", "text"),
    [("..", "'deep/link' is a link to a folder that it lies in"), ("../../../secret.txt", "'deep/link' lies outside")],
)
def test_a_folder_whose_links_lead_astray_is_not_copied(life, folder, tmp_path, link, text):
    """Neither round in circles nor outside; nothing is copied at all."""
    (folder / "files" / "deep" / "link").symlink_to(link)
    with pytest.raises(NonRecoverableError, match=text):
        act(life, lambda ctx: ctx.download_directory("files", str(tmp_path / "copy")))
    assert not (tmp_path / "copy").exists()


def test_an_operation_without_a_deployment_has_no_files(life):
    """It is said so."""
    sharing.TODO[:] = [lambda ctx: ctx.get_resource("x")]
    uid, _ = life.run(sharing.alone, options=RunOptions(task_retries=0))
    with pytest.raises(NonRecoverableError, match="there is no deployment, and so no blueprint whose files"):
        life.engine.result(uid)
