/* tests/infer/small_net.h: weights of a small untrained network, as maskfer saves them. */
#ifndef MF_TESTS_INFER_SMALL_NET_H
#define MF_TESTS_INFER_SMALL_NET_H

#include <stdbool.h>

enum { MF_SMALL_NET_CLASSES = 3, MF_SMALL_NET_SIDE = 32, MF_SMALL_NET_EMBEDDING = 512 };
extern const char *const mf_small_net_classes[]; /* left, right, slant, NULL */

/* The path of a ResNet-18 for 32 x 32 pictures of 1 or 3 channels; made at the first call, lent as mf_test_path lends. */
const char *mf_small_net(int channels);
/* The same of a network of which the embedding (`answers` false) or all of it looks at landmarks. */
const char *mf_small_net_landmarks(bool answers);

#endif
