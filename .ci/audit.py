"""Look locked packages up in a vulnerability database, with pip-audit: `python .ci/audit.py LOCKFILE`.

Exits with 1 on a finding or a failure of the tool. Where no such database can be reached it says so in a line
and exits with 0. (pip-audit by itself says "No known vulnerabilities found" if no package was known.)
"""

import json
import re
import subprocess
import sys
from typing import Any

SERVICES = ("pypi", "osv")
OUT_OF_REACH = re.compile(r"connect|timed? ?out|ServiceError|resolve", re.IGNORECASE)


def say(line: str) -> None:
    """Print a line in this check's name."""
    sys.stdout.write(f"audit: {line}\n")


def ask(service: str, lockfile: str) -> list[dict[str, Any]]:
    """Return what a database knew of each package; empty if it was out of reach. Exits if the tool failed."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--require-hashes",
        "--requirement",
        lockfile,
    ]
    options = ["--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"]
    answer = subprocess.run([*command, *options], capture_output=True, text=True, check=False)  # noqa: S603
    if answer.stdout.strip():
        packages: list[dict[str, Any]] = json.loads(answer.stdout)["dependencies"]
        return [package for package in packages if "skip_reason" not in package]
    if not OUT_OF_REACH.search(answer.stderr):
        sys.exit(f"audit: pip-audit failed:\n{answer.stderr}")
    return []


def main(lockfile: str) -> int:
    """Report on a lock file, from the first database that knows any of its packages."""
    for service in SERVICES:
        known = ask(service, lockfile)
        if not known:
            continue
        findings = [(package, finding) for package in known for finding in package["vulns"]]
        for package, finding in findings:
            fixed = ", ".join(finding["fix_versions"]) or "no version yet"
            say(f"{package['name']} {package['version']}: {finding['id']}, fixed in {fixed}")
        say(f"{len(known)} packages of {lockfile} looked up at {service}, {len(findings)} findings")
        return 1 if findings else 0
    say(f"SKIPPED, no vulnerability database could be reached ({', '.join(SERVICES)}); nothing was looked up")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
