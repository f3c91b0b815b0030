/* merge.c - see merge.h */
#include "native/merge.h"

/* How many frames, from python[left - 1] towards the root, one loop runs. */
static size_t frames_of_loop(
	const struct raw_frame *python, size_t left, enum merge_rule rule)
{
	size_t n = 0;

	while (n < left) {
		n++;
		if (rule == MERGE_ONE_EACH || (python[left - n].flags & RAW_ENTRY))
			break;
	}
	return n;
}

static void reverse(struct merged_frame *v, size_t n)
{
	size_t i;

	for (i = 0; i < n / 2; i++) {
		struct merged_frame swap = v[i];

		v[i] = v[n - 1 - i];
		v[n - 1 - i] = swap;
	}
}

static size_t python_alone(struct merged_frame *out, size_t n_python)
{
	size_t i;

	for (i = 0; i < n_python; i++)
		out[i] = (struct merged_frame){ true, (uint32_t)i };
	return n_python;
}

static size_t count_loops(const struct native_step *native, size_t n)
{
	size_t loops = 0, i;

	for (i = 0; i < n; i++)
		loops += native[i].kind == NATIVE_EVAL;
	return loops;
}

static size_t count_groups(const struct raw_frame *python, size_t n, enum merge_rule rule)
{
	size_t groups = 0;

	for (; n; groups++)
		n -= frames_of_loop(python, n, rule);
	return groups;
}

void merge_mark_loops(const struct raw_frame *python, size_t n_python,
	struct native_step *native, size_t n_native)
{
	size_t at = 0, left;

	for (left = n_python; left-- > 0;) {
		uint64_t entry = python[left].entry_addr;

		if (!entry)
			continue;
		while (at + 1 < n_native && native[at + 1].sp <= entry)
			at++;
		if (at + 1 < n_native && native[at].sp <= entry)
			native[at].kind = NATIVE_EVAL;
	}
}

size_t merge_stacks(const struct raw_frame *python, size_t n_python,
	const struct native_step *native, size_t n_native, bool complete,
	enum merge_rule rule, struct merged_frame *out, bool *sound)
{
	size_t loops = count_loops(native, n_native);
	size_t groups = count_groups(python, n_python, rule);
	/* The leaf's loop may have left its last frame, or not yet begun its first. */
	bool leaf_is_empty = loops == groups + 1;
	size_t left = n_python, n = 0, i, k, take;

	*sound = loops == groups || leaf_is_empty || (!complete && loops < groups);
	if (!*sound)
		return python_alone(out, n_python);
	for (i = 0; i < n_native; i++) {
		if (native[i].kind == NATIVE_CODE)
			out[n++] = (struct merged_frame){ false, (uint32_t)i };
		if (native[i].kind != NATIVE_EVAL)
			continue;
		take = leaf_is_empty ? 0 : frames_of_loop(python, left, rule);
		leaf_is_empty = false;
		for (k = 0; k < take; k++)
			out[n++] = (struct merged_frame){ true, (uint32_t)(--left) };
	}
	while (left)
		out[n++] = (struct merged_frame){ true, (uint32_t)(--left) };
	reverse(out, n);
	return n;
}
