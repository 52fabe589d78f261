"""Operations of the telemetry."""

from cloudify import ctx
from cloudify.decorators import operation


@operation(resumable=True)
def watch(metrics, **_):
    """Say what would be measured from now on."""
    ctx.instance.runtime_properties["metrics"] = metrics
