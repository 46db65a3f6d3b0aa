// The functions of libvips once it is open, and what is made of them.
#ifndef TROUPE_VIPS_H
#define TROUPE_VIPS_H

#include "CImages.h"
#include "VipsTypes.h"

#include "VipsFunctions.h"

struct troupe_vips {
#define MEMBER(result, name, parameters) result(*name) parameters;
  TROUPE_VIPS_FUNCTIONS(MEMBER)
#undef MEMBER
  // zlib comes with libvips; `uncompress` is all that compressed texts in PNG need.
  int (*uncompress)(unsigned char *, unsigned long *, const unsigned char *, unsigned long);
};

extern struct troupe_vips troupe_vips;
extern troupe_images troupe_images_table;

#endif
