/* core/cpu.h: what the processor is and can do, as the operating system lets us use it. */
#ifndef MF_CORE_CPU_H
#define MF_CORE_CPU_H

#include <stdbool.h>
#include <stddef.h>

typedef enum mf_cpu_set {
    MF_CPU_SSE42, MF_CPU_AVX2, MF_CPU_FMA, MF_CPU_F16C,
    MF_CPU_AVX512F, MF_CPU_AVX512BW, MF_CPU_AVX512DQ, MF_CPU_AVX512VL,
    MF_CPU_AVX512_VNNI, MF_CPU_AVX512_BF16, MF_CPU_AVX512_FP16, MF_CPU_AVX_VNNI,
    MF_CPU_AMX_TILE, MF_CPU_AMX_BF16, MF_CPU_AMX_INT8,
    MF_CPU_SET_COUNT
} mf_cpu_set;

bool        mf_cpu_has(mf_cpu_set set); /* false on other architectures than x86-64 */
const char *mf_cpu_set_name(mf_cpu_set set); /* "avx512_bf16", as in /proc/cpuinfo */
/* "Intel(R) Xeon(R) ..."; "unknown" where the system does not say. */
void mf_cpu_model(char *buf, size_t size);

#endif
