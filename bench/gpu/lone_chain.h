#ifndef LONE_CHAIN_H
#define LONE_CHAIN_H

#include "backend/backend.h"

/* Prints where a lone pair's time goes. */
void bench_lone_chain(const mgi_encoder *encoder);

#endif
