"""A log directory as arrays and tables, for one's own analysis; without TensorFlow.

``load`` judges every run by the rules of the tab and returns `Runs`; each `Run` has its verdict and findings
and reads statistics from its event files on request. ``statistics`` holds them as NumPy arrays and converts
them for pandas and xarray; ``reading`` collects them from the files.
"""

from tb_gradhealth.analysis.runs import Run, Runs, load
from tb_gradhealth.analysis.statistics import Statistics

__all__ = ["Run", "Runs", "Statistics", "load"]
