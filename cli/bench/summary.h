/* The figures as a table for people. */
#ifndef BENCH_SUMMARY_H
#define BENCH_SUMMARY_H

#include "outcome.h"
#include "text.h"

void summary_write(const struct outcome *outcome, struct text *text);

#endif
