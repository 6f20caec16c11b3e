/* SPDX-License-Identifier: Apache-2.0 */
/* The extension's functions and settings. No backend loads a model: a mgeo-serve on the same
 * machine answers all of them. */
#include "postgres.h"

#include <math.h>
#include <sys/un.h>

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include <mgeo.h> /* the names of flags; nothing of the library is called */

#include "inference.h"
#include "settings.h"

PG_MODULE_MAGIC;
void _PG_init(void);

#define SOCKET_PATH_BYTES sizeof((struct sockaddr_un *)0)->sun_path

char *mgeo_socket;
char *mgeo_model;
int mgeo_timeout = 30000;
int mgeo_batch_pairs = 1000;

/* ---- settings -------------------------------------------------------------------------------- */

static bool check_socket(char **value, void **extra, GucSource source) {
    if ((*value)[0] == '/' && strlen(*value) < SOCKET_PATH_BYTES) return true;
    GUC_check_errdetail("It must be an absolute path of at most %zu bytes.", SOCKET_PATH_BYTES - 1);
    return false;
}

static bool check_model(char **value, void **extra, GucSource source) {
    size_t known =
        strspn(*value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    if (known > 0 && (*value)[known] == '\0') return true;
    GUC_check_errdetail("It must be a name of letters, digits, \".\", \"_\" and \"-\".");
    return false;
}

/* Where texts are sent is for those to say who run the machine. */
void _PG_init(void) {
    DefineCustomStringVariable(
        "mgeo.socket", "Path of the Unix socket at which mgeo-serve listens.", NULL, &mgeo_socket,
        "/run/mgeo/serve.sock", PGC_SUSET, 0, check_socket, NULL, NULL);
    DefineCustomStringVariable("mgeo.model",
                               "Name that mgeo-serve has for its model (--model-name).", NULL,
                               &mgeo_model, "mgeo", PGC_SUSET, 0, check_model, NULL, NULL);
    DefineCustomIntVariable("mgeo.timeout", "Time for one request to mgeo-serve; 0: no limit.",
                            NULL, &mgeo_timeout, 30000, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL,
                            NULL, NULL);
    DefineCustomIntVariable("mgeo.batch_pairs",
                            "Pairs that the functions of arrays put into one request.",
                            "At most the server's --max-pairs.", &mgeo_batch_pairs, 1000, 1, 100000,
                            PGC_USERSET, 0, NULL, NULL, NULL);
    MarkGUCPrefixReserved("mgeo");
}

/* ---- one pair -------------------------------------------------------------------------------- */

static void score_one(FunctionCallInfo fcinfo, bool all, inference_result *result) {
    inference_request request;
    inference_begin(&request);
    inference_add(&request, PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1));
    inference_score(&request, all, result);
}

PG_FUNCTION_INFO_V1(mgeo_similarity);
Datum mgeo_similarity(PG_FUNCTION_ARGS) {
    inference_result result;
    score_one(fcinfo, false, &result);
    if (isnan(result.similarity[0])) PG_RETURN_NULL();
    PG_RETURN_FLOAT4(result.similarity[0]);
}

static Datum flag_names(uint32 flags) {
#define FLAG(name, number, text) {number, text},
    static const struct {
        uint32 flag;
        const char *name;
    } known[] = {MGEO_ROW_FLAG_LIST(FLAG)};
#undef FLAG
    Datum names[lengthof(known)];
    int count = 0;
    for (size_t i = 0; i < lengthof(known); i++) {
        if ((flags & known[i].flag) != 0) names[count++] = CStringGetTextDatum(known[i].name);
    }
    return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

enum { RESULT_COLUMNS = 5 };

/* The columns of mgeo_result. */
static void result_row(const inference_result *result, int row, Datum values[], bool nulls[]) {
    nulls[0] = isnan(result->similarity[row]);
    values[0] = Float4GetDatum(result->similarity[row]);
    nulls[1] = nulls[0] || result->labels[row][0] == '\0';
    values[1] = nulls[1] ? (Datum)0 : CStringGetTextDatum(result->labels[row]);
    values[2] = flag_names(result->flags[row]);
    values[3] = CStringGetTextDatum(result->version);
    values[4] = Int64GetDatum(result->generation);
    nulls[2] = nulls[3] = nulls[4] = false;
}

PG_FUNCTION_INFO_V1(mgeo_match);
Datum mgeo_match(PG_FUNCTION_ARGS) {
    inference_result result;
    TupleDesc columns;
    Datum values[RESULT_COLUMNS];
    bool nulls[RESULT_COLUMNS];
    if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE ||
        columns->natts != RESULT_COLUMNS) {
        elog(ERROR, "mgeo_match does not return mgeo_result");
    }
    score_one(fcinfo, true, &result);
    result_row(&result, 0, values, nulls);
    PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/* ---- arrays ---------------------------------------------------------------------------------- */

/* Two arrays of texts whose elements are pairs, and the requests that they become. */
typedef struct pair_arrays {
    Datum *a, *b;
    bool *a_nulls, *b_nulls;
    int count, next;
    int *places; /* of the pairs in the request: their indices */
    inference_request request;
} pair_arrays;

static int open_array(ArrayType *array, const char *name, Datum **elements, bool **nulls) {
    int count;
    if (ARR_NDIM(array) > 1) {
        ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                errmsg("mgeo: array %s has more than one dimension", name));
    }
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, elements, nulls, &count);
    return count;
}

