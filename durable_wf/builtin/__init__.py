"""The workflows that every blueprint may run, and the types that it may use. Source: workflow-api §10."""
