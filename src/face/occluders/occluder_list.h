/* face/occluders/occluder_list.h: one line an occluder, sorted. Included several times with MF_OCCLUDER defined. */
MF_OCCLUDER(lower)
MF_OCCLUDER(mask)
MF_OCCLUDER(upper)
