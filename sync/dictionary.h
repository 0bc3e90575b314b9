/* dictionary: the zstd dictionary every stream starts from, shipped with the
 * program (tools/train-dictionary.sh makes it; docs/protocol.md names it). */

#ifndef YIZHAN_SYNC_DICTIONARY_H
#define YIZHAN_SYNC_DICTIONARY_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t sync_dictionary[];
extern const size_t sync_dictionary_bytes;

#endif
