/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's writer: one line after the other, in the order of the tickets. */
#include "journal/journal.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "core/lock.h"
#include "core/process.h"
#include "journal/file.h"
#include "journal/record.h"

#include <unistd.h>

struct mgi_journal {
    uint64_t process;      /* mgi_process_token of the creator */
    mgi_journal_file file; /* of the ticket that is served */
    mgi_lock mutex;        /* guards the tickets; never held while the disk works */
    pthread_cond_t served;
    uint64_t handed; /* the last ticket that was given out */
    uint64_t serving;
};

/* ---- a line ---------------------------------------------------------------------------------- */

static mgeo_status write_record(mgi_journal *journal, mgi_journal_record *record,
                                mgi_journal_mark *mark, mgeo_error *error) {
    mgi_journal_file *file = &journal->file;
    mgi_journal_link next = {.seq = file->last.seq + 1};
    char *line = NULL;
    size_t length = 0;
    mgeo_status status =
        mgi_journal_record_lay_out(record, next.seq, file->last.hash, &line, &length, error);
    if (status == MGEO_OK) {
        mgi_journal_hash_chain_hash(line, length - 1, next.hash);
        status = mgi_journal_file_append(file, line, length, &next, error);
    }
    if (file->last.seq == next.seq) { /* it stands, whatever came after */
        mark->line = next.seq;
        mgi_fixed_text_copy(mark->hash, sizeof mark->hash, next.hash);
    }
    mgi_free(line);
    return status;
}

/* ---- tickets --------------------------------------------------------------------------------- */

uint64_t mgi_journal_ticket(mgi_journal *journal) {
    if (journal == NULL) return 0;
    mgi_lock_acquire(&journal->mutex);
    uint64_t ticket = ++journal->handed;
    mgi_lock_release(&journal->mutex);
    return ticket;
}

static mgeo_status await_turn(mgi_journal *journal, uint64_t ticket, mgeo_error *error) {
    mgi_lock_acquire(&journal->mutex);
    bool valid = ticket >= journal->serving && ticket <= journal->handed;
    while (valid && journal->serving != ticket) {
        mgi_lock_wait(&journal->mutex, &journal->served);
    }
    mgi_lock_release(&journal->mutex);
    if (valid) return MGEO_OK;
    return mgi_fail(error, MGEO_E_INTERNAL, "%s: ticket %llu is not one that waits",
                    journal->file.path.given, (unsigned long long)ticket);
}

static void serve_next(mgi_journal *journal) {
    mgi_lock_acquire(&journal->mutex);
    journal->serving++;
    pthread_cond_broadcast(&journal->served);
    mgi_lock_release(&journal->mutex);
}

static mgeo_status append_in_turn(mgi_journal *journal, uint64_t ticket, mgi_journal_record *record,
                                  mgi_journal_mark *mark, mgeo_error *error) {
    if (journal->process != mgi_process_token()) {
        return mgi_fail(error, MGEO_E_FORKED, "%s: the journal belongs to the parent process",
                        journal->file.path.given);
    }
    mgeo_status status = await_turn(journal, ticket, error);
    if (status != MGEO_OK) return status;
    status = write_record(journal, record, mark, error);
    serve_next(journal);
    return status;
}

mgeo_status mgi_journal_append(mgi_journal *journal, uint64_t ticket, mgi_journal_record *record,
                               mgi_journal_mark *mark, mgeo_error *error) {
    *mark = (mgi_journal_mark){0};
    mgeo_status status = MGEO_OK;
    if (journal != NULL) {
        status = append_in_turn(journal, ticket, record, mark, error);
    }
    mgi_journal_record_destroy(record);
    return status;
}

/* ---- open and close -------------------------------------------------------------------------- */

static mgeo_status write_open_line(mgi_journal *journal, const char *actor,
                                   const mgi_journal_torn *torn, mgeo_error *error) {
    mgi_journal_mark mark;
    mgi_journal_record *record = mgi_journal_record_create("open", actor, NULL);
    mgi_journal_record_text(record, "library", MGEO_VERSION);
    mgi_journal_record_integer(record, "pid", (uint64_t)getpid());
    if (torn->bytes > 0) {
        mgi_journal_record_integer(record, "torn_bytes", torn->bytes);
        mgi_journal_record_text(record, "torn_text", torn->text);
    }
    return mgi_journal_append(journal, mgi_journal_ticket(journal), record, &mark, error);
}

mgeo_status mgi_journal_open(const char *path, const char *actor, mgi_journal **journal,
                             mgeo_error *error) {
    mgi_journal_torn torn = {0};
    *journal = NULL;
    mgi_journal *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a journal", sizeof *made);
    made->process = mgi_process_token();
    made->serving = 1;
    mgi_lock_init(&made->mutex, MGI_LOCK_JOURNAL);
    pthread_cond_init(&made->served, NULL);
    mgeo_status status = mgi_journal_file_open(&made->file, path, &torn, error);
    if (status == MGEO_OK) status = write_open_line(made, actor, &torn, error);
    if (status == MGEO_OK) {
        *journal = made;
    } else {
        mgi_journal_close(made);
    }
    return status;
}

void mgi_journal_close(mgi_journal *journal) {
    if (journal == NULL) return;
    mgi_journal_file_close(&journal->file);
    pthread_cond_destroy(&journal->served);
    mgi_lock_finish(&journal->mutex);
    mgi_free(journal);
}
