# SPDX-License-Identifier: LGPL-2.1-or-later
"""What OpenMetrics text 1.0 demands of a text, as far as evertape uses it: problems(text) is a list of what is wrong."""
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
SUFFIX = {"gauge": "", "counter": "_total", "info": "_info", "stateset": ""}


def labels_of(text):
    """Names and values of {a="b",c="d"}; None if it is no such thing."""
    found, at = [], 0
    while at < len(text):
        m = LABEL.match(text, at)
        if not m:
            return None
        found.append((m[1], m[2]))
        at = m.end()
        if at < len(text):
            if text[at] != "," or at + 1 == len(text):
                return None
            at += 1
    return found


class Checker:
    def __init__(self):
        self.wrong, self.families, self.series, self.current = [], {}, set(), None

    def say(self, number, what):
        self.wrong.append(f"line {number}: {what}")

    def comment(self, number, line):
        m = re.fullmatch(r"# (TYPE|UNIT|HELP) (\S+) (.+)", line)
        if not m:
            return self.say(number, f"no comment of OpenMetrics: {line}")
        kind, name, text = m.groups()
        if name != self.current:
            if name in self.families:
                return self.say(number, f"{name} stands in two places")
            self.families[name], self.current = {}, name
        family = self.families[name]
        if family.get("samples"):
            self.say(number, f"{kind} of {name} behind its samples")
        if kind in family:
            self.say(number, f"{kind} of {name} twice")
        family[kind] = text
        if kind == "TYPE" and text not in SUFFIX:
            self.say(number, f"unknown type {text}")
        if kind == "UNIT" and not name.endswith("_" + text):
            self.say(number, f"{name} does not end with its unit {text}")

    def sample(self, number, line):
        m = re.fullmatch(r"([^\s{]+)(?:\{(.*)\})? (\S+)", line)
        if not m:
            return self.say(number, f"no sample: {line}")
        name, labels, value = m[1], labels_of(m[2] or ""), m[3]
        family = self.families.get(self.current, {})
        if not NAME.fullmatch(name) or labels is None or not NUMBER.fullmatch(value):
            return self.say(number, f"no sample: {line}")
        if not {"TYPE", "HELP"} <= set(family):
            return self.say(number, f"{name} has no TYPE or no HELP")
        if name != self.current + SUFFIX.get(family["TYPE"], ""):
            self.say(number, f"{name} is none of {self.current}, which is of type {family['TYPE']}")
        if len({k for k, _ in labels}) != len(labels):
            self.say(number, "a label twice")
        if family["TYPE"] == "stateset" and (value not in "01" or self.current not in dict(labels)):
            self.say(number, "no state of a stateset")
        if family["TYPE"] == "info" and value != "1":
            self.say(number, "an info that is not 1")
        if (name, frozenset(labels)) in self.series:
            self.say(number, f"the same series twice: {line}")
        self.series.add((name, frozenset(labels)))
        family["samples"] = True


def problems(text):
    checker, lines = Checker(), text.split("\n")
    if lines[-2:] != ["# EOF", ""]:
        return ["it does not end with # EOF and a line feed"]
    for number, line in enumerate(lines[:-2], 1):
        (checker.comment if line.startswith("#") else checker.sample)(number, line)
    return checker.wrong


def names(text):
    """Names of all samples that a text has."""
    return {re.match(NAME, line)[0] for line in text.split("\n") if line and not line.startswith("#")}


def self_test():
    good = '# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds x\na_seconds_total{l="a\\"b"} 1.5\n# EOF\n'
    assert problems(good) == [], problems(good)
    for old, new in (("_total", ""), ("# EOF\n", ""), ('\\"', '"'), ("1.5", "x"), ("UNIT a_seconds seconds", "UNIT a_seconds bytes"),
                     ("# HELP a_seconds x\n", ""), ("counter", "number"), ("} 1.5\n", '} 1.5\na_seconds_total{l="a\\"b"} 2\n'),
                     ('{l="a', '{l="x",l="a'), ("# EOF", "# TYPE a_seconds gauge\n# EOF")):
        assert old in good and problems(good.replace(old, new)), f"{old} -> {new} was not noticed"


self_test()
