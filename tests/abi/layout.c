/* SPDX-License-Identifier: Apache-2.0 */
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

AT(mgeo_engine_options, journal, 32);
AT(mgeo_engine_options, actor, 40);

AT(mgeo_load_options, memory_limit, 64);
AT(mgeo_load_options, actor, 72);
AT(mgeo_load_options, reason, 80);
AT(mgeo_load_options, allow_tf32, 88);
AT(mgeo_load_options, keep_unknown, 92);

AT(mgeo_scores, route_key, 80);
AT(mgeo_scores, logits, 88);

AT(mgeo_arrow_options, columns, 24);
AT(mgeo_arrow_options, route_key, 32);
AT(mgeo_arrow_options, progress, 48);

/* As the specification of Arrow's C data interface has them. */
AT(struct ArrowSchema, private_data, 64);
AT(struct ArrowArray, private_data, 72);
AT(struct ArrowArrayStream, private_data, 32);

AT(mgeo_model_info, predicted_bytes, 2672);
AT(mgeo_model_info, live_calls_during, 2680);
AT(mgeo_model_info, live_p99_before, 2688);
AT(mgeo_model_info, live_p99_during, 2696);
AT(mgeo_model_info, healthy, 2704);
AT(mgeo_model_info, unknown_fields, 2708);
AT(mgeo_model_info, unused_fields, 2712);

AT(mgeo_unused_field, harmless, 8);
AT(mgeo_unused_field, file, 16);
AT(mgeo_unused_field, name, 80);
AT(mgeo_unused_field, reason, 208);

AT(mgeo_memory, weights, 8);
AT(mgeo_memory, limit, 48);
AT(mgeo_memory, precision, 56);
AT(mgeo_memory, fits, 60);
AT(mgeo_memory, fitting_precision, 64);
AT(mgeo_memory, device, 68);
AT(mgeo_memory, host_bytes, 136);
AT(mgeo_memory, host_available, 144);

AT(mgeo_job_options, standby, 8);
AT(mgeo_job_options, route_key, 16);

AT(mgeo_compare_options, pairs, 8);
AT(mgeo_compare_options, count, 16);
AT(mgeo_compare_options, gold, 24);
AT(mgeo_compare_options, pairs_per_call, 32);
AT(mgeo_compare_options, full_speed, 36);
AT(mgeo_compare_options, progress, 40);

AT(mgeo_shift, live, 8);
AT(mgeo_shift, standby, 12);
AT(mgeo_shift, live_label, 16);
AT(mgeo_shift, standby_label, 20);

AT(mgeo_compare_report, worst, 8);
AT(mgeo_compare_report, worst_count, 24);
AT(mgeo_compare_report, pairs, 48);
AT(mgeo_compare_report, shift_mean, 104);
AT(mgeo_compare_report, psi, 144);
AT(mgeo_compare_report, latency_ratio, 232);
AT(mgeo_compare_report, live_label_count, 240);
AT(mgeo_compare_report, flip_matrix, 248);
AT(mgeo_compare_report, live_labels, 2296);
AT(mgeo_compare_report, standby_labels, 3320);

AT(mgeo_gate, pairs, 8);
AT(mgeo_gate, count, 16);
AT(mgeo_gate, gold, 24);
AT(mgeo_gate, full_speed, 36);
AT(mgeo_gate, max_shift, 40);
AT(mgeo_gate, max_psi, 96);
AT(mgeo_gate, progress, 104);

AT(mgeo_watch, window_calls, 8);
AT(mgeo_watch, window_seconds, 16);
AT(mgeo_watch, min_calls, 24);
AT(mgeo_watch, max_error_rate, 32);
AT(mgeo_watch, max_psi, 56);

AT(mgeo_check, measured, 32);
AT(mgeo_check, limit, 40);
AT(mgeo_check, passed, 48);

AT(mgeo_swap_options, gate, 16);
AT(mgeo_swap_options, watch, 24);
AT(mgeo_swap_options, actor, 32);
AT(mgeo_swap_options, reason, 40);

