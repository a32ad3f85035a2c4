/* data/expressions.h: the words that data sets have for the seven basic expressions and contempt. */
#ifndef MF_DATA_EXPRESSIONS_H
#define MF_DATA_EXPRESSIONS_H

enum { MF_EXPRESSION_SURPRISE, MF_EXPRESSION_FEAR, MF_EXPRESSION_DISGUST, MF_EXPRESSION_HAPPY, MF_EXPRESSION_SAD,
       MF_EXPRESSION_ANGRY, MF_EXPRESSION_NEUTRAL, MF_EXPRESSION_CONTEMPT, MF_EXPRESSIONS };

/* Number of the expression that `word` names ("Happiness", "happy", "HA"; case does not matter), or -1. */
int         mf_expression_find(const char *word);
/* "surprise", "fear", "disgust", "happy", "sad", "angry", "neutral", "contempt". */
const char *mf_expression_name(int i);

#endif
