# SPDX-License-Identifier: Apache-2.0
# The package at work; MGEO_MODELS may name the folder of the models, else the bundled one is used.
library(mgeo)

models <- Sys.getenv("MGEO_MODELS")
path <- if (nzchar(models)) file.path(models, "mini")
number <- 1:1000
a <- sprintf("杭州市西湖区文三路%d号", number)
b <- sprintf("文三路%d号", ifelse(number %% 3 == 0, number, number + 1L))

# The class of the condition that the expression must end with.
failure_of <- function(expression) {
  tryCatch({
    expression
    stop("no failure")
  }, mgeo_error = function(failure) failure)
}
status_of <- function(expression) {
  failure <- failure_of(expression)
  stopifnot(nzchar(conditionMessage(failure)), inherits(failure, "error"))
  failure$status
}
wait_until <- function(condition) while (!condition()) Sys.sleep(0.001)

loaded <- function() {
  engine <- mgeo_engine()
  mgeo_load(engine, path, threads = 2, version = "one")
  engine
}

# ---- Loading and scoring
engine <- loaded()
info <- mgeo_info(engine)
stopifnot(info$generation == 1, info$live, info$version == "one", info$precision == "fp32", info$slot == "blue",
          length(info$labels) == info$label_count, length(mgeo_unused_tensors(engine)) == info$unused_tensors,
          NROW(mgeo_unused_fields(engine)) == info$unused_fields, mgeo_predict_memory(path, threads = 2)$fits,
          grepl("^[0-9]+\\.[0-9]+\\.[0-9]+$", mgeo_version()))
all <- mgeo_score(engine, a, b, probabilities = TRUE)
stopifnot(is.data.frame(all), nrow(all) == 1000, all$generation == 1, all$flags == 0,
          all$similarity >= 0 & all$similarity <= 1, identical(levels(all$label), info$labels),
          abs(rowSums(all$probabilities) - 1) < 1e-5, identical(colnames(all$probabilities), info$labels))
likeliest <- info$labels[max.col(all$probabilities)]
stopifnot(as.character(all$label) == likeliest)
for (i in seq(1, 1000, 37)) {
  one <- mgeo_score(engine, a[i], b[i])
  stopifnot(one$similarity == all$similarity[i], one$label == all$label[i])
}
odd <- mgeo_score(engine, c(a[1], NA, "", a[2]), c(b[1], "x", "x", b[2]), logits = TRUE)
stopifnot(odd$similarity[c(1, 4)] == all$similarity[1:2], is.na(odd$similarity[2:3]), is.na(odd$label[2:3]),
          identical(mgeo_flag_names(odd$flags), list(character(), NA_character_, "empty", character())),
          dim(odd$logits) == c(4, info$label_count), is.na(odd$logits[2, ]))
stopifnot(nrow(mgeo_score(engine, character(), character())) == 0)
latin <- "caf\xe9"
Encoding(latin) <- "latin1"
stopifnot(mgeo_score(engine, latin, latin)$flags == mgeo_score(engine, enc2utf8(latin), enc2utf8(latin))$flags)
stopifnot(grepl("one", capture.output(print(engine))))

# ---- Swapping and rolling back
stopifnot(mgeo_load(engine, path, threads = 2, version = "two")$generation == 2)
job <- mgeo_job(engine)
for (i in 1:10) {
  receipt <- mgeo_swap(engine, reason = "a test")
  answer <- mgeo_score(engine, a[1:20], b[1:20])
  stopifnot(receipt$from_generation + receipt$to_generation == 3, answer$generation == receipt$to_generation,
            answer$similarity == all$similarity[1:20], mgeo_score(job, a[1], b[1])$generation == 1)
}
mgeo_swap(engine)
stopifnot(mgeo_roll_back(engine, reason = "a test")$to_version == "one", mgeo_info(engine)$generation == 1,
          mgeo_info(engine, "standby")$generation == 2, mgeo_rollout(engine)$jobs == 1)
stopifnot(mgeo_info(job)$version == "one", grepl("one", capture.output(print(job))))
mgeo_close(job)
stopifnot(mgeo_rollout(engine)$jobs == 0, status_of(mgeo_score(job, "a", "b")) == "MGEO_E_ARGUMENT")

# ---- Conditions
refused <- failure_of(mgeo_swap(engine, gate = list(a = a[1:50], b = b[1:50], max_latency_ratio = 1e-9)))
checks <- refused$receipt$checks
stopifnot(inherits(refused, "mgeo_refused"), is.data.frame(checks), !checks$passed[checks$name == "latency_ratio"],
          is.na(checks$passed[checks$name == "psi"]))
