/* nn/backends/onednn/simd.c: which instruction set's loops run. */
#include "nn/backends/onednn/simd.h"

#include "core/isa.h"
#include "nn/backends/onednn/dnnl_compat.h"
#include "nn/backends/onednn/small.h"
#include "nn/backends/onednn/wino.h"

static const mf_dn_simd base = {"base", &mf_dn_chan_loops_base, &mf_dn_flat_loops_base, &mf_dn_pool_loops_base, &mf_dn_spread_loops_base,
                                 &mf_dn_small_loops_base, &mf_dn_wino_loops_base};
#if MF_ISA_X86
static const mf_dn_simd avx2   = {"avx2", &mf_dn_chan_loops_avx2, &mf_dn_flat_loops_avx2, &mf_dn_pool_loops_avx2, &mf_dn_spread_loops_avx2,
                                 &mf_dn_small_loops_avx2, &mf_dn_wino_loops_avx2};
static const mf_dn_simd avx512 = {"avx512", &mf_dn_chan_loops_avx512, &mf_dn_flat_loops_avx512, &mf_dn_pool_loops_avx512, &mf_dn_spread_loops_avx512,
                                 &mf_dn_small_loops_avx512, &mf_dn_wino_loops_avx512};
#endif

const mf_dn_simd *
mf_dn_simd_get(int dnnl_isa)
{
#if MF_ISA_X86
    mf_isa best = mf_isa_best();

    if (best >= MF_ISA_AVX512 && (dnnl_isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core) {
        return &avx512;
    }
    if (best >= MF_ISA_AVX2 && (dnnl_isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2) {
        return &avx2;
    }
#endif
    (void)dnnl_isa;
    return &base;
}