AT(mgeo_swap_receipt, from_version, 40);
AT(mgeo_swap_receipt, to_version, 104);
AT(mgeo_swap_receipt, turn_seconds, 168);
AT(mgeo_swap_receipt, stall_seconds, 176);
AT(mgeo_swap_receipt, journal_line, 184);
AT(mgeo_swap_receipt, journal_status, 192);
AT(mgeo_swap_receipt, check_count, 196);
AT(mgeo_swap_receipt, checks, 200);
AT(mgeo_swap_receipt, journal_hash, 1096);

AT(mgeo_roll_back_options, actor, 8);
AT(mgeo_roll_back_options, reason, 16);

AT(mgeo_watch_report, state, 8);
AT(mgeo_watch_report, check_count, 12);
AT(mgeo_watch_report, generation, 16);
AT(mgeo_watch_report, seconds, 40);
AT(mgeo_watch_report, checks, 48);
AT(mgeo_watch_report, reason, 944);

AT(mgeo_canary_options, expect_generation, 8);
AT(mgeo_canary_options, watch, 16);
AT(mgeo_canary_options, actor, 24);
AT(mgeo_canary_options, reason, 32);

AT(mgeo_shadow_options, queue_rows, 8);
AT(mgeo_shadow_options, worst_pairs, 16);
AT(mgeo_shadow_options, full_speed, 20);
AT(mgeo_shadow_options, actor, 24);
AT(mgeo_shadow_options, reason, 32);

AT(mgeo_shadow_report, calls, 24);
AT(mgeo_shadow_report, compared, 64);
AT(mgeo_shadow_report, shift_mean, 96);
AT(mgeo_shadow_report, psi, 136);
AT(mgeo_shadow_report, share, 144);
AT(mgeo_shadow_report, shift_histogram, 160);
AT(mgeo_shadow_report, flip_matrix, 320);
AT(mgeo_shadow_report, live_labels, 2368);
AT(mgeo_shadow_report, standby_labels, 3392);

AT(mgeo_stats, call_seconds_max, 112);
AT(mgeo_stats, call_p50, 120);
AT(mgeo_stats, call_p99, 136);
AT(mgeo_stats, wait_p50, 144);
AT(mgeo_stats, batch_fill, 160);
AT(mgeo_stats, not_finite_rows, 168);
AT(mgeo_stats, failed_by, 176);
AT(mgeo_stats, unknown_rows, 304);
AT(mgeo_stats, unknown_differ_rows, 312);
AT(mgeo_stats, capped_rows, 320);

AT(mgeo_rollout, live_slot, 8);
AT(mgeo_rollout, canary_share, 12);
AT(mgeo_rollout, watch_state, 20);
AT(mgeo_rollout, live_generation, 24);
AT(mgeo_rollout, former_generation, 40);
AT(mgeo_rollout, swaps, 72);
AT(mgeo_rollout, jobs, 104);
AT(mgeo_rollout, stall_seconds_max, 120);

AT(mgeo_journal_report, lines, 8);
AT(mgeo_journal_report, bad_line, 16);
AT(mgeo_journal_report, torn, 24);
AT(mgeo_journal_report, last_hash, 32);
AT(mgeo_journal_report, reason, 104);
_Static_assert(sizeof(mgeo_check) == 56, "mgeo_check is an array's element");
_Static_assert(sizeof(mgeo_shift) == 24, "mgeo_shift is an array's element");

AT(mgeo_record, id_len, 8);
AT(mgeo_record, text, 16);
AT(mgeo_record, text_len, 24);
_Static_assert(sizeof(mgeo_record) == 32, "mgeo_record is an array's element");

AT(mgeo_index_options, threads, 8);
AT(mgeo_index_options, memory_limit, 16);
AT(mgeo_index_options, progress, 24);

AT(mgeo_index_info, generation, 8);
AT(mgeo_index_info, records, 16);
AT(mgeo_index_info, removed, 24);
AT(mgeo_index_info, terms, 32);
AT(mgeo_index_info, segments, 40);
AT(mgeo_index_info, bytes_mapped, 48);
AT(mgeo_index_info, bytes_memory, 56);
AT(mgeo_index_info, previous_records, 64);
AT(mgeo_index_info, path, 72);

