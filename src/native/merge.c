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

size_t merge_stacks(const struct raw_frame *python, size_t n_python,
	const struct native_frame *const *native, size_t n_native, bool complete,
	enum merge_rule rule, struct merged_frame *out, bool *sound)
{
	size_t left = n_python, n = 0, i, k;
	unsigned empty_loops = 0;

	for (i = 0; i < n_native; i++) {
		size_t take;

		if (native[i]->kind == NATIVE_CODE)
			out[n++] = (struct merged_frame){ false, (uint32_t)i };
		if (native[i]->kind != NATIVE_EVAL)
			continue;
		take = frames_of_loop(python, left, rule);
		for (k = 0; k < take; k++)
			out[n++] = (struct merged_frame){ true, (uint32_t)(--left) };
		/* The leaf's loop may have left its last frame, or not begun its first. */
		if (!take)
			empty_loops++;
	}
	*sound = empty_loops <= 1 && (left == 0 || !complete);
	if (!*sound)
		return python_alone(out, n_python);
	while (left)
		out[n++] = (struct merged_frame){ true, (uint32_t)(--left) };
	reverse(out, n);
	return n;
}
