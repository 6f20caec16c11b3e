/* SPDX-License-Identifier: Apache-2.0 */
/* What --help prints. */
#ifndef CLI_LOADTEST_HELP_H
#define CLI_LOADTEST_HELP_H

extern const char help_text[];

#endif