gold <- c(info$labels[1], rep(NA, 49))
stopifnot(mgeo_swap(engine, gate = list(a = a[1:50], b = b[1:50], gold = gold, max_flip_share = -1))$to_generation == 2)
mgeo_roll_back(engine)
report <- mgeo_compare(engine, a, b, worst = 2)
stopifnot(report$pairs == 1000, report$flips == 0, nrow(report$worst) <= 2)
mgeo_swap(engine, watch = list(window_calls = 2, max_error_rate = 0.5))
for (i in 1:2) mgeo_score(engine, a[1], b[1])
wait_until(function() mgeo_watch(engine)$state != "running")
stopifnot(mgeo_watch(engine)$state == "passed")
mgeo_roll_back(engine)
mgeo_set_canary(engine, 10000)
stopifnot(mgeo_score(engine, a, b)$generation == 2, mgeo_rollout(engine)$canary_share == 10000)
mgeo_set_canary(engine, 0)
mgeo_set_shadow(engine, 10000)
stopifnot(mgeo_score(engine, a[1:2], b[1:2])$generation == 1)
wait_until(function() with(mgeo_shadow(engine), compared + dropped) == 2)
mgeo_set_shadow(engine, 0)
if (mgeo_shadow(engine)$compared > 0) stopifnot(startsWith(mgeo_shadow_pair(engine)$a, "杭州"))
mgeo_unload(engine)
stopifnot(mgeo_rollout(engine)$standby_generation == 0)

# ---- Failures
stopifnot(status_of(mgeo_load(engine, "/nowhere")) == "MGEO_E_IO",
          inherits(failure_of(mgeo_load(engine, "/nowhere")), "mgeo_io"),
          status_of(mgeo_load(engine, path, device = "abacus")) == "MGEO_E_ARGUMENT",
          status_of(mgeo_swap(engine)) == "MGEO_E_NO_MODEL",
          status_of(mgeo_score(mgeo_engine(), "a", "b")) == "MGEO_E_NO_MODEL")
is_error <- function(expression) inherits(try(expression, silent = TRUE), "try-error")
stopifnot(is_error(mgeo_load(engine, path, thread = 2)),
          grepl("give one of auto, fp32, bf16", try(mgeo_load(engine, path, precision = "fp33"), silent = TRUE)),
          is_error(mgeo_load(engine, path, threads = -1)), is_error(mgeo_load(engine, path, 2)),
          is_error(mgeo_score(engine, "a", c("b", "c"))), is_error(mgeo_score("engine", "a", "b")))
mgeo_load(engine, path, threads = 2)
for (worst in list(-1, NA, NaN, 0.5, Inf, "x", 1:2)) stopifnot(is_error(mgeo_compare(engine, a[1:5], b[1:5], worst = worst)))
stopifnot(nrow(mgeo_compare(engine, a[1:5], b[1:5], worst = 2^50)$worst) <= 5,
          is_error(mgeo_compare(engine, c(a[1], NA), b[1:2])),
          is_error(mgeo_swap(engine, gate = list(a = NA, b = b[1], max_shift = 1))))
for (number in list(-1, NA, NaN, 0.5, "x", Inf)) {
  stopifnot(is_error(mgeo_score(engine, a[1], b[1], route_key = number)), is_error(mgeo_set_canary(engine, number)),
            is_error(mgeo_set_shadow(engine, number)), is_error(mgeo_load(engine, path, max_length = number)))
}
stopifnot(is_error(mgeo_load(engine, NA_character_)), is_error(mgeo_load(engine, character())),
          is_error(mgeo_load(engine, path, version = NA_character_)),
          is_error(mgeo_load(engine, path, partial_weight = NaN)), is_error(mgeo_journal_verify(NA)),
          is_error(mgeo_shadow_pair(engine, 0)))
stopifnot(mgeo_flag_names(mgeo_score(engine, strrep("文", 350000), "文三路")$flags)[[1]] == "truncated")
mgeo_unload(engine)
closed <- mgeo_engine()
mgeo_close(closed)
mgeo_close(closed)
stopifnot(status_of(mgeo_score(closed, "a", "b")) == "MGEO_E_ARGUMENT")

# ---- Queries and the journal
stats <- mgeo_stats(engine)
stopifnot(stats$pairs > 1000, length(stats$failed_by) == 16, grepl("# EOF\n$", mgeo_metrics(engine)),
          !grepl("# EOF", mgeo_metrics(engine, "prometheus")))
journal <- tempfile()
writer <- mgeo_engine(journal = journal, actor = "tests/mgeo.R")
mgeo_load(writer, path, threads = 1)
mgeo_close(writer)
stopifnot(mgeo_journal_verify(journal)$valid)
lines <- readLines(journal)
writeLines(c("[", lines[-1]), journal)
stopifnot(!mgeo_journal_verify(journal)$valid, mgeo_journal_verify(journal)$bad_line == 1)

# ---- Memory: collected objects are freed, in whatever order
for (i in 1:10) mgeo_job(loaded())
invisible(gc())
stopifnot(nrow(mgeo_score(engine, a, b)) == 1000)

# ---- An interrupt ends a call, and the engine goes on
many <- rep(a[1], 300000)
# The parentheses make all of it run in the background.
system(paste0("(sleep 2; kill -INT ", Sys.getpid(), ")"), wait = FALSE)
stopped <- tryCatch({
  mgeo_score(engine, many, many)
  FALSE
}, interrupt = function(condition) TRUE)
stopifnot(stopped, mgeo_stats(engine)$calls_in_flight == 0, nrow(mgeo_score(engine, a[1], b[1])) == 1)
