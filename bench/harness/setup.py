"""`bench/run setup`: installs what the servers and the check need, from their lock files."""

import subprocess

from .peers import PEERS, ROOT


def run(arguments):
    steps = [
        (ROOT / "bench" / "check", ("npm", "ci", "--no-audit", "--no-fund")),
    ]
    for name in arguments.only:
        steps += [(PEERS[name].folder, command) for command in PEERS[name].install]
    for folder, command in dict.fromkeys(steps):
        print(f"{folder.relative_to(ROOT)}: {' '.join(command).replace(f'{ROOT}/', '')}", flush=True)
        subprocess.run(command, cwd=folder, check=True)
    return 0
