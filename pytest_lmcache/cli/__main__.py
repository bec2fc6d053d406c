"""`python -m pytest_lmcache.cli`: the command line of this interpreter."""

from pytest_lmcache.cli import main

main(prog_name="pytest-lmcache")
