/* methods/method_list.h: the methods, sorted. */
MF_METHOD(combine)
MF_METHOD(contrastive)
MF_METHOD(distill)
MF_METHOD(hinton)
MF_METHOD(supervised)
MF_METHOD(triplet)
