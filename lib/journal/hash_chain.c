/* SPDX-License-Identifier: Apache-2.0 */
/* What holds a journal's lines together: numbers and hashes. */
#include "journal/hash_chain.h"

#include "core/json.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define ZEROS "00000000000000000000000000000000"

const mgi_journal_link mgi_journal_link_none = {.hash = ZEROS ZEROS};

bool mgi_journal_hash_chain_same(const mgi_journal_link *a, const mgi_journal_link *b) {
    return a->seq == b->seq && strcmp(a->hash, b->hash) == 0;
}

mgeo_status mgi_journal_hash_chain_hash(const char *line, size_t length,
                                        char hash[MGI_JOURNAL_HASH_BYTES], mgeo_error *error) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int bytes = 0;
    /* SHA-256 itself cannot fail; libcrypto looks it up and makes a context first. */
    if (EVP_Digest(line, length, digest, &bytes, EVP_sha256(), NULL) != 1) {
        return mgi_fail_memory(error, "a SHA-256", 0);
    }
    for (unsigned int i = 0; i < bytes; i++) snprintf(hash + 2 * (size_t)i, 3, "%02x", digest[i]);
    return MGEO_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

static mgeo_status read_seq(const json_t *object, uint64_t *seq, mgeo_error *error) {
    const json_t *member = json_object_get(object, "seq");
    if (!json_is_integer(member) || json_integer_value(member) < 1) {
        return mgi_fail(error, MGEO_E_FORMAT, "\"seq\" is not a number from 1 on");
    }
    *seq = (uint64_t)json_integer_value(member);
    return MGEO_OK;
}

static mgeo_status read_hash(const json_t *object, const char *key,
                             char hash[MGI_JOURNAL_HASH_BYTES], mgeo_error *error) {
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || strlen(text) != MGI_JOURNAL_HASH_BYTES - 1 ||
        strspn(text, "0123456789abcdef") != MGI_JOURNAL_HASH_BYTES - 1) {
        return mgi_fail(error, MGEO_E_FORMAT, "\"%s\" is not a SHA-256 in lower-case hex", key);
    }
    memcpy(hash, text, MGI_JOURNAL_HASH_BYTES);
    return MGEO_OK;
}

/* As mgi_json_parse, whose error lines speak of files. */
static mgeo_status read_object(const char *text, size_t length, json_t **object,
                               mgeo_error *error) {
    mgeo_error why;
    mgeo_status status = mgi_json_parse(text, length, "", object, &why);
    if (status == MGEO_E_FORMAT) return mgi_fail(error, status, "it is not one JSON object");
    return status == MGEO_OK ? status : mgi_fail(error, status, "%s", why.message);
}

mgeo_status mgi_journal_hash_chain_read(const char *line, size_t length, mgi_journal_link *link,
                                        char prev[MGI_JOURNAL_HASH_BYTES], mgeo_error *error) {
    json_t *object;
    mgeo_status status = read_object(line, length, &object, error);
    if (status != MGEO_OK) return status;
    status = read_seq(object, &link->seq, error);
    if (status == MGEO_OK) status = read_hash(object, "prev", prev, error);
    if (status == MGEO_OK) status = mgi_journal_hash_chain_hash(line, length, link->hash, error);
    json_decref(object);
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
    json_t *object;
    mgeo_status status = read_object(text, length, &object, error);
    if (status != MGEO_OK) return status;
    status = read_seq(object, &link->seq, error);
    if (status == MGEO_OK) status = read_hash(object, "hash", link->hash, error);
    json_decref(object);
    return status;
}
