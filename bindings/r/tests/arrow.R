# SPDX-License-Identifier: Apache-2.0
# Arrow's tables through external pointers; arrow_table.c makes and reads them in place of the package arrow.
library(mgeo)

models <- Sys.getenv("MGEO_MODELS")
engine <- mgeo_engine()
invisible(mgeo_load(engine, if (nzchar(models)) file.path(models, "mini"), threads = 2))
a <- sprintf("杭州市西湖区文三路%d号", 1:100)
b <- sprintf("文三路%d号", rep(1:50, 2))

folder <- tempfile()
dir.create(folder)
file.copy("arrow_table.c", folder)
cflags <- Sys.getenv("MGEO_CFLAGS", paste(system("pkg-config --cflags libmgeo", intern = TRUE), collapse = " "))
Sys.setenv(PKG_CFLAGS = cflags)
source <- file.path(folder, "arrow_table.c")
stopifnot(system2(file.path(R.home("bin"), "R"), c("CMD", "SHLIB", source), stdout = FALSE) == 0)
dyn.load(file.path(folder, paste0("arrow_table", .Platform$dynlib.ext)))

table <- .Call("arrow_table", a, b)
answer <- mgeo_score_arrow(engine, table[[1]], table[[2]])
expected <- mgeo_score(engine, a, b)
stopifnot(.Call("arrow_floats", answer$array, 1L) == expected$similarity,
          .Call("arrow_names", answer$schema) == c("similarity", "label", "probabilities", "flags", "generation"))
answer <- mgeo_score_arrow(engine, table[[1]], table[[2]], a = "b", b = "a", columns = "similarity")
stopifnot(.Call("arrow_floats", answer$array, 1L) == mgeo_score(engine, b, a)$similarity,
          .Call("arrow_names", answer$schema) == "similarity")
failure <- tryCatch(mgeo_score_arrow(engine, table[[1]], table[[2]], a = "c"), mgeo_error = identity)
stopifnot(failure$status == "MGEO_E_ARGUMENT",
          inherits(try(mgeo_score_arrow(engine, 1, 2), silent = TRUE), "try-error"))
arrow <- function(...) try(mgeo_score_arrow(engine, table[[1]], table[[2]], ...), silent = TRUE)
for (odd in list(arrow(a = character()), arrow(a = NA_character_), arrow(b = 1), arrow(columns = 1), arrow(columns = NA),
                 arrow(route_key = -1))) {
  stopifnot(inherits(odd, "try-error"))
}
mgeo_close(engine)
rm(answer)
invisible(gc())
