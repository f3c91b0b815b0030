/*
 * image_file.h - the file behind an image, through libelf; private to elf/.
 *
 * Read with pread into memory of our own, never mapped: a file that is cut short under us must not raise SIGBUS.
 */
#ifndef ELF_IMAGE_FILE_H
#define ELF_IMAGE_FILE_H

#include "base/err.h"
#include "elf/image.h"

/* Opens the file that is mapped; NULL and err when it cannot be had. */
struct image_file *image_file_open(const struct image *img, struct err *err);
void image_file_close(struct image_file *file);

#endif
