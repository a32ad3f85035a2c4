/* viz/figures/plot_list.h: the plots, sorted. */
MF_PLOT(bars)
MF_PLOT(confusion)
MF_PLOT(curves)
MF_PLOT(embedding)
MF_PLOT(folds)
MF_PLOT(reliability)
MF_PLOT(shares)
