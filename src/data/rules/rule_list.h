/* data/rules/rule_list.h: one line a rule, sorted: its file and its name. Included several times with MF_RULE defined. */
MF_RULE(dawid_skene, "dawid-skene")
MF_RULE(glad, "glad")
MF_RULE(majority, "majority")
MF_RULE(msde, "msde")
MF_RULE(one_coin, "one-coin")
