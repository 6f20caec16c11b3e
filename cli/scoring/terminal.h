/* SPDX-License-Identifier: Apache-2.0 */
/* What standard error can show. */
#ifndef CLI_SCORING_TERMINAL_H
#define CLI_SCORING_TERMINAL_H

#include <stdbool.h>

/* Its width at this moment; 80 where it is no terminal or does not say. */
int terminal_columns(void);

/* Whether it is a terminal that can clear a line and draw it again; one without a name in TERM, or
 * "dumb", cannot. */
bool terminal_redraws(void);

/* Whether the user's locale is in UTF-8. */
bool terminal_is_utf8(void);

#endif
