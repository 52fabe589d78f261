"""What workflows of the blueprint `context` do with their ctx. Ids: host_1, server_2/3, app_4/5, alone_6."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Any

from cloudify.exceptions import NonRecoverableError
from cloudify.workflows import tasks
from cloudify.workflows.workflow_context import task_config

from durable_wf import workflow
from tests.authoring import plugin
from tests.replay.work import WORLD


@workflow
def does(ctx: Any, what: str, **more: Any) -> Any:
    """Run a function of this module."""
    return globals()[what](ctx, **more)


def containment(ctx: Any) -> Any:
    """Sets of what is contained, in the order in which they iterate."""
    host, server = ctx.get_node_instance("host_1"), ctx.get_node_instance("server_3")
    below, inside = host.get_contained_subgraph(), server.get_contained_subgraph()
    plain = {ctx.get_node_instance("alone_6")}
    found = {
        "below": below,
        "inside": inside,
        "without": below - inside,
        "both": plain | below,
        "common": below & inside,
        "either": inside ^ plain,
        "rest": plain - below,
        "union": below.union(plain),
        "copy": below.copy(),
    }
    shown = {name: [one.id for one in ids] for name, ids in found.items()}
    shown["direct"] = [one.id for one in host.contained_instances]
    shown["is a set"] = [isinstance(one, set) for one in found.values()]
    shown["first"] = below.copy().pop().id
    shown["in"] = [server in below, host in inside, inside <= below]
    return shown


def nodes(ctx: Any) -> Any:
    """What a node and an instance say of themselves."""
    host, server, app = (ctx.get_node(name) for name in ("host", "server", "app"))
    instance = ctx.get_node_instance("app_4")
    return {
        "to install": [[one.name for one in node.plugins_to_install] for node in (host, server)],
        "plugins": [(one["name"], one.package_version) for one in app.plugins],
        "numbers": [server.number_of_instances, server.planned_number_of_instances],
        "twice": [one.type for one in app.relationships if one.target_id == "alone"],
        "last": app.get_relationship("alone").type,
        "links": [one.type for one in instance.relationships],
        "instance": [instance.system_properties, instance.scaling_groups, instance.modification],
        "raw": [instance._node_instance.host_id, instance._node_instance["node_id"], app._node.type],
        "iterators": [next(ctx.nodes).id, next(server.instances).id, next(instance.relationships).target_id],
        "logger": instance.logger.name.replace(ctx.execution_id, "ID"),
    }


def attributes(ctx: Any) -> Any:
    """What ctx says where there is no server."""
    graph = ctx.get_tasks_graph("x")
    return {
        "flags": [ctx.local, ctx.dry_run, ctx.resume, ctx.wait_after_fail, ctx.bootstrap_context],
        "tenant": [ctx.tenant, ctx.tenant_name, ctx.rest_host, ctx.rest_token, ctx.bypass_maintenance],
        "deployment": [
            ctx.deployment.id, ctx.deployment.display_name, ctx.deployment.scaling_groups,
            ctx.deployment.resource_tags, ctx.deployment.creator, ctx.deployment.runtime_only_evaluation,
        ],
        "none": [ctx.list_idds(), ctx.get_managers(), ctx.list_execution_schedules(), graph],
        "stored": [
            ctx.store_tasks_graph("x", []), ctx.store_operation(1, [], 2), ctx.update_operation(1, "sent"),
            ctx.remove_operation(1), ctx.cleanup(), ctx.cleanup(finished=False),
        ],
        "execution": operator.itemgetter("workflow_id", "deployment_id", "status", "is_dry_run")(ctx.get_execution()),
        "other": ctx.get_execution("another"),
        "config": [ctx.internal.get_task_configuration(), ctx.internal.get_subgraph_task_configuration()],
        "nodes": [[one.id for one in ctx.list_nodes()], [one.id for one in ctx.list_node_instances(node_id="app")]],
        "deployments": [ctx.get_deployment("d").inputs, ctx.get_blueprint().id],
    }  # fmt: skip


def refusals(ctx: Any, names: list[str]) -> Any:
    """How each call is refused."""
    found = []
    for name in names:
        owner = ctx.deployment if name.endswith(("modification", "modifications")) else ctx
        try:
            getattr(owner, name)()
        except Exception as error:  # noqa: BLE001 - whatever it is
            found.append(type(error).__name__)
    return found


def handler(ctx: Any) -> Any:
    """`ctx.internal.handler` and its storage."""
    handler = ctx.internal.handler
    storage = handler.operation_cloudify_context["storage"]
    missing = []
    for call in (storage.get_node, storage.get_node_instance, storage.get_input):
        try:
            call("nothing")
        except KeyError as error:
            missing.append(str(error))
    return {
        "nodes": [one.id for one in handler.get_nodes()],
        "instances": [one.id for one in storage.get_node_instances("server")],
        "node": storage.get_node("app").properties,
        "instance": [storage.get_node_instance("app_4").version, len(handler.get_node_instances())],
        "input": storage.get_input("size"),
        "names": [storage.name, storage.blueprint_name],
        "local": handler.operation_cloudify_context["local"],
        "plugin": [handler.get_plugin("tests").package_name, handler.get_plugin({"name": "x"})],
        "missing": missing,
        "execution": storage.get_execution(ctx.execution_id).id == ctx.execution_id,
    }


def functions(ctx: Any) -> Any:
    """Intrinsic functions see the view, not the present."""
    payload = {"port": {"get_property": ["SELF", "port"]}, "a": {"get_attribute": ["SELF", "a"]}, "size": 1}
    before = ctx.internal.evaluate_functions("d", {"self": "alone_6"}, payload)
    ctx.get_node_instance("alone_6").execute_operation("ops.sets", {"a": 5}).get()
    same = ctx.internal.evaluate_functions("d", {"self": "alone_6"}, payload)
    ctx.refresh_node_instances()
    after = ctx.internal.evaluate_functions(None, {"self": "alone_6"}, payload)
    try:
        ctx.internal.evaluate_functions("another", {}, payload)
    except RuntimeError as error:
        return [before, same, after, str(error)]
    return None


def updates(ctx: Any) -> Any:
    """Write an instance: the view moves with it, and the object that is held shows it."""
    held = ctx.get_node_instance("alone_6")
    held.execute_operation("ops.sets", {"a": 1}).get()
    first = ctx.update_node_instance("alone_6", version=1, runtime_properties={"b": 2}, system_properties={"s": 1})
    shown = [held.version, held.runtime_properties, held.system_properties, held.state]
    conflict = None
    try:
        ctx.update_node_instance("alone_6", version=1, runtime_properties={"c": 3})
    except Exception as error:  # noqa: BLE001 - its class is what is looked at
        conflict = [type(error).__name__, str(error)]
    second = ctx.update_node_instance("alone_6", state="mine", relationships=[])
    third = ctx.update_node_instance("alone_6", runtime_properties={}, force=True)
    again = ctx.get_node_instance("alone_6")
    return {
        "first": [first["version"], first["runtime_properties"], first["system_properties"], first["deployment_id"]],
        "shown": shown,
        "conflict": conflict,
        "second": [second["version"], second["state"], second["runtime_properties"]],
        "third": [third["version"], third["runtime_properties"], third["system_properties"]],
        "again": [again.version, again.state, again.runtime_properties, again == held],
    }


def updates_nothing(ctx: Any) -> Any:
    """There is no such instance."""
    try:
        ctx.update_node_instance("nobody_1", state="x")
    except KeyError as error:
        return str(error)
    return None


def status(ctx: Any) -> Any:
    """The status of an execution is not a workflow's to set."""
    try:
        ctx.update_execution_status("mine").get()
    except NotImplementedError as error:
        return str(error)
    return None


