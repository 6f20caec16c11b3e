/* SPDX-License-Identifier: Apache-2.0 */
/* The text of --help. docs/journal.md says what the lines hold. */
#include "journal/help.h"

const char help_text[] =
    "Usage: mgeo-journal [OPTIONS] FILE\n"
    "\n"
    "Prints the journal that an engine of libmgeo writes: who loaded, swapped, refused and\n"
    "rolled back which model, when and why. The whole journal is checked first: whether a\n"
    "line was cut, edited, added or moved. Also while an engine writes it.\n"
    "\n"
    "  mgeo-journal /var/log/mgeo.journal\n"
    "  mgeo-journal --event swap --last 10 /var/log/mgeo.journal\n"
    "  mgeo-journal --verify --expect-hash \"$noted\" /var/log/mgeo.journal\n"
    "\n"
    "  -e, --event NAME        only lines of this event: open, load, load_failed, swap,\n"
    "                          refuse, rollback, canary, shadow, watch or unload\n"
    "  -n, --last N            only the last N lines (of that event)\n"
    "  -j, --json              lines as they stand in the file\n"
    "  -v, --verify            print no lines, only how many there are and the last one's hash\n"
    "      --expect-hash HEX   a hash that was noted earlier must still stand in the chain\n"
    "  -h, --help              print this\n"
    "  -V, --version           print the version\n"
    "\n"
    "Exit status: 0 the journal is sound; 1 it is not, or does not hold the hash; 2 it could\n"
    "not be read, or the options are wrong.\n";
