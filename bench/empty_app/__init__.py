"""A function app; a package only so that its module has a name of its own for mypy."""
