/* infer/nearest.h: the architecture that a file of weights is likely to be of. */
#ifndef MF_INFER_NEAREST_H
#define MF_INFER_NEAREST_H

#include "models/model.h"
#include "weights/weights.h"

/* After a failure to load `ts` into m: adds to the sentence in err the architecture, with its usual options, that differs from the file by
 * the fewest names, where it is another than m's. Adds nothing where none has half of the file's names. */
void mf_nearest_hint(mf_err *err, const mf_model *m, const mf_tensors *ts);

#endif
