/* tests/nn/onednn_parity.h: one kernel of the oneDNN backend against the reference kernel, by hand, without a program.
 *
 * A case names an op, its attributes and its inputs' shapes; the harness invents values, starts the kernel from each
 * storage layout in turn, in f32 and bf16, with guard bytes around every output, and compares with the float reference on
 * the same (for bf16: rounded) inputs. Elements must agree in NaN and infinity; padding must be zero. */
#ifndef MF_TESTS_ONEDNN_PARITY_H
#define MF_TESTS_ONEDNN_PARITY_H

#include <stdbool.h>
#include "nn/kernel.h"

typedef enum fill_kind {
    FILL_NORMAL,   /* N(0, 1) */
    FILL_LARGE,    /* N(0, 1) times 1e4 plus 3e4: statistics that cancel */
    FILL_POSITIVE, /* |N(0, 1)| + 0.5 */
    FILL_SPECIAL,  /* N(0, 1) with a NaN, both infinities, zeros of both signs */
    FILL_ONEHOT    /* rows of [N,C] */
} fill_kind;

typedef struct parity_in {
    const char *kind;       /* "act", "f32", "u8" (the index of a 3 x 3 maxpool), "" = absent */
    int64_t     dim[5];     /* ends at the first 0 (a leading 0: shape []) */
    fill_kind   fill;
} parity_in;

#define ACT(...)          {.kind = "act", .dim = {__VA_ARGS__}}
#define ACT_OF(FILL, ...) {.kind = "act", .dim = {__VA_ARGS__}, .fill = FILL}
#define F32(...)          {.kind = "f32", .dim = {__VA_ARGS__}}
#define F32_OF(FILL, ...) {.kind = "f32", .dim = {__VA_ARGS__}, .fill = FILL}
#define U8(...)           {.kind = "u8", .dim = {__VA_ARGS__}}
#define ABSENT            {.kind = ""}

typedef struct parity_case {
    const char *op;
    const void *attrs;
    parity_in   in[8];      /* ends at kind NULL */
    double      tol32;      /* largest |error| over the largest |reference| of an output; 0 = 1e-5 */
    double      tol16;      /* the same in bf16; 0 = 8e-3 */
    unsigned    skip_out;   /* bit o: output o is not wanted */
    unsigned    free_in;    /* bit i: input i takes the storage that the kernel asks for (a trained weight, a picture) */
    bool        special;    /* sums of infinities: compare only whether elements are finite */
    bool        f32_only;   /* no bf16 form */
    bool        f32_by_ref; /* no f32 kernel here */
    unsigned    const_in;   /* bit i: input i is constant, as in inference: the kernel runs twice, the second time with nothing fresh */
    const char *kernel;     /* the kernel that must be taken in f32 on a CPU with AVX2; NULL: any */
    const char *kernel16;   /* the same in bf16 on a CPU with AMX */
    const char *plain16;    /* the same in bf16 on a CPU with AVX-512 and without AMX */
} parity_case;

/* Runs the case in every form; prints the worst error of each output. Fails the test on the first difference. */
void parity_run(const parity_case *c);
/* Starts this program again with oneDNN (and our loops) held to AVX2, unless it is that already; returns its exit status. */
int  parity_again_avx2(char **argv);
/* Whether this process may use AMX: the CPU has it and no variable holds it back. */
bool parity_has_amx(void);
bool parity_backend(const mf_backend **out); /* false: not in this build */

#endif
