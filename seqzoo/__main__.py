"""Run the command line: python -m seqzoo."""

from seqzoo.cli import main

main()
