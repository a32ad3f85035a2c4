/* viz/colour.c: a path through Oklab given by a few stations, walked in steps of equal length inside the sRGB gamut. */
#include "viz/colour.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#ifndef M_PI
#define M_PI 3.14159265358979323846
#endif

typedef struct station { double l, c, h; } station; /* lightness, chroma, hue in degrees */

/* Linear light of 0..1 from Oklab. */
static void
to_linear(double rgb[3], const double lab[3])
{
    const double l = pow(lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2], 3.0);
    const double m = pow(lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2], 3.0);
    const double s = pow(lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2], 3.0);

    rgb[0] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
    rgb[1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
    rgb[2] = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s;
}

void
mf_oklab(double lab[3], const uint8_t rgb[3])
{
    double lin[3], l, m, s;

    for (int i = 0; i < 3; i++) {
        const double v = rgb[i] / 255.0;

        lin[i] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    }
    l      = cbrt(0.4122214708 * lin[0] + 0.5363325363 * lin[1] + 0.0514459929 * lin[2]);
    m      = cbrt(0.2119034982 * lin[0] + 0.6806995451 * lin[1] + 0.1073969566 * lin[2]);
    s      = cbrt(0.0883024619 * lin[0] + 0.2817188376 * lin[1] + 0.6299787005 * lin[2]);
    lab[0] = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
    lab[1] = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
    lab[2] = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
}

static bool
in_gamut(const double lab[3])
{
    double rgb[3];

    to_linear(rgb, lab);
    for (int i = 0; i < 3; i++) {
        if (rgb[i] < -1e-6 || rgb[i] > 1.0 + 1e-6) {
            return false;
        }
    }
    return true;
}

/* Position t of 0..1 on the path of n stations, chroma lowered until the screen can show it. */
static void
at(double lab[3], const station *st, int n, double t)
{
    const double x = t * (n - 1);
    const int    i = (int)x < n - 1 ? (int)x : n - 2;
    const double f = x - i;
    const double l = st[i].l + f * (st[i + 1].l - st[i].l), h = (st[i].h + f * (st[i + 1].h - st[i].h)) * M_PI / 180.0;
    double       lo = 0.0, hi = st[i].c + f * (st[i + 1].c - st[i].c);

    lab[0] = l;
    lab[1] = hi * cos(h);
    lab[2] = hi * sin(h);
    if (in_gamut(lab)) {
        return;
    }
    for (int k = 0; k < 30; k++) {
        const double c = 0.5 * (lo + hi);

        lab[1] = c * cos(h);
        lab[2] = c * sin(h);
        if (in_gamut(lab)) {
            lo = c;
        } else {
            hi = c;
        }
    }
    lab[1] = lo * cos(h);
    lab[2] = lo * sin(h);
}

static uint8_t
to_byte(double linear)
{
    const double v = linear <= 0.0 ? 0.0 : linear >= 1.0 ? 1.0 : linear;

    return (uint8_t)lround(255.0 * (v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1.0 / 2.4) - 0.055));
}

/* The path measured in fine steps, then cut into equal lengths. */
static void
walk(mf_colour_map *out, const station *st, int n)
{
    enum { FINE = 4096 };
    double before[3], now[3], length[FINE + 1];
    int    k = 0;

    at(before, st, n, 0.0);
    length[0] = 0.0;
    for (int i = 1; i <= FINE; i++) {
        at(now, st, n, (double)i / FINE);
        length[i] = length[i - 1] + sqrt((now[0] - before[0]) * (now[0] - before[0]) + (now[1] - before[1]) * (now[1] - before[1]) +
                                         (now[2] - before[2]) * (now[2] - before[2]));
        memcpy(before, now, sizeof now);
    }
    for (int i = 0; i < MF_COLOUR_STEPS; i++) {
        const double want = length[FINE] * i / (MF_COLOUR_STEPS - 1);
        double       t, rgb[3];

        while (k < FINE - 1 && length[k + 1] < want) {
            k++;
        }
        t = (k + (want - length[k]) / (length[k + 1] - length[k])) / FINE;
        at(now, st, n, t < 1.0 ? t : 1.0);
        to_linear(rgb, now);
        for (int c = 0; c < 3; c++) {
            out->rgb[i][c] = to_byte(rgb[c]);
        }
    }
}

void
mf_colour_heat(mf_colour_map *out)
{
    static const station st[] = {{0.20, 0.10, 278}, {0.36, 0.17, 305}, {0.53, 0.20, 355}, {0.70, 0.19, 410}, {0.86, 0.15, 446}, {0.98, 0.06, 466}};

    walk(out, st, (int)(sizeof st / sizeof st[0]));
}

void
mf_colour_cells(mf_colour_map *out)
{
    static const station st[] = {{0.995, 0.002, 245}, {0.80, 0.08, 245}, {0.55, 0.12, 250}, {0.32, 0.09, 255}};

    walk(out, st, (int)(sizeof st / sizeof st[0]));
}

void
mf_colour_jet(mf_colour_map *out)
{
    for (int v = 0; v < MF_COLOUR_STEPS; v++) {
        for (int c = 0; c < 3; c++) { /* red, green, blue: peaks at 3, 2, 1 quarters */
            const double w = 1.5 - fabs(4.0 * v / 255.0 - (3 - c));

            out->rgb[v][c] = (uint8_t)nearbyint(255.0 * (w < 0.0 ? 0.0 : w > 1.0 ? 1.0 : w));
        }
    }
}
