/* data/occlusions_csv.c: writing occlusions.csv. */
#include "data/occlusions_csv.h"

#include "core/csv.h"

void
mf_occlusions_put_header(mf_str *out)
{
    mf_str_add(out, "image,occluder,kind,fit,colour");
    for (int p = 0; p < MF_PARTS; p++)
        mf_str_printf(out, ",%s", mf_face_part_name((mf_face_part)p));
    mf_str_add(out, ",parameters\n");
}

void
mf_occlusions_put(mf_str *out, const char *image, const char *occluder, const mf_occlusion_record *r)
{
    const char *text[] = {image, occluder, r->note.kind, r->note.fit, r->note.colour};

    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        mf_csv_put(out, text[i]);
        mf_str_addc(out, ',');
    }
    for (int p = 0; p < MF_PARTS; p++) {
        if (r->part[p] >= 0)
            mf_str_printf(out, "%.3f", (double)r->part[p]);
        mf_str_addc(out, ',');
    }
    mf_csv_put(out, r->note.parameters);
    mf_str_addc(out, '\n');
}
