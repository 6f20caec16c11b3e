/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a journal, chosen and printed. */
#ifndef CLI_JOURNAL_SCAN_H
#define CLI_JOURNAL_SCAN_H

#include <mgeo.h>

#include "journal/options.h"

/* Prints the lines that the query asks for; those that are not sound too, after a mark. Lines that
 * an engine has added since the report was made are left for the next time. */
bool scan_print(const struct options *options, const mgeo_journal_report *report,
                struct error *error);

/* Whether one of the sound lines has query->hash. */
bool scan_find_hash(const struct options *options, const mgeo_journal_report *report, bool *found,
                    struct error *error);

#endif
