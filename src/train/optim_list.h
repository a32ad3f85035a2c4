/* train/optim_list.h: the optimisers, sorted. */
MF_OPTIM(adam)
MF_OPTIM(adamw)
MF_OPTIM(radam)
MF_OPTIM(sgd)
