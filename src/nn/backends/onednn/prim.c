/* nn/backends/onednn/prim.c: primitives made once and run with changing pointers. */
#include "nn/backends/onednn/onednn.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#include "core/thread.h"

const char *
mf_dn_status_text(dnnl_status_t st)
{
    switch (st) {
    case dnnl_success:           return "success";
    case dnnl_out_of_memory:     return "out of memory";
    case dnnl_invalid_arguments: return "invalid arguments";
    case dnnl_unimplemented:     return "not implemented for these shapes, types and this CPU";
    case dnnl_runtime_error:     return "runtime error";
    case dnnl_not_required:      return "not required";
    default:                     return "unknown error";
    }
}

mf_status
mf_dn_check(dnnl_status_t st, const char *what, mf_err *err)
{
    mf_status code;

    if (st == dnnl_success) {
        return MF_OK;
    }
    code = st == dnnl_out_of_memory ? MF_E_NOMEM : st == dnnl_unimplemented ? MF_E_UNSUPPORTED : MF_E_INTERNAL;
    return mf_fail(err, code, "oneDNN: %s: %s", what, mf_dn_status_text(st));
}

void
mf_dn_threads(void)
{
#ifdef _OPENMP
    int n = mf_threads_get();

    if (omp_get_max_threads() != n && !omp_in_parallel()) {
        omp_set_num_threads(n);
    }
#endif
}

mf_status
mf_dn_attr_new(dnnl_primitive_attr_t *out, mf_err *err)
{
    mf_status st;

    *out = NULL;
    if ((st = DN_CHECK(dnnl_primitive_attr_create(out), "attributes")) < 0) {
        return st;
    }
    if ((st = DN_CHECK(dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user), "scratchpad mode")) < 0) {
        dnnl_primitive_attr_destroy(*out);
        *out = NULL;
    }
    return st;
}

bool
mf_dn_pd_fast(const_dnnl_primitive_desc_t pd)
{
    const char *name = NULL;

    if (dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, (void *)&name) != dnnl_success || name == NULL) {
        return false;
    }
    return strncmp(name, "ref", 3) != 0 && strncmp(name, "gemm:ref", 8) != 0;
}

mf_status
mf_dn_prim_new(dn_prim *p, mf_backend_ctx *ctx, const_dnnl_primitive_desc_t pd, int n, const int *arg_ids,
               const dnnl_query_t *whats, mf_err *err)
{
    mf_status     st;
    dnnl_memory_t mem;
    dn_md_arg     md;
    int           i;

    MF_ASSERT(n < DN_MAX_ARGS);
    memset(p, 0, sizeof *p);
    p->ctx = ctx;
    for (i = 0; i <= n; i++) {
        md = dn_pd_md(pd, i < n ? whats[i] : dnnl_query_scratchpad_md, i < n && arg_ids[i] == DNNL_ARG_BIAS ? 1 : 0);
        if (i == n) {
            p->scratch = md != NULL ? dnnl_memory_desc_get_size(md) : 0;
            if (p->scratch == 0) {
                break;
            }
        }
        if (md == NULL) {
            st = mf_fail(err, MF_E_INTERNAL, "oneDNN: a primitive hides one of its descriptors");
            goto fail;
        }
        if ((st = DN_CHECK(dnnl_memory_create(&mem, md, ctx->engine, DNNL_MEMORY_NONE), "memory object")) < 0) {
            goto fail;
        }
        p->args[i].arg    = i < n ? arg_ids[i] : DNNL_ARG_SCRATCHPAD;
        p->args[i].memory = mem;
        p->n              = i + 1;
    }
    if ((st = DN_CHECK(dnnl_primitive_create(&p->prim, pd), "primitive")) < 0) {
        goto fail;
    }
    return MF_OK;
fail:
    mf_dn_prim_free(p);
    return st;
}

mf_status
mf_dn_prim_run(dn_prim *p, void *const *ptrs, void *scratch, mf_err *err)
{
    mf_status st;
    int       i;

    for (i = 0; i < p->n; i++) {
        void *ptr = p->args[i].arg == DNNL_ARG_SCRATCHPAD ? scratch : ptrs[i];

        if (p->last[i] != ptr) {
            if ((st = DN_CHECK(dnnl_memory_set_data_handle(p->args[i].memory, ptr), "pointer")) < 0) {
                return st;
            }
            p->last[i] = ptr;
        }
    }
    mf_dn_threads();
    return DN_CHECK(dnnl_primitive_execute(p->prim, p->ctx->stream, p->n, p->args), "execution");
}

void
mf_dn_prim_free(dn_prim *p)
{
    int i;

    if (p->prim != NULL) {
        dnnl_primitive_destroy(p->prim);
    }
    for (i = 0; i < p->n; i++) {
        dnnl_memory_destroy(p->args[i].memory);
    }
    memset(p, 0, sizeof *p);
}
