/* face/student.c: put a drawn student together: person, expression, scene, painting in layers, camera. */
#include "face/student.h"

#include <cairo.h>
#include <math.h>
#include <string.h>
#include "core/mem.h"
#include "face/student/parts.h"

enum { SMALLEST = 16, LARGEST = 2048, DRAWN_AT_LEAST = 160 };

/* All that one picture is made of. */
typedef struct picture {
    mf_person      who;
    mf_scene       scene;
    mf_performance act;
    int            camera;
    mf_rng         look; /* what is still to be drawn: how the mask sits */
    float          au[2][MF_AU_MAX];
} picture;

/* What is worn, for the record; each may be NULL. */
typedef struct worn {
    mf_occluder_note *note;
    float            *hidden;
} worn;

/* Canvas to picture, averaging k x k canvas pixels. */
static void
to_image(mf_image *im, cairo_surface_t *sf, int k)
{
    const unsigned char *data = cairo_image_surface_get_data(sf);
    int                  stride = cairo_image_surface_get_stride(sf);
    uint32_t             half = (uint32_t)(k * k) / 2, all = (uint32_t)(k * k);

    for (int y = 0; k == 1 && y < im->height; y++) {
        const uint32_t *row = (const uint32_t *)(const void *)(data + (size_t)y * (size_t)stride);
        uint8_t        *px = im->px + (size_t)y * (size_t)im->width * 3;
        for (int x = 0; x < im->width; x++, px += 3) {
            px[0] = (uint8_t)(row[x] >> 16);
            px[1] = (uint8_t)(row[x] >> 8);
            px[2] = (uint8_t)row[x];
        }
    }
    for (int y = 0; k > 1 && y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            uint32_t sum[3] = {half, half, half};
            uint8_t *px = im->px + ((size_t)y * (size_t)im->width + (size_t)x) * 3;
            for (int j = 0; j < k; j++) {
                const uint32_t *row = (const uint32_t *)(const void *)(data + (size_t)(y * k + j) * (size_t)stride) + x * k;
                for (int i = 0; i < k; i++) {
                    sum[0] += row[i] >> 16 & 255;
                    sum[1] += row[i] >> 8 & 255;
                    sum[2] += row[i] & 255;
                }
            }
            for (int c = 0; c < 3; c++)
                px[c] = (uint8_t)(sum[c] / all);
        }
}

static void
from_image(cairo_surface_t *sf, const mf_image *im)
{
    unsigned char *data = cairo_image_surface_get_data(sf);
    int            stride = cairo_image_surface_get_stride(sf);

    for (int y = 0; y < im->height; y++) {
        uint32_t      *row = (uint32_t *)(void *)(data + (size_t)y * (size_t)stride);
        const uint8_t *px = im->px + (size_t)y * (size_t)im->width * 3;
        for (int x = 0; x < im->width; x++, px += 3)
            row[x] = 0xFF000000U | (uint32_t)px[0] << 16 | (uint32_t)px[1] << 8 | px[2];
    }
    cairo_surface_mark_dirty(sf);
}

