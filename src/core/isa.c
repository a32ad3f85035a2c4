/* core/isa.c */
#include "core/isa.h"

#include <stddef.h>

mf_isa
mf_isa_best(void)
{
#if MF_ISA_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        return MF_ISA_AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
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
