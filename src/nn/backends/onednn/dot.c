/* nn/backends/onednn/dot.c: whether bf16 dot products are there, and pay. */
#include "nn/backends/onednn/dot.h"

#include "core/cpu.h"
#include "core/isa.h"

#if defined(MF_HAVE_AMX)
extern const mf_dn_dot_loops mf_dn_dot_loops_amx;
#endif

const mf_dn_dot_loops *
mf_dn_dot_any(void)
{
#if defined(MF_HAVE_AMX)
    if (mf_isa_best() == MF_ISA_AVX512 && mf_cpu_has(MF_CPU_AVX512_BF16)) {
        return &mf_dn_dot_loops_amx;
    }
#endif
    return NULL;
}

const mf_dn_dot_loops *
mf_dn_dot_get(void)
{
    return mf_isa_fast_dots() ? mf_dn_dot_any() : NULL;
}
