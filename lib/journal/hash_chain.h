/* What holds a journal's lines together: numbers and hashes. */
#ifndef MGI_JOURNAL_HASH_CHAIN_H
#define MGI_JOURNAL_HASH_CHAIN_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { MGI_HASH_BYTES = 65 }; /* SHA-256 in lower-case hex, with its NUL */

/* A line's number, from 1, and the hash of its bytes without the newline. */
typedef struct mgi_link {
    uint64_t seq;
    char hash[MGI_HASH_BYTES];
} mgi_link;

/* Line 0, with 64 zeros, stands before the first. */
extern const mgi_link mgi_link_none;

bool mgi_link_same(const mgi_link *a, const mgi_link *b);

/* Errors: MGEO_E_MEMORY. */
mgeo_status mgi_chain_hash(const char *line, size_t length, char hash[MGI_HASH_BYTES],
                           mgeo_error *error);

/* Reads a line, given without its newline: its own link, and the hash that it carries of the line
 * before. Errors: MGEO_E_FORMAT (no line of a journal; the message says only what is wrong with
 * it), MGEO_E_MEMORY. */
mgeo_status mgi_chain_read(const char *line, size_t length, mgi_link *link,
                           char prev[MGI_HASH_BYTES], mgeo_error *error);

/* The text of FILE.head, which names the last line, with its newline. */
enum { MGI_HEAD_BYTES_MOST = 160 };
size_t mgi_chain_write_head(const mgi_link *link, char text[MGI_HEAD_BYTES_MOST]);

/* Errors: as mgi_chain_read. */
mgeo_status mgi_chain_read_head(const char *text, size_t length, mgi_link *link, mgeo_error *error);

#endif
