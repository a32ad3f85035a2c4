/* bench/bench_faces.c: how many faces a second and core are drawn and hidden, by processor time.
 *
 * bench_faces [ROUNDS]   prints a JSON line a case: drawn students of 256 x 256 without and with mask; every occluder on
 * pictures of 250 x 250, the face as large as in LFW (eyes 43 pixels apart) and as in a tight crop (95 pixels). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "face/occlude.h"
#include "face/student.h"

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
students(int rounds, bool masked)
{
    mf_err err = {0};
    double start = now();

    for (int i = 0; i < rounds; i++) {
        mf_image im = {0};
        if (mf_student_draw(&im, NULL, 1, i, i % 7, 0, masked, 256, &err) < 0) {
            fprintf(stderr, "bench_faces: %s\n", err.msg);
            return 1;
        }
        mf_image_free(&im);
    }
    printf("{\"case\": \"student%s\", \"side\": 256, \"faces_per_second\": %.1f}\n", masked ? " masked" : "", rounds / (now() - start));
    return 0;
}

static int
occluder(const mf_occluder_def *def, int rounds, double d)
{
    static const double five[5][2] = {{-0.5, 0}, {0.5, 0}, {0, 0.6}, {-0.45, 1.09}, {0.45, 1.09}};
    mf_landmarks lm = {.n = 5};
    mf_image     im = {0}, face = {0};
    mf_face_scratch   s = {0};
    mf_err       err = {0};
    double       spent = 0;
    int          rc = 1;

    if (mf_image_new(&im, 250, 250, 3, &err) < 0 || mf_student_draw(&face, NULL, 1, 0, 0, 0, false, 250, &err) < 0)
        goto done;
    for (int i = 0; i < 5; i++) {
        lm.x[i] = (float)(125 + d * five[i][0]);
        lm.y[i] = (float)(125 + d * (five[i][1] - 0.5));
    }
    for (int i = 0; i < rounds; i++) {
        mf_rng rng = mf_rng_make(1, 0, (uint64_t)i, MF_RNG_OCCLUDE);
        double start;
        memcpy(im.px, face.px, 3 * 250 * 250);
        start = now();
        if (mf_occlude(&im, def, NULL, &lm, &s, NULL, NULL, &rng, &err) < 0)
            goto done;
        spent += now() - start;
    }
    printf("{\"case\": \"%s\", \"side\": 250, \"eye_distance\": %.0f, \"faces_per_second\": %.1f}\n", def->name, d, rounds / spent);
    rc = 0;
done:
    if (rc != 0)
        fprintf(stderr, "bench_faces: %s: %s\n", def->name, err.msg);
    mf_face_scratch_free(&s);
    mf_image_free(&face);
    mf_image_free(&im);
    return rc;
}

int
main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 200, rc = students(rounds, false) | students(rounds, true);

    for (size_t i = 0; i < mf_occluder_count(); i++)
        rc |= occluder(mf_occluder_at(i), rounds, 43) | occluder(mf_occluder_at(i), rounds, 95);
    return rc;
}
