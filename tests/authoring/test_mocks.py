"""Mocks of contexts, for authors' tests (workflow-api §7.10, §14.29)."""

import copy
import inspect
import logging
import threading

import pytest

from durable_wf import ctx
from durable_wf.authoring.current import NotInContext, current_ctx
from durable_wf.authoring.exceptions import NonRecoverableError
from durable_wf.authoring.mocks import (
    MockCloudifyContext,
    MockContext,
    MockNodeContext,
    MockNodeInstanceContext,
    MockRelationshipContext,
    MockRelationshipSubjectContext,
)
from durable_wf.authoring.operation_ctx import BootstrapContext, ContextCapabilities, OperationContext

PARAMETERS = (
    "node_id node_name node_type blueprint_id deployment_id execution_id properties runtime_properties relationships "
    "capabilities related source target operation resources tenant rest_token provider_context bootstrap_context "
    "config brokers managers index"
)


@pytest.fixture(autouse=True)
def no_context():
    yield
    current_ctx.clear()


def test_the_parameters_are_the_older_systems_in_their_order_and_all_may_be_left_out():
    parameters = list(inspect.signature(MockCloudifyContext).parameters.values())
    assert " ".join(one.name for one in parameters) == PARAMETERS
    assert {one.default for one in parameters} == {None}
    assert isinstance(MockCloudifyContext(), OperationContext)


def test_29_a_mock_is_current_in_its_thread_only_and_until_it_is_cleared():
    mock = MockCloudifyContext(node_id="web_1", properties={"port": 80})
    current_ctx.set(mock)
    assert ctx == mock
    assert ctx.node.properties["port"] == 80
    seen = []

    def look():
        with pytest.raises(NotInContext) as caught:
            current_ctx.get_ctx()
        seen.append(str(caught.value))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == ["No context set in current execution thread"]
    current_ctx.clear()
    with pytest.raises(NotInContext):
        current_ctx.get_ctx()


def test_node_and_instance_are_as_they_were_given():
    runtime = {"ip": "::1"}
    mock = MockCloudifyContext("web_1", "web", "t.Web", "b", "d", "e", {"port": 80}, runtime, index=2)
    assert (mock.instance.id, mock.instance.index, mock.node.id, mock.node.name) == ("web_1", 2, "web", "web")
    assert (mock.node.type, mock.type) == ("t.Web", "node-instance")
    assert (mock.blueprint.id, mock.deployment.id, mock.execution_id) == ("b", "d", "e")
    mock.instance.runtime_properties["new"] = 1
    mock.instance.update()
    assert runtime == {"ip": "::1", "new": 1}
    with pytest.raises(NonRecoverableError, match="read only properties"):
        mock.node.properties["port"] = 81


def test_an_empty_mock_is_of_a_deployment_and_still_has_an_instance():
    mock = MockCloudifyContext()
    assert mock.type == "deployment"
    mock.instance.runtime_properties["x"] = 1
    assert mock.execution_id is None
    assert (mock.related, mock.rest_token, mock.tenant, mock.provider_context) == (None, None, {}, {})
    assert (mock.get_config(), mock.get_brokers(), mock.get_managers()) == ([], [], [])


def test_keys_are_looked_for_in_properties_and_then_in_runtime_properties():
    mock = MockCloudifyContext(properties={"a": 1, "b": 1}, runtime_properties={"b": 2, "c": 2})
    assert (mock["a"], mock["b"], mock["c"]) == (1, 1, 2)
    assert "c" in mock
    assert "d" not in mock
    mock["d"] = 3
    assert mock.instance.runtime_properties["d"] == 3
    with pytest.raises(KeyError):
        mock["e"]


def test_only_a_target_has_an_empty_source_beside_it():
    target = MockRelationshipSubjectContext(MockNodeContext("db", {"x": 1}), MockNodeInstanceContext("db_1", {"ip": 1}))
    mock = MockCloudifyContext(target=target)
    assert mock.type == "relationship-instance"
    assert mock.source == MockContext()
    assert mock.target.node.properties == {"x": 1}
    mock.target.instance.runtime_properties["ip"] = 2
    assert target.instance.runtime_properties == {"ip": 2}
    source = MockContext({"node": MockNodeContext("web")})
    assert MockCloudifyContext(source=source, target=target).source.node.name == "web"


def test_a_relationship_leads_to_its_target():
    target = MockRelationshipSubjectContext(MockNodeContext("db"), MockNodeInstanceContext("db_1"))
    mock = MockCloudifyContext(node_id="web_1", relationships=[MockRelationshipContext(target, "t.connected_to")])
    (one,) = mock.instance.relationships
    assert (one.type, one.target.instance.id, one.target.instance.runtime_properties) == ("t.connected_to", "db_1", {})


def test_an_update_takes_no_handler():
    with pytest.raises(TypeError):
        MockNodeInstanceContext().update(lambda one, other: one)


def test_the_operation_is_what_the_mapping_says_and_can_ask_for_a_retry():
    mock = MockCloudifyContext(operation={"name": "i.create", "retry_number": 2, "max_retries": 5})
    assert (mock.operation.name, mock.operation.retry_number, mock.operation.max_retries) == ("i.create", 2, 5)
    assert MockCloudifyContext().operation.retry_number == 0
    assert mock.operation.retry("later", retry_after=3) is None
    assert mock.operation.asked_again.retry_after == 3


def test_resources_are_those_that_were_given():
    mock = MockCloudifyContext(resources={"a.txt": b"text"})
    assert mock.get_resource("a.txt") == b"text"
    assert mock.download_resource("a.txt") == b"text"
    with pytest.raises(RuntimeError, match=r"no resource 'b\.txt' was given; there are: a\.txt"):
        mock.get_resource("b.txt")
    with pytest.raises(RuntimeError, match="leave target_path out"):
        mock.download_resource("a.txt", target_path="here")


def test_capabilities_must_be_capabilities():
    capabilities = ContextCapabilities()
    assert MockCloudifyContext(capabilities=capabilities).capabilities is capabilities
    with pytest.raises(ValueError, match="capabilities is a dict; it must be a ContextCapabilities"):
        MockCloudifyContext(capabilities={"a": 1})


def test_other_parts_are_what_was_given():
    bootstrap = BootstrapContext({})
    mock = MockCloudifyContext(
        tenant={"name": "t"},
        rest_token="x",
        provider_context={"a": 1},
        bootstrap_context=bootstrap,
        config=[1],
        brokers=[2],
        managers=[3],
    )
    assert (mock.tenant, mock.rest_token, mock.provider_context) == ({"name": "t"}, "x", {"a": 1})
    assert mock.bootstrap_context is bootstrap
    assert (mock.get_config(), mock.get_brokers(), mock.get_managers()) == ([1], [2], [3])


def test_what_an_operation_logs_can_be_seen_by_caplog(caplog):
    with caplog.at_level(logging.DEBUG):
        MockCloudifyContext().logger.info("hello %s", "you")
    assert caplog.messages == ["hello you"]


def test_a_context_of_values_is_a_mapping_with_attributes():
    values = MockContext({"a": 1})
    values.b = 2
    assert (values.a, values["b"], dict(values)) == (1, 2, {"a": 1, "b": 2})
    with pytest.raises(AttributeError, match="has no 'c'; it has: a, b"):
        values.c  # noqa: B018 - asked for its error
    assert copy.deepcopy(values) == values
