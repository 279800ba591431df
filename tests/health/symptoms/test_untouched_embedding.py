"""Symptom untouched-embedding: information after the first steps."""

from tb_gradhealth.record import Row


def test_untouched_rows_are_information_once_there_was_time(training, rows):
    table = Row("words/embeddings", "gradient", "words", "embedding", 0, (1000, 16))
    assert training([table]).series(untouched_fraction=[0.9] * 9).findings() == {}
    findings = training([table]).series(untouched_fraction=[0.9] * 30).findings()
    finding = findings["untouched-embedding", table.tensor]
    assert (finding.severity, finding.message[:14]) == ("info", "90 % of the 1,")
