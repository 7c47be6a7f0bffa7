/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of a plan share: plan.c (building it), plan-judge.c (who should be where), plan-write.c
 * (findings and edits). */

#include "configure/plan.h"

/* Says for all uses what they are, and what they should be. */
int plan_judge(Plan *p, const PlanWorld *w);
/* Writes edits and findings. */
int plan_write(Plan *p);

/* Name of the library that a group is about: its changer's, or the only one in whose bays its drives are;
 * else "". */
const char *plan_library(const Plan *p, int group);
/* Which drive it is for the program; 0 if it does not say. */
long plan_index(const PlanUse *u);
/* The device to which its path leads, if it is of the kind that is needed there; else NULL. */
const TapeFact *plan_fitting(const PlanUse *u);