static mf_status
wear_mask(cairo_surface_t *sf, const mf_head *h, const mf_landmarks *lm, const worn *out, mf_rng *rng, mf_err *err)
{
    const mf_person *w = h->who;
    mf_mask_fit      fit = w->mask_fit;
    mf_mask_shape    shape;
    mf_mask_light    light = {.x = h->scene->light[0], .y = h->scene->light[1], .z = h->scene->light[2], .ambient = 0.45F};
    mf_match         match = {.blur = 0.4F}; /* the camera comes later */
    mf_face_scratch       scratch = {0};
    mf_image         im = {0};
    uint8_t         *cover = NULL;
    static const float white[3] = {0.97F, 0.97F, 0.97F}, ahead[3] = {0, 0, 1};
    mf_status        st;

    /* The same mask sits a little differently every time. */
    if (fit.wear != MF_WEAR_NOSE) {
        fit.alpha += (float)mf_rng_uniform(rng, -0.06, 0.10);
        fit.alpha = fit.alpha < 0.12F ? 0.12F : fit.alpha;
    }
    fit.roll += (float)mf_rng_uniform(rng, -0.02, 0.02);
    mf_skin_light(light.gain, h->scene, white, ahead, 0);
    cairo_surface_flush(sf);
    if ((st = mf_image_new(&im, h->size, h->size, 3, err)) < 0)
        return st;
    if (out->hidden != NULL && (cover = mf_calloc((size_t)h->size * (size_t)h->size, 1)) == NULL) {
        st = mf_oom(err, (size_t)h->size * (size_t)h->size, "what a mask hides");
        goto done;
    }
    to_image(&im, sf, 1);
    if ((st = mf_mask_shape_make(&shape, lm, &fit, err)) < 0 ||
        (st = mf_mask_draw(&im, &scratch, cover, &shape, &w->mask, &light, &match, rng, err)) < 0 ||
        (cover != NULL && (st = mf_cover_parts(out->hidden, cover, h->size, h->size, lm, err)) < 0))
        goto done;
    if (out->note != NULL)
        mf_mask_note(out->note, &w->mask, &fit, &light, &match);
    from_image(sf, &im);
done:
    mf_free(cover);
    mf_face_scratch_free(&scratch);
    mf_image_free(&im);
    return st;
}

static mf_status
paint(cairo_surface_t *sf, mf_head *h, mf_landmarks *lm, bool masked, const worn *out, mf_rng *rng, mf_err *err)
{
    cairo_t  *cr = cairo_create(sf);
    mf_status st;
    double    jaw[17][2];

    mf_backdrop_paint(cr, h);
    mf_hair_back(cr, h);
    mf_body_paint(cr, h);
    if ((st = mf_skin_paint(cr, h, err)) < 0)
        goto done;
    mf_marks_paint(cr, h);
    mf_nose_paint(cr, h, lm);
    mf_mouth_paint(cr, h, lm);
    mf_beard_paint(cr, h);
    mf_eyes_paint(cr, h, lm);
    mf_brows_paint(cr, h, lm);
    mf_head_jaw(jaw, h);
    for (int i = 0; i < 17; i++) {
        lm->x[i] = (float)jaw[i][0];
        lm->y[i] = (float)jaw[i][1];
    }
    lm->n = 68;
    if (masked && (st = wear_mask(sf, h, lm, out, rng, err)) < 0)
        goto done;
    mf_hair_front(cr, h);
    mf_spectacles_paint(cr, h);
    if (cairo_status(cr) != CAIRO_STATUS_SUCCESS)
        st = mf_fail(err, MF_E_INTERNAL, "drawing a face: %s", cairo_status_to_string(cairo_status(cr)));
done:
    cairo_destroy(cr);
    return st;
}

