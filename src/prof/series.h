/*
 * series.h - who a sample belongs to: one series per process incarnation (host, pid and
 * start time), its labels, its threads and what happened to it.
 */
#ifndef PROF_SERIES_H
#define PROF_SERIES_H

#include "prof/chunk.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Keys that pystrobe sets itself: host service pid start command python build container
 * rate; anything else came from --label. */
struct label {
	char *key, *value;
};

struct series {
	series_id id; /* handed out by whoever owns the recording, from 1 */
	pid_t pid;
	int64_t start_ns;     /* wall clock: when the process began */
	struct label *labels; /* sorted by key */
	size_t n_labels, cap_labels;
};

void series_release(struct series *s);
/* Copies; an existing key is replaced. */
void series_label(struct series *s, const char *key, const char *value);
/* The value of a label, or NULL. Borrowed. */
const char *series_get(const struct series *s, const char *key);

/* Written when first seen and again when the name changes. */
struct thread_info {
	series_id series;
	thread_id thread;
	pid_t tid; /* kernel thread id in pystrobe's pid namespace; 0 not known */
	bool is_main;
	int64_t since_ns; /* wall clock: this name holds from here on */
	char name[128];   /* threading's, else the kernel's; "" not known */
};

enum event_kind {
	EVENT_ATTACH,
	EVENT_DETACH,
	EVENT_START, /* a child of a followed process began */
	EVENT_EXIT,
	EVENT_EXEC,
	EVENT_LOST, /* data that could not be kept: text says how much and why */
};

struct event {
	series_id series;
	int64_t time_ns;
	enum event_kind kind;
	char text[192];
};

/* "attach", "exit" */
const char *event_word(enum event_kind kind);

#endif
