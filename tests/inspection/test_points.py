"""Points in a deployment's history: what may be typed, and what is found there, on both stores."""

from datetime import UTC, datetime

import pytest

from durable_wf.clock import iso
from durable_wf.engine.deployments import outputs_of
from durable_wf.engine.past import PastTopology
from durable_wf.errors import NotFoundError, UsageError
from durable_wf.inspection.deployments import deployment_detail, deployments, drawing, instances, topology
from durable_wf.inspection.find import find_deployment
from durable_wf.inspection.points import Point, moment_of, read_point
from tests.cli.conftest import BLUEPRINT, PLUGIN


def us(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("17", Point(seq=17)),
        ("0", Point(seq=0)),
        ("2026-11-25", Point(at_us=us(2026, 11, 26) - 1)),
        ("2026-11-25 14:03", Point(at_us=us(2026, 11, 25, 14, 4) - 1)),
        ("2026-11-25T14:03:20Z", Point(at_us=us(2026, 11, 25, 14, 3, 21) - 1)),
        ("2026-11-25T14:03:20+02:00", Point(at_us=us(2026, 11, 25, 12, 3, 21) - 1)),
        ("2026-11-25T14:03:20.5Z", Point(at_us=us(2026, 11, 25, 14, 3, 20) + 599_999)),
        ("2026-11-25T14:03:20.123456Z", Point(at_us=us(2026, 11, 25, 14, 3, 20) + 123_456)),
    ],
)
def test_a_point_is_a_seq_or_all_of_the_time_that_is_named(text, expected):
    assert read_point(text) == expected


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "-1", "1.5", "2026-13-01", "2026-02-30 10:00", "9999-12-31", "2026-11-25 14", "2h ago"]
)
def test_what_is_no_point_is_refused_with_what_to_write(text):
    with pytest.raises(UsageError) as caught:
        read_point(text)
    assert "2026-11-25" in caught.value.hint


