"""`python -m durable_wf` is `durable-wf`."""

from durable_wf.cli.app import main

main()
