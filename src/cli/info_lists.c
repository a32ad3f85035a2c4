/* cli/info_lists.c */
#include "cli/info_lists.h"

#include "methods/method.h"
#include "train/loss.h"
#include "train/optim.h"
#include "train/schedule.h"

static void
line(mf_str *out, const char *name, const char *summary, const char *source)
{
    mf_str_printf(out, "%-16s %s (%s)\n", name, summary, source);
}

void
mf_cli_list_methods(mf_str *out)
{
    for (size_t i = 0; i < mf_method_count(); i++) {
        line(out, mf_method_at(i)->name, mf_method_at(i)->summary, mf_method_at(i)->source);
    }
}

void
mf_cli_list_losses(mf_str *out)
{
    for (size_t i = 0; i < mf_loss_count(); i++) {
        line(out, mf_loss_at(i)->name, mf_loss_at(i)->summary, mf_loss_at(i)->source);
    }
}

void
mf_cli_list_optimisers(mf_str *out)
{
    for (size_t i = 0; i < mf_optim_count(); i++) {
        line(out, mf_optim_at(i)->name, mf_optim_at(i)->summary, mf_optim_at(i)->source);
    }
}

void
mf_cli_list_schedules(mf_str *out)
{
    for (size_t i = 0; i < mf_schedule_count(); i++) {
        line(out, mf_schedule_at(i)->name, mf_schedule_at(i)->summary, mf_schedule_at(i)->source);
    }
}