/* Exposure, contrast, colour cast, vignette, blur, noise. */
static mf_status
camera(mf_image *im, const mf_scene *s, mf_err *err)
{
    size_t   w = (size_t)im->width, h = (size_t)im->height, row = 3 * w;
    float    q = 0.25F * s->blur * (w < 160 ? 0.25F + 0.75F * (float)w / 160 : 1), *work, *grain, *gain, *fall, *noise;
    uint8_t *old;

    if (q > 0) {
        if ((old = mf_calloc(h, row)) == NULL)
            return mf_oom(err, h * row, "the blur of a picture");
        memcpy(old, im->px, h * row);
        for (size_t y = 0; y < h; y++) {
            const uint8_t *up = old + (y > 0 ? y - 1 : y) * row, *mid = old + y * row, *low = old + (y + 1 < h ? y + 1 : y) * row;
            for (size_t i = 0; i < row; i++) {
                size_t l = i >= 3 ? i - 3 : i, r = i + 3 < row ? i + 3 : i;
                float  a = q * (float)(up[l] + low[l]) + (1 - 2 * q) * (float)mid[l];
                float  b = q * (float)(up[i] + low[i]) + (1 - 2 * q) * (float)mid[i];
                float  c = q * (float)(up[r] + low[r]) + (1 - 2 * q) * (float)mid[r];
                im->px[y * row + i] = (uint8_t)(q * (a + c) + (1 - 2 * q) * b + 0.5F);
            }
        }
        mf_free(old);
    }
    if ((work = mf_calloc(4 * row, sizeof *work)) == NULL)
        return mf_oom(err, 4 * row * sizeof *work, "the noise of a picture");
    grain = work, gain = work + row, fall = gain + row, noise = fall + row;
    for (size_t i = 0; i < row; i++) { /* brightness of a column, and how much of it is lost towards the upper and lower rim */
        float dx = 2 * (float)(i / 3) / (float)w - 1, k = s->contrast * s->exposure * (1 + s->warmth * (1 - (float)(i % 3)));
        gain[i] = k * (1 - 0.5F * s->vignette * dx * dx);
        fall[i] = k * 0.5F * s->vignette;
    }
    for (size_t y = 0; y < h; y++) {
        float    dy = 2 * (float)y / (float)h - 1, base = 255 * (0.5F - 0.5F * s->contrast) + 0.5F, loud = 510 * s->noise;
        uint32_t at = s->seed + (uint32_t)(y * w) * 3U;
        uint8_t *px = &im->px[y * row];
        for (size_t x = 0; x < w; x++) { /* two uniform numbers make a triangular one */
            uint32_t mix = (at + (uint32_t)x) * 0x9E3779B1U;
            mix ^= mix >> 15;
            mix *= 0x2C1B3C6DU;
            mix ^= mix >> 13;
            noise[x] = base + loud * ((float)(int)((mix & 0xFFFF) + (mix >> 16)) * (1.0F / 65536.0F) - 1.0F);
        }
        for (size_t x = 0; x < w; x++)
            grain[3 * x] = grain[3 * x + 1] = grain[3 * x + 2] = noise[x];
        for (size_t i = 0; i < row; i++) {
            float v = (float)px[i] * (gain[i] - fall[i] * dy * dy) + grain[i];
            v     = v < 0 ? 0 : v;
            v     = v > 255 ? 255 : v;
            px[i] = (uint8_t)(int)v;
        }
    }
    mf_free(work);
    return MF_OK;
}

/* ------------------------------------------------------------------------------------------------------- one picture */

static mf_status
compose(picture *p, const mf_student_spec *s, mf_err *err)
{
    uint64_t what;
    mf_rng   feel;

    if (s->expression < 0 || s->expression >= MF_STUDENT_EXPRESSIONS)
        return mf_fail(err, MF_E_ARG, "expression %d does not exist; there are 0 to %d", s->expression, MF_STUDENT_EXPRESSIONS - 1);
    if (s->person < 0 || s->take < 0)
        return mf_fail(err, MF_E_ARG, "person and take count from 0, not %d and %d", s->person, s->take);
    what    = 1 + ((uint64_t)s->take * MF_STUDENT_EXPRESSIONS + (uint64_t)s->expression) * 3;
    feel    = mf_rng_make(s->seed, (uint64_t)s->person, what, MF_RNG_SYNTH);
    p->look = mf_rng_make(s->seed, (uint64_t)s->person, what + (s->masked ? 2 : 1), MF_RNG_SYNTH);
    p->who  = mf_person_draw(s->seed, s->person);
    p->camera = 0;
    if (s->preset == MF_STUDENTS_MSDE) /* most people were photographed with one camera */
        p->camera = 1 + ((p->who.strands & 1) != (mf_rng_unit(&p->look) < 0.15));
    p->scene = mf_scene_draw(p->camera, &p->look);
    p->act   = mf_perform(s, &feel);
    mf_expression_draw(p->au, &p->who, &p->act, &feel);
    return MF_OK;
}

