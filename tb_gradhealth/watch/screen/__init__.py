"""The terminal screen of `gradhealth watch`, with textual.

* ``app``: the screen with its keys; ``help``: the list of keys.
* ``run_table``: the table of runs; ``run_details``: the incidents of one run as text.
"""