static void open_arrays(FunctionCallInfo fcinfo, pair_arrays *arrays) {
    memset(arrays, 0, sizeof *arrays);
    arrays->count = open_array(PG_GETARG_ARRAYTYPE_P(0), "a", &arrays->a, &arrays->a_nulls);
    int others = open_array(PG_GETARG_ARRAYTYPE_P(1), "b", &arrays->b, &arrays->b_nulls);
    if (others != arrays->count) {
        ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                errmsg("mgeo: array a has %d elements and b has %d", arrays->count, others),
                errhint("Element i of one is compared with element i of the other."));
    }
    arrays->places = palloc(sizeof *arrays->places * Max(arrays->count, 1));
    inference_begin(&arrays->request);
}

/* Scores the next pairs that are no NULLs, as many as one request takes; false: there are none
 * left. */
static bool score_next(pair_arrays *arrays, bool all, inference_result *result) {
    inference_request *request = &arrays->request;
    resetStringInfo(&request->texts);
    request->count = 0;
    for (; arrays->next < arrays->count && !inference_is_full(request); arrays->next++) {
        int i = arrays->next;
        if (arrays->a_nulls[i] || arrays->b_nulls[i]) continue;
        arrays->places[request->count] = i;
        inference_add(request, DatumGetTextPP(arrays->a[i]), DatumGetTextPP(arrays->b[i]));
    }
    if (request->count == 0) return false;
    inference_score(request, all, result);
    return true;
}

PG_FUNCTION_INFO_V1(mgeo_similarity_array);
Datum mgeo_similarity_array(PG_FUNCTION_ARGS) {
    pair_arrays arrays;
    inference_result result;
    open_arrays(fcinfo, &arrays);
    Datum *values = palloc0(sizeof *values * Max(arrays.count, 1));
    bool *nulls = palloc(sizeof *nulls * Max(arrays.count, 1));
    memset(nulls, true, (size_t)arrays.count);
    while (score_next(&arrays, false, &result)) {
        for (int i = 0; i < result.count; i++) {
            nulls[arrays.places[i]] = isnan(result.similarity[i]);
            values[arrays.places[i]] = Float4GetDatum(result.similarity[i]);
        }
        pfree(result.similarity);
    }
    int lower = 1;
    PG_RETURN_ARRAYTYPE_P(arrays.count == 0
                              ? construct_empty_array(FLOAT4OID)
                              : construct_md_array(values, nulls, 1, &arrays.count, &lower,
                                                   FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
}

/* Rows of NULLs before index `end`. */
static void put_nulls(ReturnSetInfo *rows, int *written, int end) {
    Datum values[RESULT_COLUMNS] = {0};
    bool nulls[RESULT_COLUMNS];
    memset(nulls, true, sizeof nulls);
    for (; *written < end; ++*written) {
        tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
    }
}

PG_FUNCTION_INFO_V1(mgeo_match_array);
Datum mgeo_match_array(PG_FUNCTION_ARGS) {
    pair_arrays arrays;
    inference_result result;
    ReturnSetInfo *rows = (ReturnSetInfo *)fcinfo->resultinfo;
    int written = 0;
    InitMaterializedSRF(fcinfo, 0);
    open_arrays(fcinfo, &arrays);
    while (score_next(&arrays, true, &result)) {
        for (int i = 0; i < result.count; i++) {
            Datum values[RESULT_COLUMNS];
            bool nulls[RESULT_COLUMNS];
            put_nulls(rows, &written, arrays.places[i]);
            result_row(&result, i, values, nulls);
            tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
            written++;
        }
    }
    put_nulls(rows, &written, arrays.count);
    return (Datum)0;
}
