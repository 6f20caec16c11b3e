/* SPDX-License-Identifier: Apache-2.0 */
/* What holds a journal's lines together: numbers and hashes. */
#include "journal/hash_chain.h"

#include "core/json/json.h"
#include "journal/sha256.h"

#include <stdio.h>
#include <string.h>

#define ZEROS "00000000000000000000000000000000"

const mgi_journal_link mgi_journal_link_none = {.hash = ZEROS ZEROS};

bool mgi_journal_hash_chain_same(const mgi_journal_link *a, const mgi_journal_link *b) {
    return a->seq == b->seq && strcmp(a->hash, b->hash) == 0;
}

void mgi_journal_hash_chain_hash(const char *line, size_t length,
                                 char hash[MGI_JOURNAL_HASH_BYTES]) {
    unsigned char digest[MGI_SHA256_BYTES];
    mgi_sha256(line, length, digest);
    for (size_t i = 0; i < sizeof digest; i++) snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

/* ---- reading --------------------------------------------------------------------------------- */

static mgeo_status read_seq(const mgi_json_value *object, uint64_t *seq, mgeo_error *error) {
    int64_t number;
    if (!mgi_json_tree_integer(mgi_json_tree_member(object, "seq"), &number) || number < 1) {
        return mgi_fail(error, MGEO_E_FORMAT, "\"seq\" is not a number from 1 on");
    }
    *seq = (uint64_t)number;
    return MGEO_OK;
}

static mgeo_status read_hash(const mgi_json_value *object, const char *key,
                             char hash[MGI_JOURNAL_HASH_BYTES], mgeo_error *error) {
    const char *text = mgi_json_tree_text(mgi_json_tree_member(object, key));
    if (text == NULL || strlen(text) != MGI_JOURNAL_HASH_BYTES - 1 ||
        strspn(text, "0123456789abcdef") != MGI_JOURNAL_HASH_BYTES - 1) {
        return mgi_fail(error, MGEO_E_FORMAT, "\"%s\" is not a SHA-256 in lower-case hex", key);
    }
    memcpy(hash, text, MGI_JOURNAL_HASH_BYTES);
    return MGEO_OK;
}

/* As mgi_json_parse, whose error lines speak of files. */
static mgeo_status read_object(const char *text, size_t length, mgi_json_value **object,
                               mgeo_error *error) {
    mgeo_error why;
    mgeo_status status = mgi_json_parse(text, length, "", object, &why);
    if (status == MGEO_E_FORMAT) return mgi_fail(error, status, "it is not one JSON object");
    return status == MGEO_OK ? status : mgi_fail(error, status, "%s", why.message);
}

mgeo_status mgi_journal_hash_chain_read(const char *line, size_t length, mgi_journal_link *link,
                                        char prev[MGI_JOURNAL_HASH_BYTES], mgeo_error *error) {
    mgi_json_value *object;
    mgeo_status status = read_object(line, length, &object, error);
    if (status != MGEO_OK) return status;
    status = read_seq(object, &link->seq, error);
    if (status == MGEO_OK) status = read_hash(object, "prev", prev, error);
    if (status == MGEO_OK) mgi_journal_hash_chain_hash(line, length, link->hash);
    mgi_json_tree_free(object);
    return status;
}

/* ---- the head -------------------------------------------------------------------------------- */

size_t mgi_journal_hash_chain_write_head(const mgi_journal_link *link,
                                         char text[MGI_JOURNAL_HEAD_MAX_BYTES]) {
    return (size_t)snprintf(text, MGI_JOURNAL_HEAD_MAX_BYTES, "{\"seq\":%llu,\"hash\":\"%s\"}\n",
                            (unsigned long long)link->seq, link->hash);
}

mgeo_status mgi_journal_hash_chain_read_head(const char *text, size_t length,
                                             mgi_journal_link *link, mgeo_error *error) {
    mgi_json_value *object;
    mgeo_status status = read_object(text, length, &object, error);
    if (status != MGEO_OK) return status;
    status = read_seq(object, &link->seq, error);
    if (status == MGEO_OK) status = read_hash(object, "hash", link->hash, error);
    mgi_json_tree_free(object);
    return status;
}
