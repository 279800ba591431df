"""Trainings with one planted fault each, one symptom a file, dosed from barely to badly."""

FAMILIES = ()
