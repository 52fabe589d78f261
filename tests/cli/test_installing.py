"""`install` and `uninstall`: a deployment made and installed in one command, and taken down again."""


def test_an_install_makes_the_deployment_and_starts_all_of_it(inside, blueprint):
    done = inside("install", blueprint, "-d", "small", "-i", "title=first")
    assert "deployment 'small'" in done.stderr
    assert "of install" in done.stderr
    assert inside("deployments", "outputs", "small").stdout == "title = first\n"
    assert [one["state"] for one in inside.json("deployments", "instances", "small")["items"]] == ["started"] * 3


def test_an_uninstall_takes_it_down_and_the_deployment_stays(inside, blueprint):
    inside("install", blueprint, "-d", "small")
    found = inside.json("uninstall", "small", "-p", "node_ids=[page]")
    assert (found["workflow_id"], found["state"]) == ("uninstall", "terminated")
    states = {one["id"]: one["state"] for one in inside.json("deployments", "instances", "small")["items"]}
    assert sorted(states.values()) == ["deleted", "deleted", "started"]
    inside("uninstall", "small")
    assert {one["state"] for one in inside.json("deployments", "instances", "small")["items"]} == {"deleted"}
    assert [one["id"] for one in inside.json("deployments", "list")["items"]] == ["small"]


def test_an_uninstall_is_shown_before_it_is_done(inside, blueprint):
    inside("install", blueprint, "-d", "small")
    found = inside.json("uninstall", "small", "--dry-run", shape="uninstall --dry-run")
    assert found["state"] == "terminated"
    assert {one["state"] for one in inside.json("deployments", "instances", "small")["items"]} == {"started"}


def test_L11_what_cannot_be_installed_makes_no_deployment(inside, blueprint, tmp_path):
    (tmp_path / "bare.yaml").write_text(
        "tosca_definitions_version: cloudify_dsl_1_5\nnode_types: {T: {}}\nnode_templates: {a: {type: T}}\n"
    )
    assert "no workflow 'install'" in inside("install", tmp_path / "bare.yaml", code=7).stderr
    assert "did you mean 'title'" in inside("install", blueprint, "-i", "titel=x", code=3).stderr
    assert not inside.journal.exists()


def test_a_second_install_of_the_same_name_is_refused(inside, blueprint):
    inside("install", blueprint, "-d", "small")
    assert "there is a deployment 'small' already" in inside("install", blueprint, "-d", "small", code=2).stderr
    assert "is not available" in inside("run", "install", "-d", "small", code=3).stderr
    assert len(inside.json("list")["items"]) == 1
