"""How numbers leave a training step: one folder per framework.

Each finds the tensors worth measuring, names them and their place in the network, condenses each to
one row of statistics, and writes the rows as `tb_gradhealth.record` describes.
"""