AT(mgeo_candidate, id_len, 8);
AT(mgeo_candidate, text, 16);
AT(mgeo_candidate, text_len, 24);
AT(mgeo_candidate, row, 32);
AT(mgeo_candidate, score, 40);
AT(mgeo_candidate, flags, 44);
_Static_assert(sizeof(mgeo_candidate) == 48, "mgeo_candidate is an array's element");

AT(mgeo_text, text_len, 8);
_Static_assert(sizeof(mgeo_text) == 16, "mgeo_text is an array's element");

AT(mgeo_search_options, top, 8);
AT(mgeo_search_options, threads, 12);
AT(mgeo_search_options, effort, 16);
AT(mgeo_search_options, least, 20);
AT(mgeo_search_options, progress, 24);

AT(mgeo_link, b, 8);
AT(mgeo_link, score, 16);
_Static_assert(sizeof(mgeo_link) == 24, "mgeo_link is an array's element");

AT(mgeo_cluster_options, threshold, 8);
AT(mgeo_cluster_options, cut, 12);
AT(mgeo_cluster_options, max_size, 16);
AT(mgeo_cluster_options, least_link, 20);
AT(mgeo_cluster_options, source, 24);
AT(mgeo_cluster_options, one_to_one, 32);

AT(mgeo_member, representative, 8);
AT(mgeo_member, size, 16);
AT(mgeo_member, weakest, 24);
AT(mgeo_member, link, 28);
_Static_assert(sizeof(mgeo_member) == 32, "mgeo_member is an array's element");
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
FIXED(MGEO_ROW_TRUNCATED, 1);
FIXED(MGEO_ROW_INVALID_UTF8, 2);
FIXED(MGEO_ROW_EMPTY, 4);
FIXED(MGEO_ROW_NOT_FINITE, 8);
FIXED(MGEO_ROW_SKIPPED, 16);
FIXED(MGEO_ROW_UNKNOWN_CHARACTERS, 32);
FIXED(MGEO_ROW_UNKNOWN_DIFFER, 64);
FIXED(MGEO_ROW_CAPPED, 128);
FIXED(MGEO_ROW_BAD, 30);
FIXED(MGEO_STAGE_IDLE, 0);
FIXED(MGEO_STAGE_READING, 1);
FIXED(MGEO_STAGE_HASHING, 2);
FIXED(MGEO_STAGE_PLACING, 3);
FIXED(MGEO_STAGE_WARMING, 4);
FIXED(MGEO_STAGE_SCORING, 5);
FIXED(MGEO_STAGE_FINISHED, 6);
FIXED(MGEO_BLUE, 0);
FIXED(MGEO_GREEN, 1);
FIXED(MGEO_LIVE, 2);
FIXED(MGEO_STANDBY, 3);
FIXED(MGEO_LOG_INFO, 0);
FIXED(MGEO_LOG_WARNING, 1);
FIXED(MGEO_PRECISION_AUTO, 0);
FIXED(MGEO_FP32, 1);
FIXED(MGEO_BF16, 2);
FIXED(MGEO_FP16, 3);
FIXED(MGEO_INT8, 4);
FIXED(MGEO_FP8, 5);
FIXED(MGEO_WATCH_NONE, 0);
FIXED(MGEO_WATCH_RUNNING, 1);
FIXED(MGEO_WATCH_PASSED, 2);
FIXED(MGEO_WATCH_TURNED_BACK, 3);
FIXED(MGEO_WATCH_ENDED, 4);
FIXED(MGEO_METRICS_OPENMETRICS, 0);
FIXED(MGEO_METRICS_PROMETHEUS, 1);
FIXED(MGEO_SHARE_ALL, 10000);
FIXED(MGEO_MAX_CHECKS, 16);
FIXED(MGEO_SHADOW_BINS, 20);
FIXED(MGEO_MAX_LABELS, 16);
FIXED(MGEO_CANDIDATE_SAME_TEXT, 1);
FIXED(MGEO_CANDIDATE_SAME_FORM, 2);
FIXED(MGEO_CUT_CENTER, 0);
FIXED(MGEO_CUT_CORRELATION, 1);
FIXED(MGEO_CUT_NONE, 2);
FIXED(MGEO_MAX_CANDIDATES, 1000);
