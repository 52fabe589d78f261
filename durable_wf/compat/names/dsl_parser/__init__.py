"""What custom functions of the older system import. The language itself is `durable_wf.dsl`."""
