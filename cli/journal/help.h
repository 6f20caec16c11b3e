/* SPDX-License-Identifier: Apache-2.0 */
/* The text of --help. */
#ifndef CLI_JOURNAL_HELP_H
#define CLI_JOURNAL_HELP_H

extern const char help_text[];

#endif