@pytest.fixture
def deploy(engine, tmp_path, monkeypatch):
    (tmp_path / "blueprint.yaml").write_text(BLUEPRINT)
    (tmp_path / "small_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name="small", **inputs):
        return engine.deployments.create(tmp_path / "blueprint.yaml", name, inputs)

    return make


def start(engine):
    uid = engine.start("start_all", deployment="small")
    engine.wait(uid, 60)
    return engine.find(uid)


def states(found):
    return [one.state for one in found]


def test_instances_are_seen_as_they_were_at_each_seq(engine, view, deploy):
    deploy()
    born = view.store.last_seq()
    start(engine)
    assert states(instances(view, "small", Point(seq=born))) == ["uninitialized"] * 3
    assert states(instances(view, "small")) == ["started"] * 3
    seen = [
        states(instances(view, "small", Point(seq=at))).count("started") for at in range(born, view.store.last_seq())
    ]
    assert seen == sorted(seen)
    assert set(seen) == {0, 1, 2, 3}


def test_a_time_finds_the_newest_change_up_to_it(engine, view, deploy):
    deploy()
    born = find_deployment(view.store, "small")
    row = start(engine)
    transitions = view.store.transitions(row.id)
    middle = transitions[len(transitions) // 2]
    newest = max(one.seq for one in transitions if one.at_us <= middle.at_us)
    assert moment_of(view, "small", Point(at_us=middle.at_us)).at == newest
    assert moment_of(view, "small", Point(at_us=born.created_us)).at >= born.seq
    far = moment_of(view, "small", read_point("2999-01-01"))
    assert (far.at, far.deleted_us) == (view.store.last_seq(), None)
    assert instances(view, "small", read_point("2999-01-01")) == instances(view, "small")


def test_before_it_was_made_it_was_not_there(view, deploy):
    deploy()
    for point in (Point(seq=0), read_point("1999-01-01")):
        with pytest.raises(NotFoundError, match="'small' was not there at that point") as caught:
            deployment_detail(view, "small", point)
        assert "from seq 1 (" in caught.value.hint
    with pytest.raises(UsageError, match="seq 99 is not there yet"):
        deployment_detail(view, "small", Point(seq=99))
    with pytest.raises(NotFoundError, match="no deployment 'smal'") as caught:
        deployment_detail(view, "smal", Point(seq=1))
    assert caught.value.hint == "did you mean 'small'?"


def test_what_was_deleted_is_seen_as_it_was_and_another_of_its_name_is_not_taken_for_it(engine, view, deploy):
    deploy(title="first")
    start(engine)
    before = deployment_detail(view, "small")
    last = view.store.last_seq()
    engine.deployments.delete("small")
    with pytest.raises(NotFoundError, match="any more: it was deleted") as caught:
        deployment_detail(view, "small")
    assert caught.value.hint == f"--at {last} looks at it as it was"
    then = deployment_detail(view, "small", Point(seq=last))
    assert (then.instances, then.states, then.inputs) == (before.instances, {"started": 3}, before.inputs)
    assert then.deleted_at == iso(view.store.latest(0, seq=last + 1).at_us)
    with pytest.raises(NotFoundError, match="was not there at that point") as caught:
        deployment_detail(view, "small", Point(seq=last + 1))
    assert f"to seq {last}, and was deleted" in caught.value.hint
    deploy(title="second")
    again = view.store.last_seq()
    assert deployment_detail(view, "small", Point(seq=last)).inputs["title"] == "first"
    assert deployment_detail(view, "small", Point(seq=again)).inputs["title"] == "second"
    assert deployment_detail(view, "small").deleted_at is None


def test_executions_have_the_state_that_they_had_then(engine, view, deploy):
    deploy()
    row = start(engine)
    created, started = (one.seq for one in view.store.transitions(row.id)[:2])
    assert deployment_detail(view, "small", Point(seq=created - 1)).last_execution is None
    at_first = deployment_detail(view, "small", Point(seq=created))
    assert [one.state for one in at_first.executions] == ["pending"]
    while_it_ran = deployment_detail(view, "small", Point(seq=started))
    assert [(one.state, one.ended_at) for one in while_it_ran.executions] == [("started", None)]
    now = deployment_detail(view, "small")
    assert (now.executions, now.last_execution.state) == ([], "terminated")
    assert deployment_detail(view, "small", Point(seq=view.store.last_seq())).last_execution.state == "terminated"


def test_outputs_are_evaluated_from_what_was_then(engine, view, tmp_path, deploy):
    deploy()
    (tmp_path / "blueprint.yaml").write_text(
        BLUEPRINT.replace("instances: {deploy: 2}", "instances: {deploy: 1}")
        + "  made: {value: {get_attribute: [page, made]}}\n"
    )
    engine.deployments.create(tmp_path / "blueprint.yaml", "other")
    born = view.store.last_seq()
    engine.wait(engine.start("start_all", deployment="other"), 60)
    then = outputs_of(PastTopology(view, moment_of(view, "other", Point(seq=born))))
    now = outputs_of(PastTopology(view, moment_of(view, "other")))
    assert (then["made"], now["made"]) == (None, True)
    past = PastTopology(view, moment_of(view, "other", Point(seq=view.store.last_seq())))
    assert past.names() == ["other", "small"]
    assert past.other("small").deployment == "small"
    early = PastTopology(view, moment_of(view, "small", Point(seq=1)))
    assert early.names() == ["small"]
    with pytest.raises(KeyError):
        early.other("other")
    (page,) = (one for one in past.instances() if one.node == "page")
    assert past.instance(page.id).runtime_properties == {"made": True}
    assert past.instance("nobody") is None


def test_the_list_counts_nodes_and_states_and_knows_the_last_execution(engine, view, deploy):
    deploy()
    deploy("untouched")
    row = start(engine)
    small, untouched = deployments(view)
    assert (small.node_count, small.node_instances, small.states) == (2, 3, {"started": 3})
    assert (small.last_execution.id, small.last_execution.deployment_id) == (row.uid, "small")
    assert (untouched.states, untouched.last_execution) == ({"uninitialized": 3}, None)


def test_a_topology_and_its_picture_are_of_the_point(engine, view, deploy):
    deploy()
    born = view.store.last_seq()
    start(engine)
    then, now = topology(view, "small", Point(seq=born)), topology(view, "small")
    assert (then.at, now.at) == (born, None)
    assert {box.look for box in drawing(view, "small", Point(seq=born)).boxes} == {"idle"}
    assert {box.look for box in drawing(view, "small").boxes} == {"started"}
    assert len(drawing(view, "small").arrows) == 2
