/* face/occluders/occluder_list.h: one line an occluder, sorted. Included several times with MF_OCCLUDER defined. */
MF_OCCLUDER(hand)
MF_OCCLUDER(lower)
MF_OCCLUDER(mask)
MF_OCCLUDER(rectangle)
MF_OCCLUDER(sunglasses)
MF_OCCLUDER(upper)
MF_OCCLUDER(vr)
