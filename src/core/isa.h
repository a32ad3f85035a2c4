/* core/isa.h: names for files that are compiled once per instruction set.
 *
 * The build compiles every file named *_simd.c three times on x86-64: for AVX-512 (F, BW, DQ, VL), for AVX2 with FMA,
 * and plain. MF_ISA_NAME(mf_add) is then mf_add_avx512, mf_add_avx2 or mf_add_base. Elsewhere there is only _base, and
 * MF_ISA_X86 is 0. The file that calls them chooses once with mf_isa_best and a table of three functions. */
#ifndef MF_CORE_ISA_H
#define MF_CORE_ISA_H

#include <stdbool.h>

#if defined(__x86_64__)
#define MF_ISA_X86 1
#else
#define MF_ISA_X86 0
#endif

#ifdef MF_ISA_SUFFIX
#define MF_ISA_PASTE2(name, suffix) name##suffix
#define MF_ISA_PASTE(name, suffix)  MF_ISA_PASTE2(name, suffix)
#define MF_ISA_NAME(name)           MF_ISA_PASTE(name, MF_ISA_SUFFIX)
#endif

typedef enum mf_isa { MF_ISA_BASE, MF_ISA_AVX2, MF_ISA_AVX512 } mf_isa;

/* The widest set that this CPU has and these files are compiled for. Cheap enough to ask once an operation. */
mf_isa mf_isa_best(void);
/* "base", "avx2", "avx512". */
const char *mf_isa_name(mf_isa isa);
/* Whether bf16 outruns f32: by AMX's tiles, unless ONEDNN_MAX_CPU_ISA forbids them. `--precision auto` takes bf16 then. The dot products of
 * AVX512-BF16 do not make up for what f32 saves by minimal filtering. */
bool mf_isa_fast_bf16(void);
/* Whether a bf16 dot product of AVX512-BF16 takes no longer than the f32 product it replaces two of: on AMD's CPUs from Zen 4 on. Intel's take
 * twice as long. The variable forbids them too. */
bool mf_isa_fast_dots(void);

#endif