def refused_operations(ctx: Any) -> Any:
    """What cannot be run says why."""
    alone = ctx.get_node_instance("alone_6")
    found = []
    for kwargs in ({"port": 2}, {"port": "http"}):
        try:
            alone.execute_operation("ops.takes", kwargs, allow_kwargs_override=kwargs["port"] != 2)
        except RuntimeError as error:
            found.append(str(error))
    function = alone.execute_operation("ops.takes", {"port": {"get_property": ["SELF", "port"]}}, True)
    found.append(function.get())
    return found


def typed_operations(ctx: Any) -> Any:
    """What does not fit a data type of the blueprint is refused."""
    alone = ctx.get_node_instance("alone_6")
    found = [alone.execute_operation("ops.placed", {"name": {"host": "here"}}).get()[1]]
    for place in ({"host": "here", "port": "http"}, {}, "here"):
        try:
            alone.execute_operation("ops.placed", {"name": place})
        except RuntimeError as error:
            found.append(str(error))
    return found


def fresh_kwargs(ctx: Any) -> Any:
    """An input that the first attempt changes is as it was for the second."""
    box = {"found": [1]}
    result = ctx.get_node_instance("alone_6").execute_operation("ops.mutates", {"box": box})
    box["found"].append("too late")
    return [result.get(), WORLD.seen]


