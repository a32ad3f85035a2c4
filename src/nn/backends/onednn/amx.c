/* nn/backends/onednn/amx.c: whether the tile unit may be used, and the storage of weights that goes with it. */
#include "nn/backends/onednn/amx.h"

#include "core/cpu.h"
#include "core/isa.h"
#include "nn/backends/onednn/conv.h"
#include "nn/backends/onednn/dnnl_compat.h"

#if defined(MF_HAVE_AMX) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

extern const mf_dn_amx_loops mf_dn_amx_loops_amx;

/* The kernel hands out the tile registers' large state on request only (arch_prctl, Linux 5.16). */
static bool
tiles_granted(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };

    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

const mf_dn_amx_loops *
mf_dn_amx_get(int dnnl_isa)
{
    if (mf_isa_best() < MF_ISA_AVX512 || !mf_cpu_has(MF_CPU_AVX512_BF16) || !mf_cpu_has(MF_CPU_AMX_TILE) || !mf_cpu_has(MF_CPU_AMX_BF16) ||
        (dnnl_isa & dnnl_cpu_isa_avx512_core_amx) != dnnl_cpu_isa_avx512_core_amx || !tiles_granted()) {
        return NULL;
    }
    return &mf_dn_amx_loops_amx;
}
#else
const mf_dn_amx_loops *
mf_dn_amx_get(int dnnl_isa)
{
    (void)dnnl_isa;
    return NULL;
}
#endif

mf_layout
mf_dn_weight_cells(const mf_shape *w)
{
    mf_layout l = {.nblk = 2, .blk_dim = {1, 0}, .blk = {16, 16}};

    l.stride[3] = MF_DN_CELL;
    l.stride[2] = w->dim[3] * l.stride[3];
    l.stride[1] = w->dim[2] * l.stride[2];
    l.stride[0] = w->dim[1] / 16 * l.stride[1];
    return l;
}
