/*
 * schema.h - what is on disk.
 *
 *	DIR/FORMAT   "pystrobe-store 3": written first, read before anything else
 *	DIR/owner    locked (flock) by the process that writes; its pid and address
 *	DIR/...      a RocksDB database with the column families below
 *
 * Time is cut into blocks, numbered from 1: a day of one session of one writer, or less.
 * A block has its own symbols (ids from 0) and its own records of series and threads, so
 * that it can be dropped as a whole, and no id is used that the block does not define.
 * Every key is written once and begins with the block, big-endian:
 *
 *	meta  block 'B' seq:2                      from, until of the block; the last counts
 *	      block 'S' series:4                   labels
 *	      block 'T' series:4 thread:4 seq:6    name of a thread from a time on
 *	      block 'E' time:8 seq:6               event
 *	      block 'R'                            the samples were dropped, roll-ups stay
 *	sym   block seq:6                          symbols and leaves new in this second
 *	raw   block series:4 time:8 seq:6          a chunk, within 10 s, ticks in order
 *	agg   block level:1 series:4 bucket:8 seq:6   sums of a bucket
 *	line  block level:1 series:4 bucket:8 seq:6   point of a bucket
 *
 * Chunks and sums name stacks by leaf number: 1 for the first stack of the block that a
 * sample had as its whole, 2 for the next. Most stacks are only the way to another one,
 * and what comes often comes early: numbers are small, which is worth 0.1 bytes a sample.
 *
 * time is the first tick with its sign bit turned, so that order holds before 1970 too;
 * seq is commit:4 piece:2, so that a clock that steps back overwrites nothing. Levels are
 * 10 s, 5 min, 1 h and 1 day. A bucket of agg that is there is complete for its block;
 * one that is not is answered from the level below (where sums would not be a quarter
 * of what they sum up, none is written). Series 0 is all series of the block, its sums say
 * thread 0: what a picture of everything is made of does not grow with processes and
 * threads, only with stacks. Data that comes when its bucket has been closed
 * goes to a further key of every level that is there, in the same batch.
 *
 * Format 1 had no sums of series 0. It is read as it is, all its answers come from the
 * levels below; store_compact adds the sums. Format 2 had no columns in frames. Who writes
 * makes it the newest.
 *
 * A value ends in 4 bytes: the low half of XXH3 of key and value. RocksDB checks what it
 * reads from disk; this one is ours from the encoder to the decoder.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "base/clock.h"

#include <stdint.h>

enum { STORE_FORMAT = 3 };

enum family { CF_DEFAULT, CF_META, CF_SYM, CF_RAW, CF_AGG, CF_LINE, CF_COUNT };

/* Sums of all series are kept from this level on. */
enum { N_LEVELS = 4, MERGED_LEVEL = 1, KEY_MAX = 32 };

static const int64_t level_ns[N_LEVELS] = {
	10 * NS_PER_SEC,
	300 * NS_PER_SEC,
	3600 * NS_PER_SEC,
	86400 * NS_PER_SEC,
};

/* Start of the bucket that an instant is in; floors before 1970 too. */
static inline int64_t bucket_of(int64_t ns, int64_t width)
{
	int64_t rest = ns % width;

	return ns - rest - (rest < 0 ? width : 0);
}

#endif
