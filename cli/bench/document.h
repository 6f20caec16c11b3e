/* The figures as JSON for programs. docs/mgeo-bench.md describes the members. */
#ifndef BENCH_DOCUMENT_H
#define BENCH_DOCUMENT_H

#include "outcome.h"
#include "text.h"

void document_write(const struct outcome *outcome, struct text *text);

#endif
