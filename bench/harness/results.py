"""The results of the last run, as data: bench/results/latest.jsonl.

Each line is a record. A record with a `machine` is the header of a run; one with a `scenario` is one measurement, and its
`run` says which header it belongs to. A run of everything replaces the file; a run of a part replaces that part.
"""

import json
import statistics
from dataclasses import dataclass, field

from .peers import ROOT

FILE = ROOT / "bench" / "results" / "latest.jsonl"


@dataclass
class Results:
    headers: list[dict] = field(default_factory=list)
    records: list[dict] = field(default_factory=list)

    @classmethod
    def load(cls):
        lines = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
        return cls([line for line in lines if "machine" in line], [line for line in lines if "scenario" in line])

    def save(self):
        used = {record["run"] for record in self.records}
        headers = [header for header in self.headers if header["run"] in used]
        new = FILE.with_suffix(".new")
        new.write_text("".join(json.dumps(line) + "\n" for line in headers + self.records))
        new.replace(FILE)

    def replace(self, scenario, peers, records):
        """Puts `records` in the place of what these peers had in this scenario."""
        kept = [each for each in self.records if each["scenario"] != scenario or each["peer"] not in peers]
        self.records = kept + records

    def find(self, peer=None, scenario=None, **load):
        """Measurements that came to an end, with these parameters; the parameters left out are those of a plain run."""
        return [
            record for record in self.records
            if "error" not in record
            and (peer is None or record["peer"] == peer)
            and (scenario is None or record["scenario"] == scenario)
            and all(record["load"].get(key) == value for key, value in load.items())
        ]

    def values(self, key, peer, **where):
        """What one peer reached in each round."""
        return [found["result"][key] for found in self.find(peer, **where) if found["result"].get(key) is not None]

    def ratios(self, key, peer, other, **where):
        """One peer's value over another's, round by round."""
        mine = {found["round"]: found["result"].get(key) for found in self.find(peer, **where)}
        theirs = {found["round"]: found["result"].get(key) for found in self.find(other, **where)}
        return [mine[each] / theirs[each] for each in mine if mine[each] and theirs.get(each)]


def median(values):
    return statistics.median(values) if values else None
