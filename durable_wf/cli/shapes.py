"""What each command prints with `--json`: the table that `schema/output.schema.json` is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from durable_wf.cli.authors import Validation
from durable_wf.cli.cancelling import Cancellation
from durable_wf.cli.demo.story import CleanedRecord, DemoRecord
from durable_wf.cli.doctoring import Diagnosis
from durable_wf.cli.helping import Explanation, SettingRecord
from durable_wf.cli.plugins import PluginDetail, PluginRecord
from durable_wf.cli.schemas import SchemaRecord
from durable_wf.cli.secrets import DeletedSecret, SecretRecord
from durable_wf.cli.verifying import Verification
from durable_wf.inspection import deployment_records, records
from durable_wf.inspection.modifications import ModificationDetail
from durable_wf.inspection.topology.record import Plan


class Shape(NamedTuple):
    """A document.

    record    what it holds
    is_list   many of them, under `items`
    per_line  one document a line
    """

    record: type
    is_list: bool = False
    per_line: bool = False


OUTPUTS: Mapping[str, Shape] = {
    "validate": Shape(Validation),
    "plan": Shape(Plan),
    "schema": Shape(SchemaRecord),
    "install": Shape(records.ExecutionDetail),
    "uninstall": Shape(records.ExecutionDetail),
    "uninstall --dry-run": Shape(records.DryRun),
    "deployments create": Shape(deployment_records.DeploymentDetail),
    "deployments list": Shape(deployment_records.Deployment, is_list=True),
    "deployments show": Shape(deployment_records.DeploymentDetail),
    "deployments instances": Shape(deployment_records.NodeInstance, is_list=True),
    "deployments outputs": Shape(records.Outputs),
    "deployments capabilities": Shape(records.Capabilities),
    "deployments workflows": Shape(records.Workflow, is_list=True),
    "deployments topology": Shape(deployment_records.Topology),
    "deployments delete": Shape(records.Deleted),
    "modifications list": Shape(records.Modification, is_list=True),
    "modifications show": Shape(ModificationDetail),
    "modifications finish": Shape(ModificationDetail),
    "modifications rollback": Shape(ModificationDetail),
    "plugins install": Shape(PluginRecord),
    "plugins list": Shape(PluginRecord, is_list=True),
    "plugins show": Shape(PluginDetail, is_list=True),
    "run": Shape(records.ExecutionDetail),
    "run --dry-run": Shape(records.DryRun),
    "list": Shape(records.Execution, is_list=True),
    "show": Shape(records.ExecutionDetail),
    "resume": Shape(records.ExecutionDetail),
    "resume --dry-run": Shape(records.Resume),
    "cancel": Shape(Cancellation),
    "journal": Shape(records.JournalEntry, is_list=True),
    "journal --follow": Shape(records.JournalEntry, per_line=True),
    "logs": Shape(records.Message, is_list=True),
    "logs --follow": Shape(records.Message, per_line=True),
    "verify": Shape(Verification),
    "doctor": Shape(Diagnosis),
    "demo": Shape(DemoRecord),
    "demo --clean": Shape(CleanedRecord),
    "secrets set": Shape(SecretRecord),
    "secrets list": Shape(SecretRecord, is_list=True),
    "secrets delete": Shape(DeletedSecret),
    "config show": Shape(SettingRecord, is_list=True),
    "explain": Shape(Explanation),
    "explain exit-codes": Shape(Explanation, is_list=True),
}
