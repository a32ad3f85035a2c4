/* methods/forms.h: the three forms in which a published method is kept. */
#ifndef MF_METHODS_FORMS_H
#define MF_METHODS_FORMS_H

/* CLEAN: a correct reading of the paper. PAPER: the paper's numbers to the letter. CODE: what the published program does. */
typedef enum mf_form { MF_FORM_CLEAN, MF_FORM_PAPER, MF_FORM_CODE } mf_form;

#define MF_FORM_WORDS {"clean", "paper", "code", NULL}
/* "auto" takes what the form says; the others are those of mf_norm_place, one later. */
#define MF_NORM_WORDS {"auto", "none", "embedding", "map", NULL}
#define MF_SWITCH_WORDS {"auto", "off", "on", NULL}

#endif
