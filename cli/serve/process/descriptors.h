/* SPDX-License-Identifier: Apache-2.0 */
/* Room for connections among the descriptors that the process may have. */
#ifndef CLI_SERVE_PROCESS_DESCRIPTORS_H
#define CLI_SERVE_PROCESS_DESCRIPTORS_H

#include <stdint.h>

/* How many of `wanted` connections there are descriptors for, with those left that the operating
 * side, files and clients to be turned away need. Raises the process's soft limit as far as that
 * takes and the hard one lets it; where it is too low still, says so on standard error. */
uint32_t descriptors_for(uint32_t wanted);

#endif
