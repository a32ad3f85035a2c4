/* image/codec_list.h: the picture formats, one line each, sorted. Include with MF_CODEC(name) defined. */
MF_CODEC(jpeg)
MF_CODEC(png)
MF_CODEC(webp)
