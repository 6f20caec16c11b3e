/* The text of --help. */
#ifndef CLI_JOURNAL_USAGE_H
#define CLI_JOURNAL_USAGE_H

extern const char usage_text[];

#endif
