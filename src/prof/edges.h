/*
 * edges.h - which calls a program makes, learnt from its samples; and the verdict on a
 * sample that moved while it was copied.
 *
 * An edge is (caller, instruction) -> callee. A copy that mixes two instants shows calls
 * that the program cannot make. Such an edge is rare at its call site, and it does not
 * last: an edge is known when one in ten calls of its site is like it, or when it was met
 * in two reads in a row (or in a thread that stood still). A sample with an unknown edge
 * is read again; what stays unknown is cut above the last frame that can be vouched for.
 * A frame that was only guessed (RAW_GUESSED) is measured by the edges, and teaches none.
 * What C calls (RAW_ENTRY) teaches, and is measured only if it was guessed: C may call anything.
 * Bounded: a fixed table, old sites make room.
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
/* Learns one edge beyond doubt. */
void edges_trust_one(struct edges *e, const struct raw_frame *caller, uint32_t code);
/* Learns all edges of a stack that is true beyond doubt: its thread stood still. */
void edges_trust(struct edges *e, const struct walk_thread *t, uint32_t epoch);

#endif
