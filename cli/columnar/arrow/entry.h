/* SPDX-License-Identifier: Apache-2.0 */
// The functions that the module's table is made of. Each catches all that is thrown below it.
#ifndef CLI_COLUMNAR_ARROW_ENTRY_H
#define CLI_COLUMNAR_ARROW_ENTRY_H

#include "columnar/module.h"

namespace columnar {

columnar_reader *reader_open(columnar_format format, const columnar_source *source,
                             ArrowSchema *schema, columnar_failure *failure);
void reader_close(columnar_reader *reader);
bool reader_wish(columnar_reader *reader, const columnar_wish *wish, columnar_failure *failure);
int64_t reader_rows(columnar_reader *reader, columnar_failure *failure);
int reader_next(columnar_reader *reader, int64_t most, columnar_batch *batch,
                columnar_failure *failure);
int64_t reader_groups(const columnar_reader *reader);
int64_t reader_passed(const columnar_reader *reader);

columnar_writer *writer_open(columnar_format format, columnar_compression compression,
                             ArrowSchema *columns, ArrowSchema *added,
                             const columnar_target *target, columnar_failure *failure);
void writer_close(columnar_writer *writer);
bool writer_write(columnar_writer *writer, ArrowArray *columns, ArrowArray *added,
                  const int64_t *rows, columnar_failure *failure);
bool writer_seal(columnar_writer *writer, columnar_failure *failure);
bool writer_end(columnar_writer *writer, columnar_failure *failure);

} // namespace columnar

#endif