def remote(ctx: Any) -> Any:
    """A function in a context that is given."""
    context = {"task_name": "tests.authoring.plugin.describes", "node_id": "alone_6", "plugin": {"name": "tests"},
               "operation": {"name": "ops.mine"}}  # fmt: skip
    related = {**context, "node_id": "app_4", "related": {"node_id": "alone_6", "is_target": True}}
    turned = {**context, "related": {"node_id": "app_4", "is_target": False}}
    kwargs = {"__cloudify_context": context}
    found = [ctx.remote_task(kwargs, one, "id").get() for one in (context, related, turned)]
    try:
        ctx.remote_task({}, {**context, "node_id": "nobody_1"}, "id")
    except RuntimeError as error:
        found.append(str(error))
    return found


def describes_here() -> Any:
    """What a local task can see of the workflow."""
    return 1


def configured(ctx: Any) -> Any:
    """The precedence of settings of local tasks, as what is stored of them."""

    @task_config(name="own", total_retries=1, kwargs={"value": 1}, send_task_events=False)
    def decorated(value: int) -> int:
        return value

    @task_config
    def bare() -> str:
        return "bare"

    found = [
        ctx.local_task(decorated).get(),
        ctx.local_task(decorated, name="given", total_retries=5, kwargs={"value": 2}).get(),
        ctx.local_task(decorated, name="given", total_retries=5, kwargs={"value": 2}, override_task_config=True).get(),
        ctx.local_task(bare, node=ctx.get_node_instance("alone_6"), info={"more": 1}).get(),
    ]
    return [*found, decorated.workflow_task_config["name"], decorated.__name__]


def shown_tasks(ctx: Any) -> Any:
    """What unstarted tasks show."""
    ctx.graph_mode()
    task = ctx.local_task(describes_here, node="n", info={"more": 1}, task_id="mine")
    other = ctx.remote_task({}, {"task_name": "tests.authoring.plugin.logs"}, "other")
    return [task.info, task.node, task.name, task.id, other.id]


def pool(ctx: Any) -> Any:
    """Callables beside the function: recorded, awaited, and what they raise goes no further."""
    seen = []

    def good() -> None:
        seen.append("good")

    def bad() -> None:
        seen.append("bad")
        text = "goes no further"
        raise ValueError(text)

    processor = ctx.internal.local_tasks_processor
    with processor:
        processor.add_task(good)
    try:
        processor.add_task(good)
    except RuntimeError as error:
        seen.append(str(error))
    ctx.internal.add_local_task(bad)
    for result in list(ctx.internal.unfetched):
        result.get()
    return sorted(seen)


def says(ctx: Any) -> Any:
    """Events by the inner ways, and lines of an instance's own logger."""
    ctx.internal.send_workflow_event("my_type", "hello", {"a": 1})
    ctx.internal.handler.get_send_task_event_func(None)("started", Task(), "now")
    ctx.get_node_instance("alone_6").logger.warning("from %s", "alone")


class Task:
    """Something with a name."""

    name = "mine"


def downloads(ctx: Any, folder: str) -> Any:
    """Files beside the blueprint."""
    copied = ctx.download_resource("blueprint.yaml")
    placed = ctx.download_resource("blueprint.yaml", f"{folder}/deep/copy.yaml")
    refused = []
    for path in ("nothing.txt", "../contexts.py"):
        try:
            ctx.download_resource(path)
        except NonRecoverableError as error:
            refused.append(str(error))
    texts = [Path(path).read_text()[:10] for path in (copied, placed)]
    return [Path(copied).name, placed, texts[0] == texts[1], refused]


