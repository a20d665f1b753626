"""Look locked packages up: `python .ci/audit.py LOCKFILE`.

Two sources, each asked by its ordinary client: a vulnerability database, by pip-audit, and the package index, by pip,
for releases that were withdrawn since ("yanked", which is what maintainers do with a release that turned out bad).
Exits with 1 on a finding or a failure of a tool. Where a source can't be reached it says so in a line, and that
nothing was looked up there. (pip-audit by itself says "No known vulnerabilities found" if no package was known.)

`AUDIT_OSV_URL` names another server with OSV's interface, for networks from which the public one can't be reached.
"""

import json
import os
import re
import subprocess
import sys
from typing import Any

SERVICES = ("pypi", "osv")
OUT_OF_REACH = re.compile(r"connect|timed? ?out|ServiceError|resolve|No matching distribution", re.IGNORECASE)


def say(line: str) -> None:
    """Print a line in this check's name."""
    sys.stdout.write(f"audit: {line}\n")


def run(*arguments: str) -> Any:
    """Return the JSON that a module of this Python printed; None if its source was out of reach. Exits if it failed."""
    answer = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if answer.stdout.strip():
        return json.loads(answer.stdout)
    if not OUT_OF_REACH.search(answer.stderr):
        sys.exit(f"audit: {arguments[0]} failed:\n{answer.stderr}")
    return None


def advisories(service: str, lockfile: str) -> list[dict[str, Any]]:
    """Return what a vulnerability database knew of each package; empty if it was out of reach."""
    mirror = os.environ.get("AUDIT_OSV_URL")
    found = run(
        "pip_audit",
        *("--disable-pip", "--require-hashes", "--requirement", lockfile),
        *("--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"),
        *(("--osv-url", mirror) if mirror and service == "osv" else ()),
    )
    return [package for package in found["dependencies"] if "skip_reason" not in package] if found else []


def withdrawn(lockfile: str) -> tuple[int, list[str]] | None:
    """Return how many packages the index has, and which of them are yanked; None if it was out of reach."""
    found = run(
        "pip",
        *("install", "--dry-run", "--quiet", "--ignore-installed", "--no-deps", "--require-hashes"),
        *("--disable-pip-version-check", "--report", "-", "--requirement", lockfile),
    )
    if not found:
        return None
    packages = found["install"]
    yanked = [package["metadata"] for package in packages if package["is_yanked"]]
    return len(packages), [f"{package['name']} {package['version']}" for package in yanked]


def look_up(lockfile: str) -> int:
    """Report what vulnerability databases say, from the first that knows any package; return the findings."""
    for service in SERVICES:
        known = advisories(service, lockfile)
        if not known:
            continue
        findings = [(package, finding) for package in known for finding in package["vulns"]]
        for package, finding in findings:
            fixed = ", ".join(finding["fix_versions"]) or "no version yet"
            say(f"{package['name']} {package['version']}: {finding['id']}, fixed in {fixed}")
        say(f"{len(known)} packages of {lockfile} looked up at {service}, {len(findings)} findings")
        return len(findings)
    say(f"SKIPPED, no vulnerability database could be reached ({', '.join(SERVICES)}); nothing was looked up there")
    return 0


def look_for_withdrawn(lockfile: str) -> int:
    """Report releases that the package index has withdrawn; return how many."""
    asked = withdrawn(lockfile)
    if asked is None:
        say("SKIPPED, the package index could not be reached; whether releases were withdrawn is not known")
        return 0
    count, yanked = asked
    for name in yanked:
        say(f"{name}: withdrawn (yanked) by its maintainers")
    say(f"{count} packages of {lockfile} asked for at the package index, {len(yanked)} withdrawn")
    return len(yanked)


def main(lockfile: str) -> int:
    """Ask both sources about a lock file."""
    return 1 if look_up(lockfile) + look_for_withdrawn(lockfile) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
