#ifndef TROUPE_CIMAGES_H
#define TROUPE_CIMAGES_H
#endif
