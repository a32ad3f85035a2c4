/* train/schedule_list.h: the schedules, sorted. */
MF_SCHEDULE(constant)
MF_SCHEDULE(cosine)
MF_SCHEDULE(exponential)
MF_SCHEDULE(onecycle)
MF_SCHEDULE(plateau)
MF_SCHEDULE(step)
