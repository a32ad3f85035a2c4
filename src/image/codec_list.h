/* image/codec_list.h: the picture formats, one line each, sorted. Include with MF_CODEC(name) defined. */
MF_CODEC(bmp)
MF_CODEC(jpeg)
MF_CODEC(png)
#if MF_HAVE_TIFF
MF_CODEC(tiff)
#endif
MF_CODEC(webp)