def everything(ctx: Any) -> Any:
    """All that a dry run shows: operations, local tasks, states, writes, graphs with subgraphs."""
    alone, app = ctx.get_node_instance("alone_6"), ctx.get_node_instance("app_4")
    first = alone.execute_operation("ops.sets", {"a": 1}).get()
    local = ctx.local_task(lambda: WORLD.seen.append("ran"), name="beside").get()
    task = ctx.execute_task(plugin.sets, kwargs={"b": 1}, node_context={"node_id": "alone_6"}).get()
    alone.set_state("mine").get()
    written = ctx.update_node_instance("alone_6", runtime_properties={"c": 1}, state="theirs")
    ctx.internal.add_local_task(lambda: WORLD.seen.append("ran"))
    for result in list(ctx.internal.unfetched):
        result.get()
    ctx.refresh_node_instances()
    graph = ctx.graph_mode()
    inner = graph.subgraph("inner")
    inner.sequence().add(
        app.send_event("begins"), app.execute_operation("ops.sets", {"a": 2}), app.set_state("started"),
        app.execute_operation("ops.nothing"),
    )  # fmt: skip
    link = next(app.relationships)
    last = app.execute_operation("ops.describes")
    graph.add_task(last)
    graph.add_dependency(last, inner)
    graph.execute()
    seen = ctx.get_node_instance("alone_6")
    return [first, local, task, written["state"], written["runtime_properties"], seen.state, ctx.dry_run, link.type]


def fails(ctx: Any) -> Any:
    """The function itself raises."""
    ctx.get_node_instance("alone_6").execute_operation("ops.sets", {"a": 1}).get()
    text = "the function itself"
    raise ValueError(text)


def made_directly(ctx: Any) -> Any:
    """Tasks that a plugin makes of their classes, with handlers that wait for a result that a dry run never has."""

    class Own(tasks.WorkflowTask):
        """A plugin's own."""

        name = "own"

        def apply_async(self) -> None:
            """Say that it ran."""
            WORLD.seen.append("own")
            self.async_result.result = "own"

    def until_there_is_one(task: Any) -> Any:
        WORLD.seen.append("asked")
        return tasks.HandlerResult.retry(ignore_total_retries=True, retry_after=0)

    graph = ctx.graph_mode()
    made = [
        tasks.LocalWorkflowTask(lambda: WORLD.seen.append("local"), ctx, name="local"),
        tasks.RemoteWorkflowTask({}, {"task_name": "tests.authoring.plugin.logs"}, ctx),
        tasks.SetNodeInstanceStateTask("alone_6", "mine", workflow_context=ctx),
        tasks.DryRunLocalWorkflowTask(lambda: WORLD.seen.append("dry"), ctx, name="dry"),
        Own(ctx),
    ]
    for task in made:
        task.on_success = until_there_is_one
        graph.add_task(task)
    graph.execute()
    return [type(task).__name__ for task in made]


def modes(ctx: Any) -> Any:
    """The one-way street to graph mode."""
    internal = ctx.internal
    found = [internal.graph_mode, internal.task_graph is internal.task_graph, internal.graph_mode]
    graph = internal.task_graph
    found.append(ctx.graph_mode() is graph)
    internal.graph_mode = True
    try:
        internal.graph_mode = False
    except RuntimeError as error:
        found.append(str(error))
    graph.add_task(ctx.send_event("waits"))
    try:
        ctx.graph_mode()
    except RuntimeError as error:
        found.append(str(error))
    graph.execute()
    return [*found, ctx.graph_mode() is graph]


def looks_beside(ctx: Any) -> Any:
    """A local task reads the view again and again while the function moves it."""
    alone = ctx.get_node_instance("alone_6")
    before = alone.runtime_properties
    looked: list[Any] = []

    def look() -> int:
        while "a" not in ctx.get_node_instance("alone_6").runtime_properties:
            looked.append(1)
        return 1

    beside = ctx.local_task(look)
    alone.execute_operation("ops.sets", {"a": 1}).get()
    ctx.refresh_node_instances()
    beside.get()
    return [before, ctx.get_node_instance("alone_6").runtime_properties]
