// The C++ half of CTorch: see CTorch.h for the table that this library fills in.
#include "CTorch.h"
