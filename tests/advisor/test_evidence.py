"""Every sentence of the advisor has a source."""

from rareclass.advisor import EVIDENCE
from rareclass.advisor.diagnosis import advise


def test_every_piece_of_advice_leads_to_evidence_with_numbers():
    ids = [e.id for e in EVIDENCE]
    assert len(ids) == len(set(ids))
    for a in advise(100, 100_000):
        row = next(e for e in EVIDENCE if e.id == a.evidence_id)
        assert row.statement in a.measured
    assert all(e.source and e.setting for e in EVIDENCE)
