# SPDX-License-Identifier: Apache-2.0
"""Writes a wheel: a zip archive with a list of its files and their digests."""
import base64
import hashlib
import os
import time
import zipfile

FIRST = 315532800  # 1980-01-01: zip archives know no time before


def entry(name):
    """The same bytes whoever packs: a fixed time (SOURCE_DATE_EPOCH, else the first) and fixed rights."""
    moment = max(FIRST, int(os.environ.get("SOURCE_DATE_EPOCH", FIRST)))
    info = zipfile.ZipInfo(name, time.gmtime(moment)[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if ".so" in name else 0o100644) << 16
    return info


def digest(content):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def write(path, contents, dist_info, described):
    """contents: (name, bytes) of the package; described: the same of the folder dist_info, RECORD left out."""
    contents = contents + [(f"{dist_info}/{name}", content) for name, content in described]
    record = [f"{name},{digest(content)},{len(content)}" for name, content in contents]
    record += [f"{dist_info}/RECORD,,", ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        for name, content in contents + [(f"{dist_info}/RECORD", "\n".join(record).encode())]:
            archive.writestr(entry(name), content, compresslevel=9)
    os.replace(partial, path)
