/* core/isa.c */
#include "core/isa.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"

/* oneDNN's variable caps our own kernels too, so that both paths can be tried on one machine. NULL: no cap. */
static const char *
cap_name(void)
{
    const char *v = getenv("ONEDNN_MAX_CPU_ISA");

    return v ? v : getenv("DNNL_MAX_CPU_ISA");
}

static mf_isa
cap(void)
{
    const char *v = cap_name();

    if (!v) return MF_ISA_AVX512;
    if (strncmp(v, "AVX2", 4) == 0) return MF_ISA_AVX2;
    if (strcmp(v, "SSE41") == 0 || strcmp(v, "AVX") == 0) return MF_ISA_BASE;
    return MF_ISA_AVX512;
}

mf_isa
mf_isa_best(void)
{
#if MF_ISA_X86
    mf_isa most = cap();

    if (most == MF_ISA_AVX512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        return MF_ISA_AVX512;
    }
    if (most >= MF_ISA_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return MF_ISA_AVX2;
    }
#endif
    return MF_ISA_BASE;
}

const char *
mf_isa_name(mf_isa isa)
{
    static const char *const name[] = {"base", "avx2", "avx512"};

    return name[isa];
}

bool
mf_isa_fast_bf16(void)
{
    const char *v = cap_name();

    if (mf_isa_best() != MF_ISA_AVX512 || (v && strncmp(v, "AVX512", 6) == 0 && !strstr(v, "AMX"))) return false;
    return mf_cpu_has(MF_CPU_AMX_TILE) && mf_cpu_has(MF_CPU_AMX_BF16);
}

bool
mf_isa_fast_dots(void)
{
#if MF_ISA_X86
    const char *v = cap_name();

    if (v && (strcmp(v, "AVX512_CORE") == 0 || strcmp(v, "AVX512_CORE_VNNI") == 0)) return false;
    return mf_isa_best() == MF_ISA_AVX512 && mf_cpu_has(MF_CPU_AVX512_BF16) && __builtin_cpu_is("amd");
#else
    return false;
#endif
}
