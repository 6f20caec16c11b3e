# SPDX-License-Identifier: Apache-2.0
"""Parsed addresses (lists of (element, text)) as the Address of the rules, so that rule-made pairs keep real combinations of names."""
import re

import rules


def first_number(text, top):
    """The number that a text holds, when it is one and not above top; else 0."""
    found = re.fullmatch(r"\D{0,2}(\d{1,4})\D{0,3}", text)
    return int(found[1]) if found and 0 < int(found[1]) <= top else 0


def building(text):
    found = re.match(r"([a-zA-Z]?\d{1,3}|[a-zA-Z])(?!\d)", text)
    return found[1].lower() if found else ""


def to_address(elements):
    """The Address, or None where nothing is named but levels above the road."""
    a, seen = rules.Address(), {}
    for kind, text in elements:
        seen.setdefault(kind, text)
    a.province, a.city, a.district = (seen.get(k, "") for k in ("prov", "city", "district"))
    a.town = seen.get("town", "") or seen.get("devZone", "")
    a.road, a.number = seen.get("road", ""), first_number(seen.get("roadno", ""), 2999)
    a.place = seen.get("poi", "")
    if a.place and len(seen.get("subpoi", "")) > 1:
        a.place += seen["subpoi"]
    if not a.road and not a.place:
        a.village = seen.get("community", "")
    a.building = building(seen.get("houseno", "")) if a.place else ""
    a.unit, a.floor = first_number(seen.get("cellno", ""), 20), first_number(seen.get("floorno", ""), 50)
    a.room = seen["roomno"].rstrip("室号") if seen.get("roomno", "").rstrip("室号").isdigit() else ""
    return a if a.road or a.place or a.village else None
