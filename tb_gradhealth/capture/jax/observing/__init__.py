"""Observes every watched step: step statistics, the flight recorder, several devices."""
