#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-outputs EVERTAPE FAKE-EVERTAPED MONITORING DOCUMENT: what evertape map and metrics print is what it claims to be, of a
library small, large and hostile; and the rules and the dashboard in the folder MONITORING ask for nothing that is not
there; DOCUMENT has all metrics and no other."""
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

import openmetrics

SVG = "{http://www.w3.org/2000/svg}"
evertape, fake, monitoring, document = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
n_failed = n_passed = 0


def ok(text, good, why=""):
    global n_failed, n_passed
    n_passed, n_failed = n_passed + bool(good), n_failed + (not good)
    if not good:
        print(f"FAILED {text} {why}")


def run(mode, *args, status=0):
    done = subprocess.run([fake, mode, evertape, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode == 77:
        sys.exit(77)  # no dbus-daemon here
    ok(f"{mode} {' '.join(args)}: status", done.returncode == status, done.stderr)
    return done.stdout.decode()


def check_svg(mode):
    root = xml.etree.ElementTree.fromstring(run(mode, "map", "--svg", "-"))
    tags = {e.tag.replace(SVG, "") for e in root.iter()}
    ok(f"{mode}: SVG's elements", tags <= {"svg", "title", "desc", "style", "g", "rect", "text"}, tags)
    ok(f"{mode}: SVG has title and description", root.findtext(SVG + "title") and root.findtext(SVG + "desc"))
    ok(f"{mode}: nothing from elsewhere",
       not any(k.startswith("on") or "href" in k for e in root.iter() for k in e.attrib))
    return root


def check_json(mode):
    site = json.loads(run(mode, "map", "--json"))
    ok(f"{mode}: JSON has devices and libraries", site["devices"] and site["libraries"])
    return site


def check_metrics(mode, status=0):
    text = run(mode, "metrics", status=status)
    wrong = openmetrics.problems(text)
    ok(f"{mode}: OpenMetrics", not wrong, wrong)
    return text


def texts(root):
    return [t.text for t in root.iter(SVG + "text")]


def documented():
    """Of rows such as "| `evertape_device_held` `_paths` | ... |", in which the second is evertape_device_paths."""
    found, rows = set(), re.findall(r"^\| `evertape_[^|]*", document.read_text(), re.M)
    for row in rows:
        names = re.findall(r"`(\w+)`", row)
        family = re.match(r"evertape_[a-z]+", names[0])[0]
        found |= {family + n if n.startswith("_") else n for n in names}
    return found


def main():
    for mode in "library", "large", "hostile":
        check_svg(mode)
        check_json(mode)
        check_metrics(mode)
    ok("nothing known", check_metrics("none", status=1).count("evertape_up 0") == 1)
    check_metrics("empty")

    site = check_json("library")
    drives = [e for e in site["libraries"][0]["elements"] if e["type"] == "bay"]
    ok("drives in bays", [d["drive"] for d in drives] == ["lib1-drive1", "lib1-drive2"], drives)
    ok("label", drives[0]["label"] == "E00001L8" and drives[1]["label"] is None, drives)
    ok("slots", sum(e["type"] == "slot" for e in site["libraries"][0]["elements"]) == 24)
    ok("paths", len(site["devices"][1]["paths"]) == 3, site["devices"][1])
    ok("the picture has what the terminal has", {"E00001L8", "lib1-drive2"} <= {t.lstrip("▮ ") for t in texts(check_svg("library"))})
    terminal = run("library", "map")
    ok("no terminal: ASCII, no colours", terminal.isascii() and "\033" not in terminal and "E00024L8" in terminal)
    ok("one library", run("library", "map", "lib1") == terminal)
    run("library", "map", "lib1-drive1", status=1)
    run("library", "map", "nobody", status=1)
    run("library", "map", "--refresh")
    run("hostile", "map", "--refresh", status=1)
    run("library", "map", "--width", "23", status=2)
    run("library", "map", "--json", "--svg", "-", status=2)
    run("none", "map", status=1)

    there = openmetrics.names(run("large", "metrics"))
    ok("every metric is documented, and no other", documented() == there, documented() ^ there)
    asked = {f: set(re.findall(r"\bevertape_[a-z_]+", (monitoring / f).read_text()))
             for f in ("evertape.rules.yml", "evertape-dashboard.json")}
    for file, names in asked.items():
        ok(f"{file}: every metric is there", names and names <= there, sorted(names - there))
    dashboard = json.loads((monitoring / "evertape-dashboard.json").read_text())
    ok("panels have ids of their own", len({p["id"] for p in dashboard["panels"]}) == len(dashboard["panels"]))
    print(f"{n_passed} passed, {n_failed} failed")
    return n_failed > 0


sys.exit(main())
