/* train/loss_list.h: the losses, sorted. */
MF_LOSS(cross_entropy)
MF_LOSS(focal)
MF_LOSS(multi_target)