/* Turned away, dark, blurred or noisy pictures are harder to read. */
static float
clearness(const mf_scene *s)
{
    double turned = 1.6 * (double)(s->yaw * s->yaw) + 1.5 * (double)(s->pitch * s->pitch);
    double dark   = (double)s->exposure < 0.92 ? 1.2 * (0.92 - (double)s->exposure) : 0;

    return (float)mf_clamp(1 - turned - dark - 0.12 * (double)s->blur - 6 * (double)s->noise, 0.2, 1);
}

mf_status
mf_student_describe(mf_student_facts *out, const mf_student_spec *spec, mf_err *err)
{
    picture   p;
    mf_status st;

    *out = (mf_student_facts){0};
    if ((st = compose(&p, spec, err)) < 0)
        return mf_fail_in(err, st, "drawn face");
    out->shown       = p.act.shown;
    out->strength    = p.act.strength;
    out->blend       = p.act.blend;
    out->blend_share = p.act.blend_share;
    out->camera      = p.camera;
    out->yaw         = p.scene.yaw;
    out->pitch       = p.scene.pitch;
    out->roll        = p.scene.roll;
    out->clear       = clearness(&p.scene);
    out->woman       = p.who.woman;
    out->beard       = p.who.beard != MF_BEARD_NONE;
    out->spectacles  = p.who.spectacles != 0;
    out->age         = p.who.age;
    memcpy(out->skin, p.who.skin, sizeof out->skin);
    mf_expression_evidence(out->evidence, (const float (*)[MF_AU_MAX])p.au, spec->masked);
    return MF_OK;
}

mf_status
mf_student_picture(mf_image *out, mf_landmarks *lm, mf_occluder_note *note, float hidden[MF_PARTS], const mf_student_spec *spec,
                   int size, mf_err *err)
{
    picture          p;
    mf_head         *h = NULL;
    cairo_surface_t *sf = NULL;
    mf_landmarks     own = {0};
    mf_image         im = {0};
    worn             w = {note, hidden};
    int              k;
    mf_status        st;

    memset(out, 0, sizeof *out);
    if (size < SMALLEST || size > LARGEST)
        return mf_fail(err, MF_E_ARG, "a drawn face has %d to %d pixels a side, not %d", SMALLEST, LARGEST, size);
    if ((st = compose(&p, spec, err)) < 0)
        return mf_fail_in(err, st, "drawn face");
    k  = size >= DRAWN_AT_LEAST ? 1 : (DRAWN_AT_LEAST + size - 1) / size;
    h  = mf_calloc(1, sizeof *h);
    sf = cairo_image_surface_create(CAIRO_FORMAT_RGB24, size * k, size * k);
    if (h == NULL || cairo_surface_status(sf) != CAIRO_STATUS_SUCCESS) {
        st = mf_oom(err, sizeof *h, "a drawn face");
        goto done;
    }
    memcpy(h->au, p.au, sizeof h->au);
    mf_head_build(h, &p.who, &p.scene, size * k);
    if ((st = paint(sf, h, &own, spec->masked, &w, &p.look, err)) < 0 || (st = mf_image_new(&im, size, size, 3, err)) < 0)
        goto done;
    cairo_surface_flush(sf);
    to_image(&im, sf, k);
    if ((st = camera(&im, &p.scene, err)) < 0)
        goto done;
    if (lm != NULL) {
        for (int i = 0; i < 68; i++) {
            own.x[i] /= (float)k;
            own.y[i] /= (float)k;
        }
        *lm = own;
    }
    *out = im;
    im   = (mf_image){0};
done:
    mf_image_free(&im);
    cairo_surface_destroy(sf);
    mf_free(h);
    if (st < 0)
        return mf_fail_in(err, st, "drawn face");
    return MF_OK;
}

mf_status
mf_student_draw(mf_image *out, mf_landmarks *lm, uint64_t seed, int person, int expression, int take, bool masked, int size,
                mf_err *err)
{
    mf_student_spec spec = {.seed = seed, .person = person, .expression = expression, .take = take, .masked = masked};

    return mf_student_picture(out, lm, NULL, NULL, &spec, size, err);
}
