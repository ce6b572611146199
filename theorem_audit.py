"""Entry points: the command line and the pytest plugin, light until an audit is collected."""
