"""`python -m tb_gradhealth.cli`: the command where its script is not on the path."""

from tb_gradhealth.cli import main

main(prog_name="gradhealth")
