/* The binary shape of the contract, checked while this compiles: a number here changes only
 * together with the SONAME. New members go to the end of a struct, whose size alone then grows. */
#include <mgeo.h>

#include <stddef.h>

#define AT(type, member, offset)                                                                   \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved")

#if UINTPTR_MAX == UINT64_MAX
AT(mgeo_engine_options, struct_size, 0);
AT(mgeo_engine_options, log, 8);
AT(mgeo_engine_options, log_user, 16);
AT(mgeo_engine_options, queue_rows, 24);

AT(mgeo_load_options, device, 8);
AT(mgeo_load_options, precision, 16);
AT(mgeo_load_options, max_length, 20);
AT(mgeo_load_options, threads, 24);
AT(mgeo_load_options, batch_tokens, 28);
AT(mgeo_load_options, skip_warm_up, 32);
AT(mgeo_load_options, partial_weight, 36);
AT(mgeo_load_options, positive_label, 40);
AT(mgeo_load_options, version, 48);
AT(mgeo_load_options, progress, 56);

AT(mgeo_pair, a_len, 8);
AT(mgeo_pair, b, 16);
AT(mgeo_pair, b_len, 24);
_Static_assert(sizeof(mgeo_pair) == 32, "mgeo_pair is an array's element");

AT(mgeo_scores, similarity, 8);
AT(mgeo_scores, label, 16);
AT(mgeo_scores, probabilities, 24);
AT(mgeo_scores, probability_stride, 32);
AT(mgeo_scores, flags, 40);
AT(mgeo_scores, progress, 48);
AT(mgeo_scores, generation, 56);
AT(mgeo_scores, tokens, 64);
AT(mgeo_scores, label_count, 72);
AT(mgeo_scores, bad_rows, 76);

AT(mgeo_model_info, generation, 8);
AT(mgeo_model_info, load_seconds, 40);
AT(mgeo_model_info, slot, 56);
AT(mgeo_model_info, precision, 64);
AT(mgeo_model_info, label_count, 96);
AT(mgeo_model_info, positive_label, 100);
AT(mgeo_model_info, labels, 104);
AT(mgeo_model_info, version, 1128);
AT(mgeo_model_info, fingerprint, 1192);
AT(mgeo_model_info, device, 1232);
AT(mgeo_model_info, library, 1296);
AT(mgeo_model_info, warning, 1392);
AT(mgeo_model_info, path, 1648);

AT(mgeo_swap_options, expect_generation, 8);
AT(mgeo_swap_receipt, from_generation, 8);
AT(mgeo_swap_receipt, calls_in_flight, 24);
AT(mgeo_swap_receipt, from_slot, 32);
AT(mgeo_swap_receipt, from_version, 40);
AT(mgeo_swap_receipt, to_version, 104);

AT(mgeo_stats, calls, 16);
AT(mgeo_stats, busy_seconds, 96);
AT(mgeo_stats, call_seconds_max, 112);
#endif

_Static_assert(sizeof(mgeo_error) == 512, "callers allocate it");
_Static_assert(sizeof(mgeo_progress) == 64, "callers allocate it");

#define FIXED(name, number) _Static_assert(name == (number), #name " has changed its number")
FIXED(MGEO_OK, 0);
FIXED(MGEO_E_ARGUMENT, 1);
FIXED(MGEO_E_MEMORY, 2);
FIXED(MGEO_E_IO, 3);
FIXED(MGEO_E_FORMAT, 4);
FIXED(MGEO_E_UNSUPPORTED, 5);
FIXED(MGEO_E_NO_MODEL, 6);
FIXED(MGEO_E_BUSY, 7);
FIXED(MGEO_E_CANCELLED, 8);
FIXED(MGEO_E_REFUSED, 9);
FIXED(MGEO_E_DEVICE, 10);
FIXED(MGEO_E_FORKED, 11);
FIXED(MGEO_E_CAPACITY, 12);
FIXED(MGEO_E_INTERNAL, 13);
FIXED(MGEO_ROW_TRUNCATED, 1u);
FIXED(MGEO_ROW_INVALID_UTF8, 2u);
FIXED(MGEO_ROW_EMPTY, 4u);
FIXED(MGEO_ROW_NOT_FINITE, 8u);
FIXED(MGEO_ROW_SKIPPED, 16u);
FIXED(MGEO_INT8, 4);
FIXED(MGEO_FP8, 5);
FIXED(MGEO_STANDBY, 3);
FIXED(MGEO_STAGE_FINISHED, 6);
