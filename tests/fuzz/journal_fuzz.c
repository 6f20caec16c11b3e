/* SPDX-License-Identifier: Apache-2.0 */
/* A journal's bytes as its reader and its verifier take them: lines, links, and FILE.head.
 *
 * Hashes that chain the lines are as hard to guess as they should be; here lines are read each by
 * itself, so that a search reaches what follows. */
#include "journal/hash_chain.h"
#include "journal/line_reader.h"
#include "library.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_link(mgeo_status status, const mgi_journal_link *link, const mgeo_error *error) {
    if (status != MGEO_OK) {
        FUZZ_REQUIRE(status == MGEO_E_FORMAT || status == MGEO_E_MEMORY, "an unlikely status");
        FUZZ_REQUIRE(strlen(error->message) > 3, "an error without a reason");
        return;
    }
    FUZZ_REQUIRE(strlen(link->hash) == MGI_JOURNAL_HASH_BYTES - 1, "a hash of another length");
    FUZZ_REQUIRE(strspn(link->hash, "0123456789abcdef") == MGI_JOURNAL_HASH_BYTES - 1,
                 "a hash that is none");
}

static void read_head(const char *text, size_t length) {
    mgi_journal_link link;
    mgeo_error error = {0};
    mgeo_status status = mgi_journal_hash_chain_read_head(text, length, &link, &error);
    check_link(status, &link, &error);
    if (status != MGEO_OK) return;
    char written[MGI_JOURNAL_HEAD_MAX_BYTES];
    mgi_journal_link again;
    size_t bytes = mgi_journal_hash_chain_write_head(&link, written);
    status = mgi_journal_hash_chain_read_head(written, bytes, &again, &error);
    FUZZ_REQUIRE(status == MGEO_OK && mgi_journal_hash_chain_same(&link, &again),
                 "a head that is not read as it was written");
}

static size_t read_lines(mgi_journal_line_reader *reader) {
    size_t bytes = 0, length;
    const char *line;
    mgi_journal_line_reader_result got;
    while ((got = mgi_journal_line_reader_next(reader, &line, &length)) == MGI_JOURNAL_LINE) {
        mgi_journal_link link;
        char prev[MGI_JOURNAL_HASH_BYTES];
        mgeo_error error = {0};
        FUZZ_REQUIRE(memchr(line, '\n', length) == NULL, "two lines in one");
        check_link(mgi_journal_hash_chain_read(line, length, &link, prev, &error), &link, &error);
        bytes += length + 1;
    }
    FUZZ_REQUIRE(got != MGI_JOURNAL_FAILED, "a file in memory that cannot be read");
    return bytes + (got == MGI_JOURNAL_END ? mgi_journal_line_reader_torn(reader) : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mgi_journal_line_reader reader;
    mgeo_error error;
    int file = memfd_create("journal", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size || lseek(file, 0, SEEK_SET) != 0) {
        exit(2);
    }
    if (mgi_journal_line_reader_init(&reader, file, &error) != MGEO_OK) exit(2);
    FUZZ_REQUIRE(read_lines(&reader) <= size, "more bytes than the file has");
    mgi_journal_line_reader_finish(&reader);
    close(file);
    read_head((const char *)data, size);
    return 0;
}
