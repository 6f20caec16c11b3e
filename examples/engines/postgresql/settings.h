/* SPDX-License-Identifier: Apache-2.0 */
/* The settings mgeo.*, which mgeo.c defines. "postgres.h" stands before this. */
#ifndef MGEO_POSTGRESQL_SETTINGS_H
#define MGEO_POSTGRESQL_SETTINGS_H

extern char *mgeo_socket;    /* path of mgeo-serve's Unix socket */
extern char *mgeo_model;     /* the server's --model-name */
extern int mgeo_timeout;     /* milliseconds for one request; 0: none */
extern int mgeo_batch_pairs; /* pairs in one request */

#endif
