/* SPDX-License-Identifier: Apache-2.0 */
/* What holds a journal's lines together: numbers and hashes. */
#ifndef MGI_JOURNAL_HASH_CHAIN_H
#define MGI_JOURNAL_HASH_CHAIN_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { MGI_JOURNAL_HASH_BYTES = 65 }; /* SHA-256 in lower-case hex, with its NUL */

/* A line's number, from 1, and the hash of its bytes without the newline. */
typedef struct mgi_journal_link {
    uint64_t seq;
    char hash[MGI_JOURNAL_HASH_BYTES];
} mgi_journal_link;

/* Line 0, with 64 zeros, stands before the first. */
extern const mgi_journal_link mgi_journal_link_none;

bool mgi_journal_hash_chain_same(const mgi_journal_link *a, const mgi_journal_link *b);

void mgi_journal_hash_chain_hash(const char *line, size_t length,
                                 char hash[MGI_JOURNAL_HASH_BYTES]);

/* Reads a line, given without its newline: its own link, and the hash that it carries of the line
 * before. Errors: MGEO_E_FORMAT (no line of a journal; the message says only what is wrong with
 * it), MGEO_E_MEMORY. */
mgeo_status mgi_journal_hash_chain_read(const char *line, size_t length, mgi_journal_link *link,
                                        char prev[MGI_JOURNAL_HASH_BYTES], mgeo_error *error);

/* The text of FILE.head, which names the last line, with its newline. */
enum { MGI_JOURNAL_HEAD_MAX_BYTES = 160 };
size_t mgi_journal_hash_chain_write_head(const mgi_journal_link *link,
                                         char text[MGI_JOURNAL_HEAD_MAX_BYTES]);

/* Errors: as mgi_journal_hash_chain_read. */
mgeo_status mgi_journal_hash_chain_read_head(const char *text, size_t length,
                                             mgi_journal_link *link, mgeo_error *error);

#endif
