# SPDX-License-Identifier: Apache-2.0
# libmgeo for R: engines and jobs, scores as data frames; help(mgeo) and README.md show them at work.

# ---- Failures --------------------------------------------------------------------------------------

# The value of an entry's answer, or the condition that it failed with: its class is "mgeo_error" and, for
# MGEO_E_IO, "mgeo_io".
value_of <- function(answer, call = sys.call(-1L), more = list()) {
  if (answer$status == "MGEO_OK") return(answer$value)
  if (answer$status == "interrupted") interrupt()
  short <- tolower(sub("^MGEO_E_", "mgeo_", answer$status))
  stop(structure(class = c(short, "mgeo_error", "error", "condition"),
                 c(list(message = answer$message, call = call, status = answer$status), more)))
}

# As if the user had interrupted R itself.
interrupt <- function() {
  signalCondition(structure(class = c("interrupt", "condition"), list(message = "", call = NULL)))
  invokeRestart("abort")
}

# ---- Engines ---------------------------------------------------------------------------------------

mgeo_version <- function() .Call(C_version)

mgeo_engine <- function(...) value_of(.Call(C_create, list(...)))

mgeo_close <- function(x) invisible(.Call(C_close, x))

print.mgeo_engine <- function(x, ...) {
  info <- tryCatch(mgeo_info(x), mgeo_error = function(failure) NULL)
  cat("<mgeo_engine>", if (is.null(info)) "without a model" else paste("model", info$version), "\n")
  invisible(x)
}

print.mgeo_job <- function(x, ...) {
  info <- tryCatch(mgeo_info(x), mgeo_error = function(failure) NULL)
  cat("<mgeo_job>", if (is.null(info)) "that has ended" else paste("on model", info$version), "\n")
  invisible(x)
}

mgeo_load <- function(engine, path = NULL, ...) value_of(.Call(C_load, engine, path, list(...)))

mgeo_unload <- function(engine) invisible(value_of(.Call(C_unload, engine)))

mgeo_predict_memory <- function(path = NULL, ...) value_of(.Call(C_predict_memory, path, list(...)))

mgeo_job <- function(engine, ...) value_of(.Call(C_begin_job, engine, list(...)))

# ---- Scoring ---------------------------------------------------------------------------------------

# The labels of the model that has answered.
labels_of <- function(x, generation, count) {
  for (slot in if (inherits(x, "mgeo_job")) "live" else c("live", "standby")) {
    info <- tryCatch(mgeo_info(x, slot), mgeo_error = function(failure) NULL)
    if (!is.null(info) && info$generation == generation) return(info$labels)
  }
  as.character(seq_len(count) - 1L)
}

# A column for all rows, NA where a text is.
spread <- function(column, kept) {
  all <- column[rep(NA_integer_, length(kept))]
  all[kept] <- column
  all
}

spread_rows <- function(rows, kept, labels) {
  all <- matrix(NA_real_, length(kept), ncol(rows), dimnames = list(NULL, labels))
  all[kept, ] <- rows
  all
}

mgeo_score <- function(x, a, b, probabilities = FALSE, logits = FALSE, route_key = 0) {
  a <- as.character(a)
  b <- as.character(b)
  if (length(a) != length(b)) stop("a and b must have the same length")
  kept <- !is.na(a) & !is.na(b)
  all <- value_of(.Call(C_score, x, a[kept], b[kept], probabilities, logits, route_key))
  label_count <- max(ncol(all$probabilities), ncol(all$logits), all$label, 0L, na.rm = TRUE)
  labels <- labels_of(x, all$generation, label_count)
  label <- factor(labels[all$label], levels = labels)
  frame <- data.frame(similarity = spread(all$similarity, kept), label = spread(label, kept),
                      flags = spread(all$flags, kept), generation = rep(all$generation, length(kept)))
  if (probabilities) frame$probabilities <- spread_rows(all$probabilities, kept, labels)
  if (logits) frame$logits <- spread_rows(all$logits, kept, labels)
  frame
}

mgeo_flag_names <- function(flags) {
  known <- .Call(C_enumerators, "mgeo_row_flag")
  lapply(flags, function(one) if (is.na(one)) NA_character_ else names(known)[bitwAnd(one, known) != 0L])
}

mgeo_score_arrow <- function(engine, schema, array, a = NULL, b = NULL, columns = character(), route_key = 0) {
  value_of(.Call(C_score_arrow, engine, schema, array, a, b, columns, route_key))
}

# ---- Rolling out -----------------------------------------------------------------------------------

mgeo_compare <- function(engine, a, b, gold = NULL, worst = 16L, ...) {
  both <- value_of(.Call(C_compare, engine, list(...), as.character(a), as.character(b), gold, worst))
  rows <- both$worst$index + 1
  shifts <- data.frame(row = rows, a = as.character(a)[rows], b = as.character(b)[rows], live = both$worst$live,
                       standby = both$worst$standby)
  c(both$report, list(worst = shifts))
}

mgeo_swap <- function(engine, gate = NULL, watch = NULL, ...) {
  limits <- gate[setdiff(names(gate), c("a", "b", "gold"))]
  answer <- .Call(C_swap, engine, list(...), if (is.null(gate)) NULL else limits, as.character(gate$a),
                  as.character(gate$b), gate$gold, watch)
  value_of(answer, sys.call(), if (answer$status == "MGEO_E_REFUSED") list(receipt = answer$value))
}

mgeo_roll_back <- function(engine, ...) value_of(.Call(C_roll_back, engine, list(...)))

mgeo_watch <- function(engine) value_of(.Call(C_query, engine, "watch"))

mgeo_set_canary <- function(engine, share, watch = NULL, ...) {
  invisible(value_of(.Call(C_set_canary, engine, share, list(...), watch)))
}

mgeo_set_shadow <- function(engine, share, ...) invisible(value_of(.Call(C_set_shadow, engine, share, list(...))))

mgeo_shadow <- function(engine) value_of(.Call(C_query, engine, "shadow"))

mgeo_shadow_pair <- function(engine, rank = 1L) {
  found <- value_of(.Call(C_shadow_pair, engine, as.integer(rank) - 1L))
  c(found$shift, found[c("a", "b")])
}

# ---- Queries ---------------------------------------------------------------------------------------

mgeo_info <- function(x, slot = "live") value_of(.Call(C_info, x, slot))

mgeo_stats <- function(engine, slot = "live") value_of(.Call(C_stats, engine, slot))

mgeo_rollout <- function(engine) value_of(.Call(C_query, engine, "rollout"))

mgeo_unused_fields <- function(engine, slot = "live") {
  count <- mgeo_info(engine, slot)$unused_fields
  rows <- lapply(seq_len(count) - 1, function(i) as.data.frame(value_of(.Call(C_unused_field, engine, slot, i))))
  do.call(rbind, rows)
}

mgeo_unused_tensors <- function(engine, slot = "live") {
  count <- mgeo_info(engine, slot)$unused_tensors
  vapply(seq_len(count) - 1, function(i) value_of(.Call(C_unused_tensor, engine, slot, i)), "")
}

mgeo_metrics <- function(engine, format = "openmetrics") value_of(.Call(C_metrics, engine, format))

# A journal that is not valid is an answer here.
mgeo_journal_verify <- function(path) {
  answer <- .Call(C_journal_verify, path)
  valid <- answer$status == "MGEO_OK"
  if (answer$status == "MGEO_E_FORMAT") answer$status <- "MGEO_OK"
  c(list(valid = valid), value_of(answer))
}
