"""The command line: parse, call app, answer."""
