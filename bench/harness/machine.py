"""The header of a run: where, when and with what it was measured."""

import os
import platform
import subprocess
from datetime import datetime, timezone

from .peers import PEERS, ROOT


def header(run, command, quick, names, alert):
    return {
        "run": run,
        "quick": quick,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": command,
        "commit": commit(),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
            "system": f"{platform.system()} {platform.release()}",
        },
        "versions": {name: version(PEERS[name], alert) for name in names},
    }


def commit():
    """The last that changed what is measured: documents and the results themselves make no other version of it."""
    code = ("--", "crates", "web", "Cargo.toml", "Cargo.lock")
    head = output(("git", "log", "-1", "--abbrev=12", "--format=%h", *code), ROOT)
    changed = output(("git", "status", "--porcelain", *code), ROOT)
    return f"{head} with changes" if changed else head


def processor():
    with open("/proc/cpuinfo") as lines:
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def version(peer, alert):
    lines = output([part.format(alert=alert) for part in peer.version], peer.folder).splitlines()
    return ", ".join(line.strip() for line in lines if line.strip())


def output(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()
