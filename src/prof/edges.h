/*
 * edges.h - which calls a program makes, learnt from its samples; and the verdict on a
 * sample that moved while it was copied.
 *
 * An edge is (caller, instruction) -> callee. A copy that mixes two instants shows calls
 * that the program cannot make. Where a sample shows signs of having moved, every edge of
 * its changed part must be one that this call site is known for; the stack is cut above
 * the last frame that can be vouched for. Sites that call many functions are believed.
 * Bounded: a fixed table, the oldest sites are overwritten.
 */
#ifndef PROF_EDGES_H
#define PROF_EDGES_H

#include "python/walk.h"

struct edges;

struct edges *edges_new(void);
void edges_free(struct edges *e);
/* How many frames of the thread are sound, from the root: t->n_frames when all are.
 * Learns from what it is shown. epoch: walker_epoch(), numbers of code change with it. */
uint32_t edges_judge(struct edges *e, const struct walk_thread *t, uint32_t epoch);
/* Learns all edges of a stack that is true beyond doubt: its thread stood still. */
void edges_trust(struct edges *e, const struct walk_thread *t, uint32_t epoch);

#endif
