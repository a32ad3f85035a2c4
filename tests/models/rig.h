/* models/rig.h: one network with its options, in training or scoring form, small enough for a test. */
#ifndef MF_TESTS_MODELS_RIG_H
#define MF_TESTS_MODELS_RIG_H

#include "support.h"

#include "methods/method.h"
#include "models/model.h"
#include "nn/ops.h"
#include "nn/program.h"
#include "weights/weights.h"

enum { RIG_BATCH = 8, RIG_CLASSES = 4 };

typedef struct rig {
    mf_model    m;
    mf_params  *ps;
    mf_graph   *train, *eval;
    mf_program *trained, *scored; /* each made when first asked for */
    int         side;
} rig;

/* "width=8,reading=code": options; pictures of side x side. */
void rig_open(rig *r, const char *arch, const char *options, int side);
void rig_close(rig *r);
/* Loss of one pass in training form over drawn pictures with a class-dependent pattern; running statistics move on. */
float rig_loss(rig *r, uint64_t seed, uint64_t step);
/* n steps of SGD on the same batch: the losses. */
void rig_train(rig *r, int n, float *losses);
/* RIG_BATCH * RIG_CLASSES logits in scoring form. */
void rig_score(rig *r, float *logits);
/* Points all over pictures of side x side for the input "x.landmarks", some outside or not sure; nothing where p has no such input. */
void rig_feed_points(mf_program *p, int side);
/* Fails where a training step of it runs on the reference backend. */
void rig_no_fallback(rig *r);
/* Exports, loads into a fresh network of the same kind, and compares the logits bit by bit. */
void rig_round_trip(rig *r, const char *arch, const char *options);
/* Fails unless the named network at 224 pixels has these counts. */
void rig_counts(const char *arch, const char *options, int classes, int64_t parameters, int64_t macs);

#endif
