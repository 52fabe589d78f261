"""`doctor`: see `diagnosis`. Nothing is imported here, because the command line needs `finding` at every start."""
