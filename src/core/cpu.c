/* core/cpu.c: CPUID leaves 1 and 7 (Intel SDM volume 2A, table 3-8) and XCR0, which says what state the kernel saves. */
#include "core/cpu.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#if defined(__x86_64__)
#include <cpuid.h>

typedef struct leaf {
    uint32_t r[4]; /* eax, ebx, ecx, edx */
} leaf;

static leaf
cpuid(uint32_t n, uint32_t sub)
{
    leaf l = {{0}};

    if ((uint32_t)__get_cpuid_max(0, NULL) >= n) {
        __cpuid_count(n, sub, l.r[0], l.r[1], l.r[2], l.r[3]);
    }
    return l;
}

static uint64_t
xcr0(void)
{
    uint32_t lo, hi;

    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}
#endif

enum { EAX, EBX, ECX, EDX };
/* XCR0 bits: SSE and AVX registers; those and the three parts of AVX-512; tile configuration and data. */
enum { NEED_NONE = 0, NEED_AVX = 0x6, NEED_512 = 0xe6, NEED_TILES = 0x60000 };

static const struct {
    const char *name;
    int         leaf, sub, reg, bit;
    uint32_t    need;
} set_row[MF_CPU_SET_COUNT] = {
    [MF_CPU_SSE42]       = {"sse4_2", 1, 0, ECX, 20, NEED_NONE},
    [MF_CPU_AVX2]        = {"avx2", 7, 0, EBX, 5, NEED_AVX},
    [MF_CPU_FMA]         = {"fma", 1, 0, ECX, 12, NEED_AVX},
    [MF_CPU_F16C]        = {"f16c", 1, 0, ECX, 29, NEED_AVX},
    [MF_CPU_AVX512F]     = {"avx512f", 7, 0, EBX, 16, NEED_512},
    [MF_CPU_AVX512BW]    = {"avx512bw", 7, 0, EBX, 30, NEED_512},
    [MF_CPU_AVX512DQ]    = {"avx512dq", 7, 0, EBX, 17, NEED_512},
    [MF_CPU_AVX512VL]    = {"avx512vl", 7, 0, EBX, 31, NEED_512},
    [MF_CPU_AVX512_VNNI] = {"avx512_vnni", 7, 0, ECX, 11, NEED_512},
    [MF_CPU_AVX512_BF16] = {"avx512_bf16", 7, 1, EAX, 5, NEED_512},
    [MF_CPU_AVX512_FP16] = {"avx512_fp16", 7, 0, EDX, 23, NEED_512},
    [MF_CPU_AVX_VNNI]    = {"avx_vnni", 7, 1, EAX, 4, NEED_AVX},
    [MF_CPU_AMX_TILE]    = {"amx_tile", 7, 0, EDX, 24, NEED_TILES},
    [MF_CPU_AMX_BF16]    = {"amx_bf16", 7, 0, EDX, 22, NEED_TILES},
    [MF_CPU_AMX_INT8]    = {"amx_int8", 7, 0, EDX, 25, NEED_TILES},
};

bool
mf_cpu_has(mf_cpu_set set)
{
#if defined(__x86_64__)
    leaf     l;
    uint32_t need = set_row[set].need;

    if (set_row[set].sub > 0 && cpuid((uint32_t)set_row[set].leaf, 0).r[EAX] < (uint32_t)set_row[set].sub) {
        return false; /* leaf 7 says in EAX how many sub-leaves it has */
    }
    l = cpuid((uint32_t)set_row[set].leaf, (uint32_t)set_row[set].sub);
    if ((l.r[set_row[set].reg] >> set_row[set].bit & 1) == 0) {
        return false;
    }
    if (need == NEED_NONE) {
        return true;
    }
    /* Bit 27 of leaf 1's ECX: the kernel has switched xgetbv on. */
    return (cpuid(1, 0).r[ECX] >> 27 & 1) != 0 && (xcr0() & need) == need;
#else
    (void)set;
    return false;
#endif
}

const char *
mf_cpu_set_name(mf_cpu_set set)
{
    return set_row[set].name;
}

void
mf_cpu_model(char *buf, size_t size)
{
    FILE          *f = fopen("/proc/cpuinfo", "re");
    char           line[256];
    struct utsname u;

    snprintf(buf, size, "unknown");
    if (f != NULL) {
        while (fgets(line, sizeof line, f) != NULL) {
            const char *colon = strchr(line, ':');

            if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
                line[strcspn(line, "\n")] = '\0';
                snprintf(buf, size, "%s", colon + 1 + strspn(colon + 1, " "));
                fclose(f);
                return;
            }
        }
        fclose(f);
    }
    if (uname(&u) == 0) {
        snprintf(buf, size, "%s", u.machine);
    }
}
