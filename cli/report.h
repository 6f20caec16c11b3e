/* The summary of a run as a JSON document. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <mgeo.h>

#include "badrows.h"
#include "gold.h"
#include "options.h"
#include "text.h"
#include "totals.h"

/* Appends the document to `text`. gold may be NULL. */
void report_json(const struct options *options, const mgeo_model_info *info,
                 const struct totals *totals, const struct badrows *badrows,
                 const struct gold *gold, struct text *text);

#endif
