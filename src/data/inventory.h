/* data/inventory.h: the inventory of a data set: what there is of each expression, of each person, and what the pixels are like. */
#ifndef MF_DATA_INVENTORY_H
#define MF_DATA_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "data/jobs.h"
#include "data/manifest.h"
#include "data/near.h"

typedef struct mf_inventory_opts {
    bool         pixels;  /* open the pictures: sizes, brightness, near-duplicates */
    double       near;    /* correlation from which two are near-duplicates, 0 .. 1; 0 looks for none */
    mf_jobs_opts jobs;
} mf_inventory_opts;

/* Order statistics (linear between neighbours) and mean of n values; all 0 where n is 0. */
typedef struct mf_spread {
    size_t n;
    double mean, sd, min, p5, p25, median, p75, p95, max;
} mf_spread;

typedef struct mf_inventory_size {
    int    width, height;
    size_t n;
} mf_inventory_size;

typedef struct mf_inventory_people { /* `people` of them have `pictures` pictures each */
    size_t pictures, people;
} mf_inventory_people;

typedef struct mf_inventory {
    size_t           count[MF_CLASSES_MAX][MF_OCC_COUNT];
    size_t           occlusion[MF_OCC_COUNT], split[MF_SPLIT_COUNT];
    size_t           pairs[MF_CLASSES_MAX], n_pairs; /* kept by the rule of data/pairs.h */
    size_t           no_subject;
    mf_spread        per_person;                     /* pictures of each known person */
    mf_inventory_people *people;  size_t n_people;       /* by falling number of pictures */
    /* With opts.pixels: */
    size_t           readable, grey;                 /* grey: stored with one channel */
    mf_spread        width, height;
    mf_inventory_size   *size;    size_t n_sizes;        /* different ones, by falling number */
    mf_spread        brightness, contrast;           /* mean and standard deviation of a picture's grey values, 0 .. 255 */
    mf_spread        brightness_by[MF_OCC_COUNT];
    float           *bright;                         /* [rows] brightness; -1: not readable */
    mf_near          near;
} mf_inventory;

/* Pictures that cannot be read are counted out, they are no failure. */
mf_status mf_inventory_make(mf_inventory *out, const mf_dataset *d, const mf_inventory_opts *o, mf_err *err);
void      mf_inventory_free(mf_inventory *s);

/* The published inventory of MSD-E (its Table 2), in the order of the seven expressions: non-masked, masked, pairs. The printed
 * total of `sad`, 256, is a slip: its columns add up to 265. */
typedef struct mf_msde_row {
    const char *name;
    int         clear, masked, printed_total, pairs;
} mf_msde_row;
enum { MF_MSDE_ROWS = 7 };
const mf_msde_row *mf_msde_table(void);

#endif
