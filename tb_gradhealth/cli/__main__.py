"""`python -m tb_gradhealth.cli`: the command for environments whose scripts are not on the path."""

from tb_gradhealth.cli import main

main(prog_name="gradhealth")
