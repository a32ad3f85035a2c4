/* bench/contact_sheet.c: drawn students on one sheet, a row a person, a column an expression.
 *
 * contact_sheet OUT.png|OUT.jpg PEOPLE SIZE [plain|masked|both|occluders] [SEED] [FIRST] [points]
 * `both` puts the masked pictures to the right; `occluders` draws new masks on plain faces instead of expressions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "face/occlude.h"
#include "face/student.h"

enum { EXPRESSIONS = 7 };

static void
paste(mf_image *sheet, const mf_image *im, int x0, int y0)
{
    for (int y = 0; y < im->height; y++)
        memcpy(sheet->px + ((size_t)(y0 + y) * (size_t)sheet->width + (size_t)x0) * 3,
               im->px + (size_t)y * (size_t)im->width * 3, (size_t)im->width * 3);
}

static void
mark(mf_image *im, const mf_landmarks *lm)
{
    for (int i = 0; i < lm->n; i++) {
        int x = (int)lm->x[i], y = (int)lm->y[i];
        if (x >= 0 && y >= 0 && x < im->width && y < im->height) {
            uint8_t *p = im->px + ((size_t)y * (size_t)im->width + (size_t)x) * 3;
            p[0] = 0, p[1] = 255, p[2] = 0;
        }
    }
}

int
main(int argc, char **argv)
{
    mf_err      err = {0};
    mf_image    sheet = {0};
    const char *mode = argc > 4 ? argv[4] : "plain";
    int         people = argc > 2 ? atoi(argv[2]) : 10, size = argc > 3 ? atoi(argv[3]) : 128, first = argc > 6 ? atoi(argv[6]) : 0;
    uint64_t    seed = argc > 5 ? strtoull(argv[5], NULL, 10) : 1;
    int         halves = strcmp(mode, "both") == 0 ? 2 : 1, drawn = 0, rc = 1;
    double      spent = 0;
    const mf_occluder_def *mask;

    if (argc < 2) {
        fputs("usage: contact_sheet OUT.png PEOPLE SIZE [plain|masked|both|occluders] [SEED] [FIRST] [points]\n", stderr);
        return 2;
    }
    if (mf_image_new(&sheet, EXPRESSIONS * size * halves, people * size, 3, &err) < 0 ||
        mf_occluder_find(&mask, strcmp(mode, "plain") == 0 || strcmp(mode, "masked") == 0 || strcmp(mode, "both") == 0 || strcmp(mode, "occluders") == 0 ? "mask" : mode, &err) < 0)
        goto done;
    for (int p = 0; p < people; p++)
        for (int e = 0; e < EXPRESSIONS * halves; e++) {
            mf_image        im = {0};
            mf_landmarks    lm;
            struct timespec a, b;
            bool            masked = strcmp(mode, "masked") == 0 || e >= EXPRESSIONS;
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
            if (mf_student_draw(&im, &lm, seed, first + p, e % EXPRESSIONS, 0, masked, size, &err) < 0)
                goto done;
            if (strcmp(mode, "plain") != 0 && strcmp(mode, "masked") != 0 && halves == 1) {
                mf_rng rng = mf_rng_make(seed, (uint64_t)p, (uint64_t)e, MF_RNG_OCCLUDE);
                if (mf_occlude(&im, mask, NULL, &lm, NULL, NULL, NULL, &rng, &err) < 0) {
                    mf_image_free(&im);
                    goto done;
                }
            }
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
            spent += (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
            drawn++;
            if (argc > 7)
                mark(&im, &lm);
            paste(&sheet, &im, e * size, p * size);
            mf_image_free(&im);
        }
    if (mf_image_save(argv[1], &sheet, 78, &err) < 0)
        goto done;
    printf("%d faces, %.2f ms each\n", drawn, 1e3 * spent / drawn);
    rc = 0;
done:
    if (rc != 0)
        fprintf(stderr, "contact_sheet: %s\n", err.msg);
    mf_image_free(&sheet);
    return rc;
}
